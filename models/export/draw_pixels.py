"""Regions drawn into the pixels of a page's picture."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.export.drawing import Drawing, Shape

_FILL_OPACITY = 0.3
_PLATE_OPACITY = 0.85  # of the white behind a label
_PLATE_MARGIN = 0.15  # beside a label, of its height
_SUBPIXEL_BITS = 4
_MAX_COORDINATE = 32_000  # px: beyond it, cv2's fixed-point numbers would overflow


def draw_regions(pixels: ImageU8, drawing: Drawing) -> ImageU8:
    """Return a copy of a page's picture with regions drawn over it.

    Args:
        pixels: (height, width, 3) uint8 RGB, of any size: shapes are scaled to it.
    """
    drawn, width, options = pixels.copy(), pixels.shape[1], drawing.options
    factor = width / drawing.page_width if drawing.page_width else 1.0
    places = [_corners(shape, factor) for shape in drawing.shapes]
    line_width = options.line_width_px(width)
    for shape, corners in zip(drawing.shapes, places, strict=True):
        if options.filled:
            _fill(drawn, corners, shape.colour)
        else:
            _outline(drawn, corners, shape.colour, max(1, line_width // 2) if shape.is_word else line_width)
    labelled = [(shape, corners) for shape, corners in zip(drawing.shapes, places, strict=True) if shape.label]
    if labelled:
        _label(drawn, labelled, options.font_size_px(width))
    return drawn


def _corners(shape: Shape, factor: float) -> F32:
    corners = np.asarray(shape.polygon, np.float32).reshape(-1, 2) * np.float32(factor)
    return np.asarray(np.clip(corners, -_MAX_COORDINATE, _MAX_COORDINATE), np.float32)


def _fixed_point(corners: F32) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    return [np.rint(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)]


def _outline(drawn: ImageU8, corners: F32, colour: str, line_width: int) -> None:
    cv2.polylines(drawn, _fixed_point(corners), True, _rgb(colour), line_width, cv2.LINE_AA, _SUBPIXEL_BITS)


def _fill(drawn: ImageU8, corners: F32, colour: str) -> None:
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.ceil(corners.max(0)).astype(int) + 1
    part = drawn[y0 : max(y0, y1), x0 : max(x0, x1)]
    if part.size:
        over = part.copy()
        moved = corners - np.array([x0, y0], np.float32)
        cv2.fillPoly(over, _fixed_point(moved), _rgb(colour), cv2.LINE_AA, _SUBPIXEL_BITS)
        cv2.addWeighted(over, _FILL_OPACITY, part, 1 - _FILL_OPACITY, 0, dst=over)
        part[:] = over


def _label(drawn: ImageU8, labelled: list[tuple[Shape, F32]], font_size: int) -> None:
    """Draw each label on a white plate above its region, or in it at the page's upper edge."""
    from models.export.label_images import label_images  # it imports MuPDF

    page_height, page_width = drawn.shape[:2]
    inks = label_images([shape.label for shape, _ in labelled], font_size, page_width)
    for (shape, corners), ink in zip(labelled, inks, strict=True):
        height = ink.shape[0]
        margin = round(height * _PLATE_MARGIN)
        plate = np.pad(ink, ((0, 0), (margin, margin)))
        left, top = corners.min(0).round().astype(int).tolist()
        top = top - height if top >= height else max(0, top)
        left = max(0, min(left, page_width - plate.shape[1]))
        part = drawn[top : min(top + height, page_height), left : left + plate.shape[1]]
        if part.size:
            _blend(part, plate[: part.shape[0], : part.shape[1]], _rgb(shape.colour))


def _blend(part: ImageU8, ink: ImageU8, colour: tuple[int, int, int]) -> None:
    paper = part + (255.0 - part) * _PLATE_OPACITY
    share = ink[..., None] / 255.0
    part[:] = np.rint(paper * (1 - share) + np.array(colour, np.float64) * share)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
