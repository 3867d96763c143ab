"""The straight lines that a PDF page draws: what rules its tables."""

from __future__ import annotations

from typing import Any

import pymupdf

from models.document import Polygon

_MAX_PATHS = 1500  # of a page: with more it is a drawing, and to list them takes longer than to read the text
_MIN_PATHS = 2
_MIN_LENGTH_POINTS = 8
_MAX_THICKNESS_POINTS = 3
_MAX_SLOPE_POINTS = 0.5  # between the ends of a line that is level


def drawn_rules(page: Any, paths: int, scale: float) -> tuple[Polygon, ...]:
    """Return the level and upright lines of a page, both ends of each in pixels of the page as shown.

    Args:
        page: MuPDF's.
        paths: How many paths it draws.
        scale: Pixels to a point.
    """
    if not _MIN_PATHS <= paths <= _MAX_PATHS:
        return ()
    found: list[Polygon] = []
    for path in page.get_cdrawings():
        is_stroked = "s" in path["type"]
        for item in path["items"]:
            if item[0] == "l" and is_stroked:
                found.append((tuple(item[1]), tuple(item[2])))
            elif item[0] == "re":
                found += _of_box(pymupdf.Rect(item[1]), is_stroked=is_stroked)
    rotation = page.rotation_matrix
    return tuple(
        tuple((x * scale, y * scale) for x, y in (pymupdf.Point(end) * rotation for end in ends))
        for ends in found
        if _is_rule(*ends)
    )


def _of_box(box: Any, *, is_stroked: bool) -> list[Polygon]:
    """Return the line that a thin box is, or the sides of one that is stroked."""
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    if box.height <= _MAX_THICKNESS_POINTS:
        return [((box.x0, y), (box.x1, y))]
    if box.width <= _MAX_THICKNESS_POINTS:
        return [((x, box.y0), (x, box.y1))]
    if not is_stroked:
        return []
    corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
    return [(corners[number - 1], corners[number]) for number in range(4)]


def _is_rule(one: tuple[float, float], other: tuple[float, float]) -> bool:
    sides = sorted((abs(one[0] - other[0]), abs(one[1] - other[1])))
    return sides[0] <= _MAX_SLOPE_POINTS and sides[1] >= _MIN_LENGTH_POINTS
