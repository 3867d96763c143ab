"""What text detection finds, and the contract of the engines that find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.arrays import F32, ImageU8
from models.options import ReadOptions


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text: corners, (4, 2) float32 page pixels clockwise from top-left, and score, in [0, 1]."""

    corners: F32
    score: float


class TextDetector(Protocol):
    """Finds the text lines of a page: where they are, not what they hold nor who wrote them.

    Process and threads: lives in one reader process, is called from one thread, and computes on one core. The call
    blocks until the page is done (0.1 to 2 s); the event loop is in another process. A detector keeps nothing of a
    page, so that memory stays flat over thousands of pages and a page's result does not depend on those before it.

    Batch: one page in, its lines out. Pages differ too much in size to pay as a batch on one core.
    """

    @property
    def name(self) -> str:
        """The engine and its weights, as the page-text record names them."""

    def detect(self, pixels: ImageU8) -> list[TextBox]:
        """Return the lines of a page, in no particular order. A blank page has none: blank is not an error.

        Args:
            pixels: The page at any resolution and rotation, (H, W, 3) RGB or (H, W) grey uint8, H and W from 1 up.

        Returns:
            Boxes whose corners are on the page, in its pixels: 0 ≤ x ≤ W and 0 ≤ y ≤ H.

        Raises:
            PageTooLarge: The network needs more memory for this page than there is.
        """


class DetectorLoader(Protocol):
    """Makes a detector as a document's options ask for it. Networks are loaded by the first call of a process."""

    def __call__(self, options: ReadOptions, models_dir: Path | None) -> TextDetector:
        """Return the detector.

        Args:
            models_dir: Folder of the networks that no package brings; None where there is none.

        Raises:
            WeightsMissing: A network is not on this machine; the message names the command that brings it.
            ModelError: A network cannot be run.
        """


@dataclass(frozen=True, slots=True)
class PageFeatures:
    """What DBNet's network computed of a page before its head. The kinds of lines are classified from it.

    Attributes:
        fpn: Output of the feature pyramid network, (96, h, w) float32; a cell is some four pixels of a page.
        cells_per_px: Cells to a page pixel, x and y, (2,) float32.
        rois: ROI features of each line, in the order of its boxes: mean and standard deviation of the pyramid's
            channels over the line's text, (192,) float32.
    """

    fpn: F32
    cells_per_px: F32
    rois: Sequence[F32]
