"""Which lines of a page make up one paragraph."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from models.document import Region
from models.layout.geometry import Box, same_row
from models.layout.reading_order import quarter_turns, upright_boxes

MAX_LINE_SPACING = 1.35  # times the usual distance from a row to the next: more is white between paragraphs
MIN_INDENT_HEIGHTS = 0.8  # line heights by which a paragraph's first line begins further right
MAX_HEIGHT_RATIO = 1.5  # of two rows of one paragraph: more is a heading, or a footnote


def paragraph_numbers(
    regions: Sequence[Region], rotation: float = 0.0, tables: Sequence[int | None] | None = None
) -> list[int]:
    """Return for each region, in reading order, the number of its paragraph, from 0.

    Args:
        rotation: By how many degrees the page's text is rotated clockwise.
        tables: Of each region, the number of its table; None where it is in none. Rows of a table that follow each
            other are one paragraph.

    A paragraph ends where the next row is another column's, is further down than rows are on this page, is set
    larger or smaller, runs another way, or begins further right than the rows before and after it.
    """
    boxes, turns = upright_boxes(regions, rotation), quarter_turns(regions, rotation)
    rows = _rows(boxes, turns)
    outlines = [_outline([boxes[index] for index in row]) for row in rows]
    steps = [_middle(low) - _middle(high) for high, low in pairwise(outlines)]
    spacing = median(down) if (down := [step for step in steps if step > 0]) else 0.0
    numbers: list[int] = []
    number = 0
    table_of = [None if tables is None else _table_of(row, tables) for row in rows]
    for index, row in enumerate(rows):
        is_in_table = table_of[index] is not None
        is_same = (
            index > 0 and turns[row[0]] == turns[rows[index - 1][0]] and table_of[index] == table_of[index - 1]
        )
        if index and (not is_same or (not is_in_table and _begins(outlines, index, spacing))):
            number += 1
        numbers += [number] * len(row)
    return numbers


def _table_of(row: Sequence[int], tables: Sequence[int | None]) -> int | None:
    return next((tables[index] for index in row if tables[index] is not None), None)


def _rows(boxes: Sequence[Box], turns: Sequence[int]) -> list[list[int]]:
    """Return the boxes' numbers row by row; `turns` are the quarter turns of each."""
    rows: list[list[int]] = []
    for index, box in enumerate(boxes):
        if rows and turns[rows[-1][-1]] == turns[index] and same_row(boxes[rows[-1][-1]], box):
            rows[-1].append(index)
        else:
            rows.append([index])
    return rows


def _outline(boxes: Sequence[Box]) -> Box:
    """Return the box of a row: all of its width, and the usual height of its parts."""
    return (
        min(box[0] for box in boxes), median(box[1] for box in boxes),
        max(box[2] for box in boxes), median(box[3] for box in boxes),
    )  # fmt: skip


def _begins(rows: Sequence[Box], index: int, spacing: float) -> bool:
    """Return whether a paragraph begins with this row; `spacing` is usual between the middles of two rows."""
    before, row = rows[index - 1], rows[index]
    step, height = _middle(row) - _middle(before), _height(row)
    is_beside = row[2] < before[0] or before[2] < row[0]
    if step <= 0 or is_beside or step > MAX_LINE_SPACING * max(spacing, _height(before)):
        return True
    if max(height, _height(before)) > MAX_HEIGHT_RATIO * min(height, _height(before)):
        return True
    # an indent is one row's: the row after it begins where the row before it does
    is_indented = row[0] > before[0] + MIN_INDENT_HEIGHTS * height
    after = rows[index + 1] if index + 1 < len(rows) else None
    return is_indented and after is not None and abs(after[0] - before[0]) < MIN_INDENT_HEIGHTS * height


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _height(box: Box) -> float:
    return box[3] - box[1]
