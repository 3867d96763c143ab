"""Pieces of text that stand on one row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F64
from models.layout.columns import Pair

_MIN_OVERLAP = 0.5  # of the lower piece's height
_MIN_OVERLAP_BETWEEN = 0.05  # of two pieces right of a third: the second of them is not its neighbour
_LEVEL_STEP = 0.2  # of the lower piece's height: smaller differences of level mean nothing
_MAX_BACKWARD_HEIGHTS = 1.0  # of a piece, that the next one of its row may begin before it ends


def row_neighbours(boxes: F64) -> list[Pair]:
    """Return each piece with the next ones to its right; several where it is as high as two rows.

    Args:
        boxes: (n, 4) pixels of the deskewed page.
    """
    x0, y0, x1, y1 = boxes.T
    heights = y1 - y0
    lower = np.minimum(heights[:, None], heights[None])
    overlap = (np.minimum(y1[:, None], y1[None]) - np.maximum(y0[:, None], y0[None])) / np.maximum(lower, 1e-6)
    follows = (x0[None] >= x1[:, None] - _MAX_BACKWARD_HEIGHTS * lower) & ((x0 + x1)[None] > (x0 + x1)[:, None])
    to_the_right = (overlap > _MIN_OVERLAP) & follows
    hides = follows & (overlap > _MIN_OVERLAP_BETWEEN)
    pairs: list[Pair] = []
    for number, candidates in enumerate(to_the_right):
        found: list[int] = []
        right = np.flatnonzero(candidates)
        for other in right[np.argsort(x0[right], kind="stable")].tolist():
            if not any(hides[nearer, other] for nearer in found):
                found.append(other)
        pairs += [(number, other) for other in found]
    return pairs


def joined_rows(boxes: F64, pairs: Sequence[Pair]) -> list[list[int]]:
    """Return the pieces as rows from left to right; no piece is in two.

    The most level neighbours are joined first, of those the nearest.
    """

    def offset_and_gap(pair: Pair) -> tuple[int, float]:
        left, right = boxes[pair[0]], boxes[pair[1]]
        offset = abs(left[1] + left[3] - right[1] - right[3]) / 2
        return int(offset / (_LEVEL_STEP * min(left[3] - left[1], right[3] - right[1]))), float(right[0] - left[2])

    following: dict[int, int] = {}
    taken: set[int] = set()
    for one, other in sorted(pairs, key=offset_and_gap):
        if one not in following and other not in taken:
            following[one] = other
            taken.add(other)
    rows = [[number] for number in range(len(boxes)) if number not in taken]
    for row in rows:
        while row[-1] in following:
            row.append(following[row[-1]])
    return rows
