"""Columns or rows: whether what stands side by side is read down one side first, or across.

Every gutter with lines on both sides is judged by the words of the lines (text_flow.py) and by whether they stand
level. A gutter may part columns above and the cells of a table below: it is divided where the evidence turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.arrays import F64, I64, Mask
from models.layout.gutters import Gutter, find_gutters
from models.layout.text_flow import across_evidence, downward_evidence, is_label, is_number

Pair = tuple[int, int]
"""The numbers of a piece and of the next one to its right on the same row."""

# Distances are in line heights, the median height of the page's pieces.
# Any white that lines of both sides leave: of .05, .15, .3 and .5, tried on 36 pages of columns and small print,
# the narrowest gave the most passages in order.
_MIN_GUTTER_HEIGHTS = 0.05
_MIN_LINES = 3  # on either side: of fewer, the evidence means nothing
_MAX_LEADING_HEIGHTS = 1.5  # white between two lines of one text
_MAX_LEVEL_OFFSET_HEIGHTS = 0.3  # between the middles of two cells of one row
_LEVEL_EVIDENCE, _OFFSET_EVIDENCE = -0.15, 0.3  # in log-odds, of a pair that stands level and of one that does not
_MIN_WHITE_HEIGHTS = 0.15  # between two rows: where a gutter may turn from columns to rows
# Evidence, in log-odds, that a turn from columns to rows must outweigh: half as much where wide white marks it.
_TURN_COST = 4.0
_EDGE_PERCENTILE = 90  # of the ends of a column's lines: single lines stand out of it


@dataclass(frozen=True, slots=True)
class _Sides:
    """The pieces that stand next to a gutter, from top to bottom, and the pairs across it."""

    left: list[int]
    right: list[int]
    pairs: list[Pair]


def column_breaks(boxes: F64, texts: Sequence[str], pairs: Sequence[Pair]) -> set[Pair]:
    """Return the pairs of neighbours on a row that belong to different columns; all others are read across.

    Args:
        boxes: Of the pieces of text, (n, 4) pixels of the deskewed page.
        texts: Of the pieces.
        pairs: All neighbours on a row.
    """
    if not pairs:
        return set()
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    has_neighbour = np.zeros((len(boxes), len(boxes)), bool)
    for one, other in pairs:
        has_neighbour[one, other] = True
    judged = [
        (gutter, sides)
        for gutter in find_gutters(boxes, _MIN_GUTTER_HEIGHTS * height)
        if (sides := _sides(gutter, boxes, pairs, has_neighbour)) is not None
    ]
    judged.sort(key=lambda found: -min(len(found[1].left), len(found[1].right)))
    # numbers that a leader has led to: what stands behind such a one belongs to another row
    ended = {other for one, other in pairs if is_label(texts[one]) and is_number(texts[other])}
    are_columns: dict[Pair, bool] = {}
    for _, sides in judged:
        open_pairs = [pair for pair in sides.pairs if pair not in are_columns]
        if open_pairs:  # the tallest gutter decides on a pair
            are_columns.update(_judge(sides, open_pairs, boxes, texts, height, ended))
    return {pair for pair, is_break in are_columns.items() if is_break}


def _sides(gutter: Gutter, boxes: F64, pairs: Sequence[Pair], has_neighbour: Mask) -> _Sides | None:
    """Return what stands next to a gutter, None where that is too little to judge by."""
    x0, y0, x1, y1 = boxes.T
    middle = (gutter.x0 + gutter.x1) / 2
    beside = ((y0 + y1) / 2 >= gutter.y0) & ((y0 + y1) / 2 <= gutter.y1)
    left, right = np.flatnonzero(beside & (x1 <= middle)), np.flatnonzero(beside & (x0 >= middle))
    left = left[~has_neighbour[np.ix_(left, left)].any(axis=1)]
    right = right[~has_neighbour[np.ix_(right, right)].any(axis=0)]
    if min(len(left), len(right)) < _MIN_LINES:
        return None
    of_left, of_right = set(left.tolist()), set(right.tolist())
    across = [pair for pair in pairs if pair[0] in of_left and pair[1] in of_right]
    return _Sides(_downwards(left, boxes), _downwards(right, boxes), across) if across else None


def _downwards(numbers: I64, boxes: F64) -> list[int]:
    return [int(number) for number in numbers[np.argsort(boxes[numbers, 1] + boxes[numbers, 3], kind="stable")]]


def _judge(
    sides: _Sides, pairs: Sequence[Pair], boxes: F64, texts: Sequence[str], height: float, ended: set[int]
) -> dict[Pair, bool]:
    """Return for each pair whether its gutter parts columns there; with `ended` pieces rows end."""
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    left = [piece for piece in sides.left if piece not in ended]
    continued = _continued(left, boxes, texts, height) | _continued(sides.right, boxes, texts, height)
    evidence = []
    for one, other in sides.pairs:
        is_level = abs(middles[one] - middles[other]) <= _MAX_LEVEL_OFFSET_HEIGHTS * height
        weight = 0.0 if one in ended else across_evidence(texts[one], texts[other])
        if one not in continued and other not in continued:
            weight = min(weight, 0.0)  # length alone makes no column of lines that stand apart
        weight += _LEVEL_EVIDENCE if is_level else _OFFSET_EVIDENCE
        weight += continued.get(one, 0.0) + continued.get(other, 0.0)
        evidence.append(((middles[one] + middles[other]) / 2, weight))
    bands = _bands(boxes[sides.left + sides.right], _MIN_WHITE_HEIGHTS * height)
    columns = _divided(bands, np.array(evidence), height)
    found = np.searchsorted(bands[:, 0], [(middles[one] + middles[other]) / 2 for one, other in pairs], "right") - 1
    return {pair: columns[max(int(band), 0)] for pair, band in zip(pairs, found, strict=True)}


def _continued(side: Sequence[int], boxes: F64, texts: Sequence[str], height: float) -> dict[int, float]:
    """Return for each line of a side the evidence that it continues the line above it.

    Only lines with a neighbour across the gutter count later: the first line of an explanation begins a row, and
    that its other lines are prose is no sign of columns.
    """
    if not side:
        return {}
    edge = float(np.percentile(boxes[side, 2], _EDGE_PERCENTILE))
    found = {}
    for line, following in pairwise(side):
        if boxes[following, 1] - boxes[line, 3] > _MAX_LEADING_HEIGHTS * height or not texts[following].strip():
            continue
        pitch = (boxes[following, 2] - boxes[following, 0]) / len(texts[following])
        first_word = texts[following].split()[0]
        is_full = bool(edge - boxes[line, 2] < pitch * (len(first_word) + 1))
        found[following] = downward_evidence(texts[line], texts[following], is_full=is_full)
    return found


def _bands(boxes: F64, min_white: float) -> F64:
    """Return top and bottom, (m, 2), of the groups of rows that white across both sides leaves."""
    bands: list[list[float]] = []
    for top, bottom in boxes[np.argsort(boxes[:, 1], kind="stable")][:, [1, 3]].tolist():
        if bands and top - bands[-1][1] <= min_white:
            bands[-1][1] = max(bands[-1][1], bottom)
        else:
            bands.append([top, bottom])
    return np.array(bands)


def _divided(bands: F64, evidence: F64, height: float) -> list[bool]:
    """Return for each band whether it holds columns: the most likely course down the gutter (Viterbi 1967)."""
    number = np.clip(np.searchsorted(bands[:, 0], evidence[:, 0], "right") - 1, 0, len(bands) - 1)
    weights = np.bincount(number, evidence[:, 1], len(bands)).tolist()
    white = (bands[1:, 0] - bands[:-1, 1]).tolist()
    best, choices = [weights[0], -weights[0]], []
    for weight, gap in zip(weights[1:], white, strict=True):
        cost = _TURN_COST / 2 if gap > _MAX_LEADING_HEIGHTS * height else _TURN_COST
        came_from = [state if best[state] >= best[1 - state] - cost else 1 - state for state in (0, 1)]
        best = [max(best[state], best[1 - state] - cost) + (weight if state == 0 else -weight) for state in (0, 1)]
        choices.append(came_from)
    state = 0 if best[0] > best[1] else 1
    states = [state]
    for came_from in reversed(choices):
        state = came_from[state]
        states.append(state)
    return [state == 0 for state in reversed(states)]
