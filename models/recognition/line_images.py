"""Line crops: cut out of a page, and resized to what a line recogniser takes."""

from __future__ import annotations

import math

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.layout.geometry import box_corners, box_sides

LINE_HEIGHT = 48  # pixels: the height that PP-OCR's recogniser was trained on
_MIN_WIDTH_PX = 16  # at that height
MIN_VERTICAL_RATIO = 1.5  # height to width of text that runs down or up the page
_MAX_SLANT_PX = 0.5  # a line whose ends differ less in height is cut out as it is, without resampling


def cut_line(pixels: ImageU8, corners: F32) -> ImageU8:
    """Return one line as an upright picture.

    Args:
        pixels: The page, (H, W, 3) or (H, W) uint8.
        corners: (4, 2) page pixels, clockwise from where the line begins.

    A box much higher than wide is rotated by 90° counter-clockwise, as text along a page's margin is.
    """
    width, height = (max(1, round(side)) for side in box_sides(corners))
    line = _upright(pixels, corners) if _is_level(corners) else _deskewed(pixels, corners, width, height)
    return np.rot90(line) if line.shape[0] > MIN_VERTICAL_RATIO * line.shape[1] else line


def crop_corners(corners: F32, page: tuple[int, ...]) -> F32:
    """Return where the corners of `cut_line`'s picture are on the page, (4, 2) clockwise from its top-left.

    Args:
        corners: Of the line, as for `cut_line`.
        page: Shape of the page's pixels, (H, W) or (H, W, 3).
    """
    length, height = (max(1, round(side)) for side in box_sides(corners))
    if _is_level(corners):
        rows, columns = _pixels_around(corners, page)
        corners = box_corners((columns.start, rows.start, columns.stop, rows.stop))
        length, height = columns.stop - columns.start, rows.stop - rows.start
    return np.roll(corners, -1, axis=0) if height > MIN_VERTICAL_RATIO * length else corners


def at_height(line: ImageU8, height: int, max_width: int | None = None) -> ImageU8:
    """Return a line, (H, W) or (H, W, 3) RGB, as (height, w, 3) BGR uint8, w by its proportions.

    Args:
        max_width: In pixels; lines that would be longer are squeezed. None for any width.
    """
    width = max(_MIN_WIDTH_PX, round(line.shape[1] * height / line.shape[0]))
    method = cv2.INTER_AREA if line.shape[0] > height else cv2.INTER_LINEAR
    resized = cv2.resize(line, (min(width, max_width or width), height), interpolation=method)
    colours = cv2.cvtColor(resized, cv2.COLOR_GRAY2BGR if resized.ndim == 2 else cv2.COLOR_RGB2BGR)
    return np.asarray(colours, np.uint8)


def network_input(line: ImageU8) -> F32:
    """Return a line as the network takes it: (3, 48, w) float32 in [-1, 1], w by its proportions."""
    colours = at_height(line, LINE_HEIGHT)
    return np.ascontiguousarray((colours.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1))


def _is_level(corners: F32) -> bool:
    (_, y0), (_, y1), (_, y2), (_, y3) = corners
    return bool(abs(y1 - y0) <= _MAX_SLANT_PX and abs(y3 - y2) <= _MAX_SLANT_PX)


def _upright(pixels: ImageU8, corners: F32) -> ImageU8:
    return pixels[_pixels_around(corners, pixels.shape)]


def _pixels_around(corners: F32, page: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns of a page's pixels that a level line is cut out of, at least one of each."""
    height, width = page[:2]
    x0, y0 = (max(0, math.floor(value + 0.5)) for value in corners.min(0))
    x1, y1 = (math.floor(value + 0.5) for value in corners.max(0))
    rows = slice(min(y0, height - 1), min(max(y1, y0 + 1), height))
    return rows, slice(min(x0, width - 1), min(max(x1, x0 + 1), width))


def _deskewed(pixels: ImageU8, corners: F32, width: int, height: int) -> ImageU8:
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return np.asarray(
        cv2.warpPerspective(
            pixels, cv2.getPerspectiveTransform(corners, target), (width, height),
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE,
        ), np.uint8,
    )  # fmt: skip
