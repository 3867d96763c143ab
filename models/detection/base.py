"""The interface of text detection."""

from __future__ import annotations

from typing import Protocol

from models.document import Kind, PageImage, Polygon


class LineDetector(Protocol):
    """Finds the text lines of a page. One process, one thread, models loaded once."""

    name: str

    def detect(self, image: PageImage) -> list[tuple[Polygon, Kind, float]]:
        """Return (polygon in page pixels, kind, score in [0, 1]) per line, in no particular order."""
