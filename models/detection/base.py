"""The interface of text detection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from models.document import Kind, PageImage, Polygon


@dataclass(frozen=True, slots=True)
class DetectedLine:
    """One line of text: polygon in page pixels, clockwise from top-left; scores in [0, 1].

    `score` is how sure the detector is that this is text, `kind_score` how sure it is of the kind: None from a
    detector that cannot tell, which calls everything printed.
    """

    polygon: Polygon
    score: float
    kind: Kind = "printed"
    kind_score: float | None = None


class LineDetector(Protocol):
    """Finds the text lines of a page. One process, one thread, models loaded once."""

    name: str

    def detect(self, image: PageImage) -> list[DetectedLine]:
        """Return the lines in no particular order. A blank page has none: blank is not an error."""
