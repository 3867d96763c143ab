"""Lines too long for the encoder's 384 × 384 pixels, cut at gaps between words."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from models.arrays import F64, ImageU8
from models.pages.ink import ink_by_column

# Width to height. The lines that checkpoints were trained on (IAM: 18 on average) are seldom longer.
MAX_ASPECT = 24.0
_MIN_WORD_GAP = 0.25  # of the line's height: narrower gaps are between letters
_SEARCH_REACH = 0.25  # of a part's length: how far from equal parts a cut may lie, to either side


class Part(NamedTuple):
    """A piece of a line, and whether a new word begins with it: a cut within a word adds no space."""

    picture: ImageU8
    whole: bool


def parts(line: ImageU8, count: int | None = None) -> list[Part]:
    """Return a line in as many parts as make each short enough, or in `count`.

    Each cut is in the widest gap near where it would make equal parts, or else through the least ink.

    Args:
        line: (H, W) or (H, W, 3) uint8.
        count: How many parts; None for as many as keep each within the aspect that checkpoints were trained on.
    """
    height, width = line.shape[:2]
    count = count or math.ceil(width / max(1, height) / MAX_ASPECT)
    if count <= 1 or width < 2 * count:
        return [Part(line, True)]
    ink = ink_by_column(line)
    reach = max(1, int(_SEARCH_REACH * width / count))
    pieces, start, whole = [], 0, True
    for number in range(1, count):
        middle = number * width // count
        place, gap = _cut(ink, max(start + 1, middle - reach), min(width - 1, middle + reach))
        pieces.append(Part(line[:, start:place], whole))
        start, whole = place, gap >= _MIN_WORD_GAP * height
    return [*pieces, Part(line[:, start:], whole)]


def _cut(ink: F64, first: int, last: int) -> tuple[int, int]:
    """Return the column to cut at, between two, and the width in pixels of the gap around it; 0 where it is ink."""
    empty = ink[first:last] <= 0
    if not empty.any():
        return first + int(np.argmin(ink[first:last])), 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - starts))
    return first + int(starts[widest] + ends[widest]) // 2, int(ends[widest] - starts[widest])
