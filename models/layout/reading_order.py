"""The order in which a person reads the lines of a page, and the text that makes.

Neighbours on a row are joined, but for those that belong to different columns (columns.py). The rows are put in
order after Breuel (2003), "High Performance Document Layout Analysis": what stands above comes first where two rows
share some width; what stands to the left comes first where they share none and no row between them spans both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from models.arrays import F64, Mask
from models.document import Polygon, Region
from models.layout.columns import column_breaks
from models.layout.geometry import Box, bounds, same_row
from models.layout.margins import line_numbers
from models.layout.rows import joined_rows, row_neighbours

# Text that runs up or down the page: so many times as high as wide, with more than a letter or two.
MIN_VERTICAL_ASPECT, MIN_VERTICAL_CHARACTERS = 2.0, 3
MAX_BACKWARD_HEIGHTS = 1.0  # of a line, that the next piece of its row may begin before it ends
MIN_LINE_HEIGHT = 0.25  # of a sloping line's whole box: between its edges' middles, less is no height
MIN_ROW_OVERLAP = 0.5  # of the lower of two blocks: less, and one stands under the other
MIN_SHARED_WIDTH = 0.1  # of the narrower of two rows, and of a line height: less is no shared width


def in_reading_order(regions: Sequence[Region], rotation: float = 0.0) -> list[Region]:
    """Return the regions in reading order; nothing is added or lost.

    Args:
        rotation: By how many degrees the page's text is rotated clockwise: rows are those of the deskewed page.

    What runs up or down the page comes last, and so do line numbers. Lines that are rotated against the page by a
    quarter turn, and whose polygons begin where they do, are a part of their own, ordered as if they were upright.
    """
    return [region for row in reading_rows(regions, rotation) for region in row]


def reading_rows(regions: Sequence[Region], rotation: float = 0.0) -> list[list[Region]]:
    """Return the regions in reading order, those that are read as one row together."""
    turns = quarter_turns(regions, rotation)
    parts = [[region for region, one in zip(regions, turns, strict=True) if one == turn] for turn in range(4)]
    return [row for turn, part in enumerate(parts) if part for row in _part_rows(part, rotation + 90 * turn)]


def quarter_turns(regions: Sequence[Region], rotation: float = 0.0) -> list[int]:
    """Return by how many quarter turns clockwise, 0 to 3, each region is rotated against its page's text."""
    return [_quarter_turn(region.polygon, rotation) for region in regions]


def _quarter_turn(polygon: Polygon, rotation: float) -> int:
    """Return the quarter turns of a polygon that is clockwise from where its line begins."""
    if len(polygon) != 4:
        return 0
    (x0, y0), (x1, y1) = polygon[:2]
    return round((math.degrees(math.atan2(y1 - y0, x1 - x0)) - rotation) / 90) % 4


def _part_rows(regions: Sequence[Region], rotation: float) -> list[list[Region]]:
    """Return regions that are rotated alike, row by row."""
    boxes, texts = deskewed_boxes(regions, rotation), [region.text for region in regions]
    aside = line_numbers(boxes, texts)
    aside |= {index for index, (box, text) in enumerate(zip(boxes, texts, strict=True)) if _is_vertical(box, text)}
    level = [index for index in range(len(regions)) if index not in aside]
    rows = [[index] for index in range(len(regions)) if index in aside]
    if level:
        found = _ordered_rows(np.array([boxes[index] for index in level]), [texts[index] for index in level])
        rows = [[level[number] for number in row] for row in found] + rows
    return [[regions[index] for index in row] for row in rows]


def page_text(regions: Sequence[Region], rotation: float = 0.0) -> str:
    """Return the text of regions in reading order: regions of one row joined by a space, rows by a newline."""
    return "\n".join(row_texts(regions, rotation))


def row_texts(regions: Sequence[Region], rotation: float = 0.0) -> list[str]:
    """Return the text of regions in reading order row by row; regions of one row are joined by a space."""
    with_text = [region for region in regions if region.text]
    rows = rows_of(upright_boxes(with_text, rotation), quarter_turns(with_text, rotation))
    return [" ".join(with_text[number].text for number in row) for row in rows]


def rows_of(boxes: Sequence[Box], turns: Sequence[int]) -> list[list[int]]:
    """Return the numbers of upright boxes, in reading order, row by row; `turns` are the quarter turns of each."""
    rows: list[list[int]] = []
    for number, box in enumerate(boxes):
        if number and turns[number] == turns[number - 1] and _continues(boxes[number - 1], box):
            rows[-1].append(number)
        else:
            rows.append([number])
    return rows


def upright_boxes(regions: Sequence[Region], rotation: float) -> list[Box]:
    """Return the boxes that the regions have once the page is rotated so that their own text is upright."""
    turns = quarter_turns(regions, rotation)
    found = {turn: deskewed_boxes(regions, rotation + 90 * turn) for turn in set(turns)}
    return [found[turn][number] for number, turn in enumerate(turns)]


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


