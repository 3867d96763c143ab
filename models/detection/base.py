"""The interfaces of text detection: finding boxes of text, and lines whose kinds are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.document import Kind, PageImage, Polygon

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text: its corners, (4, 2) float32 page pixels clockwise from top-left, and its score in [0, 1].

    `descriptor` is what DBNet's network saw there: mean and spread of its features, (192,) float32. Kinds of lines
    are told by it, whoever found the line.
    """

    corners: Floats
    score: float
    descriptor: Floats


@dataclass(frozen=True, slots=True)
class SignatureBox:
    """A signature: its corners, (4, 2) float32 page pixels clockwise from top-left, and its score in [0, 1]."""

    corners: Floats
    score: float


class TextDetector(Protocol):
    """Finds the text lines of a page for the reading path. One process, one thread, models loaded once."""

    @property
    def name(self) -> str:
        """What the page-text record calls it."""

    def detect(self, pixels: Pixels) -> list[TextBox]:
        """Return the lines of a page, (H, W, 3) uint8 RGB or (H, W) grey, in no particular order.

        A blank page has none: blank is not an error.

        Raises:
            PageTooLarge: The networks need more memory for this page than there is.
        """


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
