"""The interfaces of reading: a whole page, and, for readers built from parts, a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from models.arrays import ImageU8
from models.document import PageImage, PageLines
from models.options import ReadOptions


class PageReader(Protocol):
    """Reads a page picture into regions, one per text line, in reading order.

    Lives in one reader process and is called from one thread; computes on one core; loads its models once. What it
    keeps of a page ends with the call, so that memory stays flat over thousands of pages.
    """

    wants_grey: bool
    """Whether pages should come as grey, (H, W), instead of RGB, (H, W, 3)."""

    def warm_up(self, options: ReadOptions) -> None:
        """Load what these options need. Raises WeightsMissing or LanguageMissing."""

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        """Return the page's lines. A blank page returns none: blank is not an error.

        Confidences are the recognisers' own; what they are worth is told by `confidence.py`.
        """

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        """Return the names of the models in use, under detector, printed and handwritten."""


@dataclass(frozen=True, slots=True)
class LineReading:
    """What a line says, how sure that is, in [0, 1], and where its characters stand.

    `positions` has the middle of each character of `text` as a share of the line's width; none where the recogniser
    does not tell.
    """

    text: str
    confidence: float
    positions: tuple[float, ...] = ()


class LineRecogniser(Protocol):
    """Reads single lines, many at a time. A line's text does not depend on the others."""

    name: str

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return what each line crop says, (H, W) or (H, W, 3) uint8, in their order."""
