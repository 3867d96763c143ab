"""The contract of a reader that is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.document import PageReading


@dataclass(frozen=True, slots=True)
class Transcription:
    """What a reader made of a document of so many pages.

    `readings` is None for a reader that gives text alone, `joined_text` for one that leaves words split as lines
    split them.
    """

    text: str
    pages: int
    readings: tuple[PageReading, ...] | None = None
    joined_text: str | None = None


class DocumentReader(Protocol):
    """Reads whole documents, one after the other, in one thread of one process. It may block."""

    gives_boxes: bool
    """Whether it returns the box and the confidence of each line."""

    def warm_up(self) -> None:
        """Load what reading needs, so that loading is not timed. Raises ModelError."""

    def read(self, path: Path) -> Transcription:
        """Read every page. Raises InkstreamError or OSError."""
