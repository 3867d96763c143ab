"""What text detection finds, and the interface of those that find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from models.arrays import F32, ImageU8
from models.document import Polygon


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text: its corners, (4, 2) float32 page pixels clockwise from top-left, and its score in [0, 1].

    Kinds of lines are told by two things, whoever found the line: `descriptor`, what DBNet's network saw there,
    mean and spread of its features, (192,) float32; and `kinds`, the share of each of KINDS in what the map of the
    page shows there, (3,) float32 that add up to 1, or None where no map was made.
    """

    corners: F32
    score: float
    descriptor: F32
    kinds: F32 | None = None


@dataclass(frozen=True, slots=True)
class SignatureBox:
    """A signature: its corners, (4, 2) float32 page pixels clockwise from top-left, and its score in [0, 1]."""

    corners: F32
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector finds on a page: lines, and signatures, the surest first. They may overlap."""

    lines: list[TextBox]
    signatures: list[SignatureBox]


class TextDetector(Protocol):
    """Finds the text lines of a page for the reading path. One process, one thread, models loaded once."""

    @property
    def name(self) -> str:
        """What the page-text record calls it."""

    def detect(self, pixels: ImageU8) -> list[TextBox]:
        """Return the lines of a page, (H, W, 3) uint8 RGB or (H, W) grey, in no particular order.

        A blank page has none: blank is not an error.

        Raises:
            PageTooLarge: The networks need more memory for this page than there is.
        """

    def find(self, pixels: ImageU8) -> Found:
        """Return the lines as `detect` does, with their `kinds`, and the signatures. Raises PageTooLarge."""


@dataclass(frozen=True, slots=True)
class DetectedLine:
    """One line of text: polygon in page pixels, clockwise from top-left; how sure it is text, in [0, 1]."""

    polygon: Polygon
    score: float
