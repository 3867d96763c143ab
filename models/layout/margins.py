"""Line numbers: what counts every fifth or tenth line of a page, in a margin or between its columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from models.layout.geometry import Box

_STEPS = (5, 10)  # the rows of a table are counted one by one
_MIN_NUMBERS = 4
_MAX_DIGITS = 3
_MAX_SHIFT_HEIGHTS = 1.5  # between the middles of two numbers, sideways


def line_numbers(boxes: Sequence[Box], texts: Sequence[str]) -> set[int]:
    """Return which pieces of text are line numbers.

    Args:
        boxes: Of the pieces, x0, y0, x1, y1 in pixels of the deskewed page.
        texts: Of the pieces.
    """
    digits = [number for number, text in enumerate(texts) if text.isdecimal() and len(text) <= _MAX_DIGITS]
    digits.sort(key=lambda number: boxes[number][1])
    found: set[int] = set()
    for start in digits:
        if start in found:
            continue
        column = [number for number in digits if _is_below(boxes[start], boxes[number])]
        values = [int(texts[number]) for number in column]
        steps = {later - earlier for earlier, later in pairwise(values)}
        if len(column) >= _MIN_NUMBERS and len(steps) == 1 and steps.pop() in _STEPS:
            found.update(column)
    return found


def _is_below(first: Box, other: Box) -> bool:
    shift = abs(first[0] + first[2] - other[0] - other[2]) / 2
    return other[1] >= first[1] and shift <= _MAX_SHIFT_HEIGHTS * (first[3] - first[1])
