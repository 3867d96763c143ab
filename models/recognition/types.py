"""The contracts of recognition: a reader of whole pages, and a recogniser of single lines.

tests/networks/test_recogniser_contract.py holds every engine that runs on a machine to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from models.arrays import ImageU8
from models.document import PageImage, PageLines
from models.options import ReadOptions


class PageReader(Protocol):
    """Reads a page image into regions, one per text line, in any order.

    It lives in one reader process, which serves nothing but pages: `warm_up` and `read` may block for seconds. Both
    are called from one thread, so that a reader need not be thread-safe. It computes on one core, loads its models
    once, and keeps nothing of a page after the call: memory stays flat over thousands of pages. The caller limits
    time and memory from outside, by ending the process.
    """

    wants_grey: bool
    """Whether pages should come as grey, (H, W), instead of RGB, (H, W, 3)."""

    def warm_up(self, options: ReadOptions) -> None:
        """Load what these options need.

        Raises:
            WeightsMissing: A network is not on this machine.
            LanguageMissing: An engine has no data for the languages.
        """

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        """Return the page's lines, in pixels of `image`. A blank page returns none: blank is not an error.

        Confidences are the engines' own, in [0, 1]; `confidence.py` calibrates them.

        Raises:
            PageTooLarge: The page has more pixels a side than the engine can address.
            ModelError: The reader cannot read with these options, or failed on this page.
        """

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        """Return the names of the models in use, under detector, printed and handwritten."""


@dataclass(frozen=True, slots=True)
class LineReading:
    """One recognised line.

    Attributes:
        text: The text; empty where there is nothing to read, which is not an error.
        confidence: In [0, 1], the engine's own scale, not calibrated.
        positions: The middle of each character of `text` as a fraction of the line's width, ascending in [0, 1];
            empty where the engine does not know. Leaders that were added behind the line are beyond 1.
        confidences: Of each character of `text`, on the same scale; empty where the engine does not know.
    """

    text: str
    confidence: float
    positions: tuple[float, ...] = ()
    confidences: tuple[float, ...] = ()


class LineRecogniser(Protocol):
    """Reads single lines, many in one call.

    It lives in one reader process, is called from one thread, and need not be thread-safe. `recognise` blocks until
    all lines are read: it computes on one core, or on the device that it was loaded onto.
    """

    name: str
    """The network's name, as records carry it under `models`."""

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return the reading of each line, in their order.

        Args:
            lines: Any number of upright line crops, each (H, W) grey or (H, W, 3) RGB, H and W at least 1, of any
                sizes. They may be views into a page: they are not written to.

        A line's text does not depend on the other lines nor on their order, and is the same for grey and for RGB of
        the same greys; its confidence may differ in the fourth decimal. Paper without ink is read as an empty text.

        Raises:
            ModelError: The network cannot be run.
        """
