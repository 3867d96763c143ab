"""Tesseract as its users call it: `pytesseract.image_to_string` at its defaults."""

from __future__ import annotations

from pathlib import Path

import pytesseract

from models.errors import ReaderFailed, WeightsMissing
from models.evaluation.readers.peer_pages import peer_pages
from models.evaluation.readers.types import Transcription


class PlainTesseract:
    """Gives text alone. It starts the tesseract program for every page."""

    gives_boxes = False

    def warm_up(self) -> None:
        """Check that the program is there. Raises WeightsMissing."""
        try:
            pytesseract.get_tesseract_version()
        except pytesseract.TesseractNotFoundError as error:
            raise WeightsMissing("there is no tesseract program: `apt-get install tesseract-ocr`") from error

    def read(self, path: Path) -> Transcription:
        """Read every page. Raises ReaderFailed for what Tesseract cannot read."""
        try:
            texts = [pytesseract.image_to_string(image) for image in peer_pages(path)]
        except RuntimeError as error:  # what TesseractError is
            raise ReaderFailed(f"tesseract: {error}") from error
        return Transcription("\n".join(texts), len(texts))
