"""Lines too long for a picture of 384 × 384 pixels, cut at gaps between words."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from models.arrays import F64, ImageU8
from models.pages.ink import ink_by_column

# The lines that checkpoints were trained on (IAM: 18 times as wide as high on average) are seldom longer than this.
LONGEST = 24.0
_GAP = 0.25  # of the height: less is a gap between letters
_NEAR = 0.25  # of a part's length, to either side of where a cut would be best


class Part(NamedTuple):
    """A piece of a line; `whole` tells whether a new word begins with it."""

    picture: ImageU8
    whole: bool


def parts(line: ImageU8, count: int | None = None) -> list[Part]:
    """Return a line in as many parts as make each short enough, or in `count`.

    Each cut is in the widest gap near where it would make equal parts, or else through the least ink.
    """
    height, width = line.shape[:2]
    count = count or math.ceil(width / max(1, height) / LONGEST)
    if count <= 1 or width < 2 * count:
        return [Part(line, True)]
    ink = ink_by_column(line)
    reach = max(1, int(_NEAR * width / count))
    pieces, start, whole = [], 0, True
    for number in range(1, count):
        middle = number * width // count
        place, gap = _cut(ink, max(start + 1, middle - reach), min(width - 1, middle + reach))
        pieces.append(Part(line[:, start:place], whole))
        start, whole = place, gap >= _GAP * height
    return [*pieces, Part(line[:, start:], whole)]


def _cut(ink: F64, first: int, last: int) -> tuple[int, int]:
    """Return the place of a cut between two columns, and how wide the gap is that it is in."""
    empty = ink[first:last] <= 0
    if not empty.any():
        return first + int(np.argmin(ink[first:last])), 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - starts))
    return first + int(starts[widest] + ends[widest]) // 2, int(ends[widest] - starts[widest])
