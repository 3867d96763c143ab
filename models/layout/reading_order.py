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
MIN_GUTTER_HEIGHTS = 1.2
# A column has lines of its own: fewer on either side, and the gap is one of a table row or a form.
MIN_COLUMN_LINES = 3
# Text that runs up or down the page: so many times as high as wide, with more than a letter or two.
MIN_VERTICAL_ASPECT, MIN_VERTICAL_CHARACTERS = 2.0, 3
MAX_BACKWARD_HEIGHTS = 0.5  # of a line, that the next piece of its row may begin before it ends
MIN_LINE_HEIGHT = 0.25  # of a sloping line's whole box: between its edges' middles, less is no height
# Blocks are apart by more than so many times the usual gap between rows, and so many pixels.
BLOCK_GAP_RATIO, BLOCK_GAP_PX = 2.0, 2.0


def in_reading_order(regions: Sequence[Region], rotation: float = 0.0) -> list[Region]:
    """Return the regions in reading order; nothing is added or lost.

    Args:
        rotation: By how many degrees the page's text is rotated clockwise: rows are those of the deskewed page.

    What runs along the page's edge, up or down, comes last.
    """
    boxes = deskewed_boxes(regions, rotation)
    vertical = [_is_vertical(box, region.text) for box, region in zip(boxes, regions, strict=True)]
    level = [index for index, is_vertical in enumerate(vertical) if not is_vertical]
    edges = [index for index, is_vertical in enumerate(vertical) if is_vertical]
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
    """Return the boxes that the regions have once the page is deskewed.

    A line may slope still, on a page that is warped. Its box is as high as the line is at one point along it: the
    whole box would reach into the rows above and below.
    """
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    return [_box_of_line([(x * cos + y * sin, y * cos - x * sin) for x, y in region.polygon]) for region in regions]


def _box_of_line(corners: Sequence[tuple[float, float]]) -> Box:
    x0, y0, x1, y1 = bounds(tuple(corners))
    if len(corners) == 4 and x1 - x0 > y1 - y0:
        # the middles of its upper and its lower edge
        upper, lower = sorted(((corners[0][1] + corners[1][1]) / 2, (corners[2][1] + corners[3][1]) / 2))
        y0, y1 = (upper, lower) if lower - upper > MIN_LINE_HEIGHT * (y1 - y0) else (y0, y1)
    return x0, y0, x1, y1


def _is_vertical(box: Box, text: str) -> bool:
    is_high = box[3] - box[1] > MIN_VERTICAL_ASPECT * (box[2] - box[0])
    return is_high and len(text) >= MIN_VERTICAL_CHARACTERS


def _continues(left: Box, right: Box) -> bool:
    return right[0] >= left[2] - MAX_BACKWARD_HEIGHTS * (left[3] - left[1]) and same_row(left, right)


def _ordered(indices: list[int], boxes: Sequence[Box]) -> list[int]:
    """Return the boxes' numbers in reading order: cut into columns, else into bands, else read row by row."""
    if len(indices) < 2:
        return indices
    heights = sorted(boxes[i][3] - boxes[i][1] for i in indices)
    line_height = heights[len(heights) // 2]
    columns = _cut(indices, boxes, axis=0, gap=MIN_GUTTER_HEIGHTS * line_height)
    if len(columns) > 1 and min(map(len, columns)) >= MIN_COLUMN_LINES:
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
        if gap > BLOCK_GAP_RATIO * usual + BLOCK_GAP_PX:
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