def _ordered_rows(boxes: F64, texts: Sequence[str]) -> list[list[int]]:
    """Return the pieces' numbers row by row, in reading order."""
    pairs = row_neighbours(boxes)
    breaks = column_breaks(boxes, texts, pairs)
    rows = joined_rows(boxes, [pair for pair in pairs if pair not in breaks])
    outlines = np.array([_row_outline(boxes[row]) for row in rows])
    blocks = _blocks(outlines)
    order = _ordered_blocks(np.array([_block_outline(outlines[block]) for block in blocks]), [*map(len, blocks)])
    return [rows[number] for block in order for number in blocks[block]]


def _row_outline(boxes: F64) -> list[float]:
    """Return the box of a row: all of its width, and the usual height of its pieces."""
    top, bottom = np.median(boxes[:, [1, 3]], axis=0)
    return [float(boxes[:, 0].min()), float(top), float(boxes[:, 2].max()), float(bottom)]


def _block_outline(rows: F64) -> list[float]:
    """Return the box around rows."""
    return [*rows[:, :2].min(axis=0).tolist(), *rows[:, 2:].max(axis=0).tolist()]


def _shares_width(boxes: F64) -> Mask:
    """Return which boxes share some width with which, (n, n)."""
    x0, y0, x1, y1 = boxes.T
    shared = np.minimum(x1[:, None], x1[None]) - np.maximum(x0[:, None], x0[None])
    widths, heights = x1 - x0, y1 - y0
    least = np.minimum(np.minimum(widths[:, None], widths[None]), np.minimum(heights[:, None], heights[None]))
    return np.asarray(shared > MIN_SHARED_WIDTH * least, np.bool_)


def _blocks(rows: F64) -> list[list[int]]:
    """Return the rows that follow each other down the page with nothing beside them, together."""
    middles = rows[:, 1] + rows[:, 3]
    is_above = _shares_width(rows) & (middles[:, None] < middles[None])
    # next below: nothing stands between
    above = is_above.astype(np.float32)
    is_next = is_above & ~(above @ above > 0)
    only_below, only_above = is_next.sum(axis=1) == 1, is_next.sum(axis=0) == 1
    blocks: list[list[int]] = []
    block_of: dict[int, list[int]] = {}
    for number in np.argsort(middles, kind="stable").tolist():
        before = np.flatnonzero(is_next[:, number])
        if only_above[number] and only_below[before[0]]:
            block = block_of[int(before[0])]
            block.append(number)
        else:
            block = [number]
            blocks.append(block)
        block_of[number] = block
    return blocks


def _ordered_blocks(boxes: F64, row_counts: Sequence[int]) -> list[int]:
    """Return the blocks' numbers so that each comes after all that must come before it."""
    x0, y0, x1, y1 = boxes.T
    shares_width = _shares_width(boxes)
    middles = (y0 + y1) / 2
    comes_first = shares_width & (middles[:, None] < middles[None])
    overlap = np.minimum(y1[:, None], y1[None]) - np.maximum(y0[:, None], y0[None])
    is_beside = overlap > MIN_ROW_OVERLAP * np.minimum((y1 - y0)[:, None], (y1 - y0)[None])
    for one, other in np.argwhere(~shares_width & ((x0 + x1)[:, None] < (x0 + x1)[None])):
        between = shares_width[one] & shares_width[other]
        between &= (middles > min(y0[one], y0[other])) & (middles < max(y1[one], y1[other]))
        if between.any():
            continue
        # a lone row under all that stands beside the other is no column's, nor is one over all of it, as the total
        # under a table: the lower one comes after
        is_under = not is_beside[one, other] and middles[one] > middles[other]
        is_last = row_counts[one] == 1 and not (comes_first[:, one] & shares_width[one] & is_beside[other]).any()
        is_first = row_counts[other] == 1 and not (comes_first[other] & shares_width[other] & is_beside[one]).any()
        comes_first[(other, one) if is_under and (is_last or is_first) else (one, other)] = True
    by_position = np.lexsort((x0, y0)).tolist()
    order: list[int] = []
    visited = np.zeros(len(boxes), np.bool_)
    for start in by_position:
        _visit(start, comes_first, by_position, visited, order)
    return order


def _visit(start: int, comes_first: Mask, by_position: Sequence[int], visited: Mask, order: list[int]) -> None:
    """Append a block to the order, after those that must come before it: a depth-first search without recursion."""
    stack = [start]
    while stack:
        number = stack[-1]
        waiting = [] if visited[number] else [k for k in by_position if comes_first[k, number] and not visited[k]]
        visited[number] = True
        if waiting:
            stack += reversed(waiting)
        else:
            stack.pop()
            if number not in order:
                order.append(number)
