"""rapidocr as its users call it: `RapidOCR()(image)` at its defaults, the lines in the order it gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.documents.images import FAULTS
from models.errors import ReaderFailed
from models.evaluation.readers.peer_pages import peer_pages
from models.evaluation.readers.types import Transcription


class PlainRapidocr:
    """Gives text alone."""

    gives_boxes = False

    def __init__(self) -> None:
        self._engine: Any = None

    def warm_up(self) -> None:
        """Load the engine, once."""
        from rapidocr import RapidOCR

        self._engine = self._engine or RapidOCR(params={"Global.log_level": "error"})

    def read(self, path: Path) -> Transcription:
        """Read every page. Raises ReaderFailed for what rapidocr cannot read."""
        from rapidocr.utils.load_image import LoadImageError

        self.warm_up()
        try:
            texts = ["\n".join(self._engine(image).txts or ()) for image in peer_pages(path)]
        except (LoadImageError, *FAULTS) as error:
            raise ReaderFailed(f"rapidocr: {error}") from error
        return Transcription("\n".join(texts), len(texts))
