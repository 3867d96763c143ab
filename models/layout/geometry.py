"""Polygons and boxes in page pixels: origin top-left, x to the right, y down."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from models.arrays import F32
from models.document import Polygon

Box = tuple[float, float, float, float]


def box_polygon(box: Box, width: int, height: int) -> Polygon:
    """Return a box (x0, y0, x1, y1) as a polygon, clockwise from top-left, clipped to the page."""
    x0, x1 = (min(max(x, 0.0), float(width)) for x in (box[0], box[2]))
    y0, y1 = (min(max(y, 0.0), float(height)) for y in (box[1], box[3]))
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def corners_of(box: Box) -> Polygon:
    """Return the corners of an upright box (x0, y0, x1, y1), clockwise from top-left."""
    x0, y0, x1, y1 = box
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def from_start(polygon: Polygon, turn: int) -> Polygon:
    """Return a box's corners clockwise from where its text begins, which is rotated by quarter turns clockwise."""
    return polygon[turn % 4 :] + polygon[: turn % 4]


def scaled(box: Box, factor: float) -> Box:
    """Return a box on a page that is scaled by a factor."""
    return box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor


def clip(points: Iterable[tuple[float, float]], width: int, height: int) -> Polygon:
    """Return the points, rounded to a tenth of a pixel, none outside the page."""
    return tuple(
        (round(min(max(float(x), 0.0), width), 1), round(min(max(float(y), 0.0), height), 1)) for x, y in points
    )


def bounds(polygon: Polygon) -> Box:
    """Return the smallest upright box around a polygon."""
    xs, ys = zip(*polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def wrap_angle(degrees: float) -> float:
    """Return the same angle in (-180, 180]."""
    return 180 - (180 - degrees) % 360


def rounded_angle(degrees: float, digits: int = 2) -> float:
    """Return an angle in (-180, 180], to so many digits: a hundredth of a degree is what records state."""
    rounded = round(wrap_angle(degrees), digits)
    return 180.0 if rounded == -180 else rounded


def box_corners(box: Box) -> F32:
    """Return the corners of an upright box (x0, y0, x1, y1), (4, 2), clockwise from top-left."""
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def box_sides(corners: F32) -> tuple[float, float]:
    """Return length and height of a rotated box, (4, 2), clockwise from where its line begins."""
    return float(np.linalg.norm(corners[1] - corners[0])), float(np.linalg.norm(corners[3] - corners[0]))


def part_of(corners: F32, box: Box) -> F32:
    """Return the corners of a part of a rotated box, both (4, 2) clockwise from where its line begins.

    Args:
        box: The part, (x0, y0, x1, y1), as fractions of the box along its line and across it; it may reach beyond.
    """
    x0, y0, x1, y1 = box
    along = np.array([x0, x1, x1, x0], np.float32)[:, None]
    across = np.array([y0, y0, y1, y1], np.float32)[:, None]
    upper = corners[0] + (corners[1] - corners[0]) * along
    lower = corners[3] + (corners[2] - corners[3]) * along
    return np.asarray(upper + (lower - upper) * across, np.float32)


def clockwise(corners: F32) -> F32:
    """Return the corners clockwise from top-left, where a line is read from left to right."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, bottom_left), (top_right, bottom_right) = (
        side[np.argsort(side[:, 1], kind="stable")] for side in (by_x[:2], by_x[2:])
    )
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32)


def same_row(one: Box, other: Box, min_overlap: float = 0.5) -> bool:
    """Return whether two boxes stand on one text row.

    Args:
        min_overlap: Share of the lower one's height by which they overlap at the least.
    """
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    return overlap > min_overlap * min(one[3] - one[1], other[3] - other[1])
