"""Strokes of a pen drawn as a picture: what somebody wrote on a screen, as a page to be read."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from models.arrays import F64, ImageU8

_CSS_DPI = 96  # of the pixels that browsers count in
_SCALE = 2  # pixels of the picture for one of the screen: letters of 20 pixels become 40
_MAX_SIDE_PX = 4096
_SHIFT_BITS = 4  # coordinates of OpenCV in sixteenths of a pixel
_STEPS = 4  # straight pieces between two points


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line of a pen.

    Attributes:
        points: x, y, pressure of each; pixels of the screen from its top-left corner, and [0, 1].
        width: Of the line, at a pressure of .5, in pixels of the screen.
    """

    points: Sequence[tuple[float, float, float]]
    width: float


def strokes_picture(width: int, height: int, strokes: Sequence[Stroke]) -> bytes:
    """Return a PNG with strokes drawn black on white, twice as large as the screen, with its resolution.

    Args:
        width, height: Of the screen that was written on, in its pixels.
    """
    scale = min(_SCALE, _MAX_SIDE_PX / max(width, height))
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    canvas = np.full(shape, 255, np.uint8)
    for stroke in strokes:
        _draw(canvas, stroke, scale)
    file = io.BytesIO()
    Image.fromarray(canvas).save(file, "PNG", dpi=(_CSS_DPI * scale, _CSS_DPI * scale))
    return file.getvalue()


def _draw(canvas: ImageU8, stroke: Stroke, scale: float) -> None:
    points = _smoothed(np.asarray(stroke.points, np.float64))
    places = np.rint(points[:, :2] * scale * (1 << _SHIFT_BITS)).astype(np.int32)
    # a light touch is half as wide as a firm one is wider
    widths = np.maximum(1, np.rint(stroke.width * scale * (0.5 + points[:, 2]))).astype(int)
    if len(places) == 1:
        cv2.circle(canvas, _pair(places[0]), int(widths[0]) << (_SHIFT_BITS - 1), 0, -1, cv2.LINE_AA, _SHIFT_BITS)
    for first, second, thickness in zip(places[:-1], places[1:], widths[1:], strict=True):
        cv2.line(canvas, _pair(first), _pair(second), 0, int(thickness), cv2.LINE_AA, _SHIFT_BITS)


def _pair(place: F64) -> tuple[int, int]:
    return int(place[0]), int(place[1])


def _smoothed(points: F64) -> F64:
    """Return points with some more between each two, on Catmull-Rom curves: (n, 3) to (4n - 3, 3) float64.

    A screen reports 60 points a second: quick letters of straight pieces would have corners.
    """
    if len(points) < 3:
        return points
    ends = np.concatenate([points[:1], points, points[-1:]])
    before, first, second, behind = ends[:-3], ends[1:-2], ends[2:-1], ends[3:]
    at = np.arange(_STEPS)[:, None, None] / _STEPS
    curve = 0.5 * (
        2 * first
        + (second - before) * at
        + (2 * before - 5 * first + 4 * second - behind) * at**2
        + (3 * first - before - 3 * second + behind) * at**3
    )
    return np.concatenate([curve.transpose(1, 0, 2).reshape(-1, 3), points[-1:]])
