"""The coordinate frames of a page, as types that the type checker does not let mix.

All are in pixels, origin top-left, x to the right, y down; (0, 0) is the outer corner of the page, not the middle
of its first pixel. Each frame is made from the one before it:

    DeliveredFrame    the page image as the document gives it; records hold coordinates of this frame
    UprightFrame      rotated and deskewed: lines of text are horizontal
    PreparedFrame     cleaned, and enlarged where letters are small: what Tesseract is given
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from models.arrays import F64

Matrix = F64
"""An affine map of the plane, (3, 3), homogeneous."""


class DeliveredFrame:
    """Pixels of the page image as delivered."""


class UprightFrame:
    """Pixels of the page whose text is upright."""


class PreparedFrame:
    """Pixels of the page as a reader of whole pages is given it."""


Frame = TypeVar("Frame")
Original = TypeVar("Original")
Derived = TypeVar("Derived")
Next = TypeVar("Next")


class Points(Generic[Frame]):
    """Points of one frame; `xy` is (n, 2) float64."""

    __slots__ = ("xy",)

    def __init__(self, xy: npt.ArrayLike) -> None:
        self.xy: Final[F64] = np.asarray(xy, np.float64).reshape(-1, 2)


@dataclass(frozen=True)  # no slots: with them Python 3.11 cannot call FrameTransform[…](…)
class FrameTransform(Generic[Original, Derived]):
    """How the pixels of one frame lie in the frame that it was made from.

    Attributes:
        matrix: Takes coordinates of the derived frame to those of the original one.
    """

    matrix: Matrix

    def to_original(self, points: Points[Derived]) -> Points[Original]:
        return Points(_mapped(points.xy, self.matrix))

    def from_original(self, points: Points[Original]) -> Points[Derived]:
        return Points(_mapped(points.xy, np.asarray(np.linalg.inv(self.matrix), np.float64)))

    def then(self, further: FrameTransform[Derived, Next]) -> FrameTransform[Original, Next]:
        """Return the transform of a frame that was made from the derived one."""
        return FrameTransform(self.matrix @ further.matrix)


def _mapped(xy: F64, matrix: Matrix) -> F64:
    return np.asarray(xy @ matrix[:2, :2].T + matrix[:2, 2], np.float64)
