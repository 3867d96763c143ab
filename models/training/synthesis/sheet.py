"""A page being drawn, with a map of the kind of ink at each pixel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.detection.types import TextBox
from models.document import Kind
from models.kinds.model import KINDS

_MIN_COVERAGE = 0.35  # a pixel with less ink is a stroke's edge and gets no label
_MIN_INK_PX = 12  # in a box: fewer pixels of ink are dirt
_MIN_MAJORITY = 0.65  # of a box's ink: a box half of print and half of handwriting has no label


class Sheet:
    """Paper, (H, W, 3) float32 RGB in [0, 1], and `ink`, (H, W) uint8: 0 is none, i is KINDS[i - 1]."""

    def __init__(self, paper: F32) -> None:
        """Begin on a sheet of paper, which is drawn upon in place."""
        self.paper = paper
        self.ink = np.zeros(paper.shape[:2], np.uint8)

    @property
    def size(self) -> tuple[int, int]:
        """Return height and width in pixels."""
        return int(self.paper.shape[0]), int(self.paper.shape[1])

    def stamp(self, coverage: F32, x: int, y: int, colour: Sequence[float], kind: Kind | None) -> None:
        """Add ink to the paper, its top-left corner at (x, y); what is beyond the edges is cut off.

        Args:
            coverage: How much of each pixel is ink, (h, w) in [0, 1].
            colour: RGB in [0, 1].
            kind: None for rules and dirt, which are of no kind.
        """
        height, width = self.size
        top, left = max(0, -y), max(0, -x)
        coverage = coverage[top : max(top, height - y), left : max(left, width - x)]
        if not coverage.size:
            return
        window = np.s_[y + top : y + top + coverage.shape[0], x + left : x + left + coverage.shape[1]]
        amount = coverage[..., None]
        self.paper[window] = self.paper[window] * (1 - amount) + np.asarray(colour, np.float32) * amount
        if kind is not None:
            self.ink[window][coverage > _MIN_COVERAGE] = KINDS.index(kind) + 1


def kinds_of_boxes(ink: ImageU8, boxes: Sequence[TextBox]) -> list[Kind | None]:
    """Return the kind of most of the ink in each box, None where there is hardly any or no clear majority."""
    return [_majority(ink, box.corners) for box in boxes]


def _majority(ink: ImageU8, corners: F32) -> Kind | None:
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.ceil(corners.max(0)).astype(int) + 1
    window = ink[y0:y1, x0:x1]
    inside = np.zeros(window.shape, np.uint8)
    cv2.fillPoly(inside, [(corners - (x0, y0)).astype(np.int32)], 1)
    counts = np.bincount(window[inside > 0], minlength=len(KINDS) + 1)[1:]
    if counts.sum() < _MIN_INK_PX or counts.max() < _MIN_MAJORITY * counts.sum():
        return None
    return KINDS[int(counts.argmax())]
