"""The order in which a person reads the lines of a page, and the text that makes.

Recursive XY-cut (Nagy & Seth 1984): a page is cut where a band of white crosses all of it, columns before rows
where the gutter is wide enough, until nothing can be cut; what is left is read row by row.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from models.document import Region
from models.layout.geometry import Box, bounds, same_row

# A gutter between columns is wider than the gap between words of a row: at least this many line heights.
_GUTTER_HEIGHTS = 1.2
# A column has lines of its own: fewer on either side, and the gap is one of a table row or a form.
_COLUMN_LINES = 3
_UPENDED, _UPENDED_LETTERS = 2.0, 3  # times as high as wide, with more than a letter or two


def in_reading_order(regions: Sequence[Region], rotation: float = 0.0) -> list[Region]:
    """Return the regions in reading order; nothing is added or lost.

    Args:
        rotation: By how many degrees the page's text is turned clockwise: rows are rows as they are read.

    What runs along the page's edge, up or down, comes last.
    """
    boxes = deskewed_boxes(regions, rotation)
    upended = [_is_upended(box, region.text) for box, region in zip(boxes, regions, strict=True)]
    level = [index for index, is_upended in enumerate(upended) if not is_upended]
    edges = [index for index, is_upended in enumerate(upended) if is_upended]
    return [regions[index] for index in [*_ordered(level, boxes), *edges]]


def page_text(regions: Sequence[Region], rotation: float = 0.0) -> str:
    """Return the text of regions in reading order: regions of one row joined by a space, rows by a newline."""
    rows: list[list[str]] = []
    before: Box | None = None
    for region, box in zip(regions, deskewed_boxes(regions, rotation), strict=True):
        if not region.text:
            continue
        if before is not None and _continues(before, box):
            rows[-1].append(region.text)
        else:
            rows.append([region.text])
        before = box
    return "\n".join(" ".join(row) for row in rows)


def deskewed_boxes(regions: Sequence[Region], rotation: float) -> list[Box]:
    """Return the boxes that the regions have once the page is turned back.

    A line that slopes still, on a page that is warped, is as high as it is at one place: its whole box would reach
    into the rows above and below.
    """
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    return [_box_of_line([(x * cos + y * sin, y * cos - x * sin) for x, y in region.polygon]) for region in regions]


def _box_of_line(corners: Sequence[tuple[float, float]]) -> Box:
    x0, y0, x1, y1 = bounds(tuple(corners))
    if len(corners) == 4 and x1 - x0 > y1 - y0:
        one, other = sorted(((corners[0][1] + corners[1][1]) / 2, (corners[2][1] + corners[3][1]) / 2))
        y0, y1 = (one, other) if other - one > 0.25 * (y1 - y0) else (y0, y1)
    return x0, y0, x1, y1


def _is_upended(box: Box, text: str) -> bool:
    return box[3] - box[1] > _UPENDED * (box[2] - box[0]) and len(text) >= _UPENDED_LETTERS


def _continues(left: Box, right: Box) -> bool:
    return right[0] >= left[2] - 0.5 * (left[3] - left[1]) and same_row(left, right)


def _ordered(indices: list[int], boxes: Sequence[Box]) -> list[int]:
    if len(indices) < 2:
        return indices
    heights = sorted(boxes[i][3] - boxes[i][1] for i in indices)
    line_height = heights[len(heights) // 2]
    columns = _cut(indices, boxes, axis=0, gap=_GUTTER_HEIGHTS * line_height)
    if len(columns) > 1 and min(map(len, columns)) >= _COLUMN_LINES:
        return [index for column in columns for index in _ordered(column, boxes)]
    bands = _cut(indices, boxes, axis=1, gap=0.0)
    if len(bands) > 1:
        merged = _merge_single_rows(bands, boxes)
        if len(merged) > 1:
            return [index for band in merged for index in _ordered(band, boxes)]
    return _row_by_row(indices, boxes)


def _cut(indices: list[int], boxes: Sequence[Box], axis: int, gap: float) -> list[list[int]]:
    """Return the groups that white bands wider than `gap` across the axis leave, in ascending order."""
    groups: list[list[int]] = []
    end = float("-inf")
    for index in sorted(indices, key=lambda i: boxes[i][axis]):
        if groups and boxes[index][axis] - end <= gap:
            groups[-1].append(index)
        else:
            groups.append([index])
        end = max(end, boxes[index][axis + 2])
    return groups


def _merge_single_rows(bands: list[list[int]], boxes: Sequence[Box]) -> list[list[int]]:
    """Join bands between which no wide white lies, so that columns of aligned rows stay together.

    Only a gap well above the usual one separates blocks; a page whose rows are evenly spaced is one block.
    """
    gaps = [
        min(boxes[i][1] for i in after) - max(boxes[i][3] for i in before)
        for before, after in itertools.pairwise(bands)
    ]
    usual = sorted(gaps)[len(gaps) // 2]
    merged = [list(bands[0])]
    for gap, band in zip(gaps, bands[1:], strict=True):
        if gap > 2.0 * usual + 2.0:
            merged.append(list(band))
        else:
            merged[-1].extend(band)
    return merged


def _row_by_row(indices: list[int], boxes: Sequence[Box]) -> list[int]:
    rows: list[list[int]] = []
    for index in sorted(indices, key=lambda i: (boxes[i][1] + boxes[i][3]) / 2):
        if rows and same_row(boxes[rows[-1][0]], boxes[index]):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda i: boxes[i][0])]
