"""Gutters: the tall strips of white that columns, or the cells of rows, leave between them.

Maximal white rectangles after Breuel (2002), "Two Geometric Algorithms for Layout Analysis", found by a sweep down
the page: a strip goes on while some of its width stays white, and ends where text lies across all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import F64

# Of a piece's height, left out at its upper and lower edge: boxes of neighbouring rows overlap a little.
_EDGE_HEIGHTS = 0.15


@dataclass(frozen=True, slots=True)
class Gutter:
    """A strip of white, in pixels, with text on either side; nothing can be added to its height."""

    x0: float
    x1: float
    y0: float
    y1: float


def find_gutters(boxes: F64, min_width: float) -> list[Gutter]:
    """Return the gutters between pieces of text, in no particular order.

    Args:
        boxes: Of the pieces, (n, 4) as x0, y0, x1, y1 in pixels.
        min_width: Pixels; narrower strips are left out.
    """
    if len(boxes) < 2:
        return []
    x0, y0, x1, y1 = boxes.T
    edge = _EDGE_HEIGHTS * (y1 - y0)
    tops, bottoms = y0 + edge, y1 - edge
    edges = np.unique(np.concatenate([tops, bottoms]))
    left, right = float(x0.min()), float(x1.max())
    by_x = np.argsort(x0, kind="stable")
    spans = np.stack([x0, x1], 1)[by_x]
    covers = (tops[by_x, None] <= edges[None, :-1]) & (bottoms[by_x, None] >= edges[None, 1:])
    growing: dict[tuple[float, float], float] = {}
    ended: list[tuple[tuple[float, float], float, float]] = []
    for step, y in enumerate(edges[:-1].tolist()):
        inked = spans[covers[:, step]]
        if not len(inked):
            continue  # white all over: every strip goes on
        white = _white_spans(inked, left, right, min_width)
        growing, stopped = _continued(growing, white, y, min_width)
        ended += [(span, start, y) for span, start in stopped]
    ended += [(span, start, float(edges[-1])) for span, start in growing.items()]
    return [Gutter(*span, start, end) for span, start, end in ended if span[0] > left and span[1] < right]


def _white_spans(inked: F64, left: float, right: float, min_width: float) -> list[tuple[float, float]]:
    """Return what text, (n, 2) from left to right, leaves white between two sides."""
    ends = np.maximum.accumulate(np.concatenate([[left], inked[:, 1]]))
    starts = np.concatenate([inked[:, 0], [right]])
    return [(float(ends[k]), float(starts[k])) for k in np.flatnonzero(starts - ends >= min_width)]


def _continued(
    growing: dict[tuple[float, float], float], white: list[tuple[float, float]], y: float, min_width: float
) -> tuple[dict[tuple[float, float], float], list[tuple[tuple[float, float], float]]]:
    """Return the strips that go on past y, each with where it began, and those that end there."""
    found: dict[tuple[float, float], float] = {}
    ended = []
    for span, start in growing.items():
        parts = [(max(span[0], low), min(span[1], high)) for low, high in white]
        parts = [part for part in parts if part[1] - part[0] >= min_width]
        if not parts:
            ended.append((span, start))
        for part in parts:
            found[part] = min(start, found.get(part, start))
    for span in white:
        found.setdefault(span, y)
    return _without_dominated(found), ended


def _without_dominated(strips: dict[tuple[float, float], float]) -> dict[tuple[float, float], float]:
    """Drop the strips that lie in another which began no later."""
    kept: dict[tuple[float, float], float] = {}
    for span, start in sorted(strips.items(), key=lambda strip: (strip[1], strip[0][0] - strip[0][1])):
        if not any(low <= span[0] and span[1] <= high for low, high in kept):
            kept[span] = start
    return kept
