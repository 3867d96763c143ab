"""Our pipeline, as `inkstream read` and the workers run it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from models.document import PageReading
from models.documents.attachments import attached_files
from models.documents.files import inspect
from models.evaluation.readers.types import Transcription
from models.options import ReadOptions
from models.pipeline import PagePipeline

_MAX_ATTACHED_BYTES = 64 * 1024 * 1024


class PipelineReader:
    """Reads with the options given; the page texts are joined by line breaks."""

    gives_boxes = True

    def __init__(self, options: ReadOptions, models_dir: Path | None) -> None:
        self._options = options
        self._passwords = [options.password] if options.password else []
        self._pipeline = PagePipeline(models_dir=models_dir)

    def warm_up(self) -> None:
        """Load the networks that the options name."""
        self._pipeline.warm_up(self._options)

    def read(self, path: Path) -> Transcription:
        """Read every page, and what is attached to a portfolio behind them. Raises InkstreamError or OSError."""
        readings: list[PageReading] = []
        try:
            with tempfile.TemporaryDirectory(prefix="inkstream-evaluate-") as folder:
                for document in self._with_attached(path, Path(folder)):
                    pages = inspect(document, self._passwords).total_pages
                    readings += [self._pipeline.transcribe(document, page, self._options) for page in range(pages)]
        finally:
            self._pipeline.close()
        joined = "\n".join(paragraph.text for reading in readings for paragraph in reading.paragraphs)
        return Transcription(
            "\n".join(reading.text for reading in readings), len(readings), tuple(readings), joined
        )

    def _with_attached(self, path: Path, folder: Path) -> Iterator[Path]:
        """Yield a document, and what is attached to it as files in a folder."""
        yield path
        attached = attached_files(path, self._passwords, self._options.attachments, _MAX_ATTACHED_BYTES)
        for number, file in enumerate(attached.files):
            copy = folder / f"{number}{Path(file.name).suffix}"
            copy.write_bytes(file.content)
            yield copy
