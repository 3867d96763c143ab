"""Our pipeline, as `inkstream read` and the workers run it."""

from __future__ import annotations

from pathlib import Path

from models.documents.files import inspect
from models.evaluation.readers.types import Transcription
from models.options import ReadOptions
from models.pipeline import PagePipeline


class PipelineReader:
    """Reads with the options given; the page texts are joined by line breaks."""

    gives_boxes = True

    def __init__(self, options: ReadOptions, models_dir: Path | None) -> None:
        self._options = options
        self._pipeline = PagePipeline(models_dir=models_dir)

    def warm_up(self) -> None:
        """Load the networks that the options name."""
        self._pipeline.warm_up(self._options)

    def read(self, path: Path) -> Transcription:
        """Read every page. Raises InkstreamError or OSError."""
        pages = inspect(path, [self._options.password] if self._options.password else []).total_pages
        try:
            readings = tuple(self._pipeline.transcribe(path, pagenum, self._options) for pagenum in range(pages))
        finally:
            self._pipeline.close()
        joined = "\n".join(paragraph.text for reading in readings for paragraph in reading.paragraphs)
        return Transcription("\n".join(reading.text for reading in readings), pages, readings, joined)
