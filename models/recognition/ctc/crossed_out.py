"""Words that are crossed out: where they may stand in a line, and what is left of what was seen there.

One network reads lines. A second one, the first that was taught to tell nothing of what is scribbled over, reads
other hands a little worse: it is asked only where ink lies denser than elsewhere in a line, and heeded only there.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from models.arrays import F32, Mask
from models.pages.ink import ink_coverage, paper_by_closing
from models.recognition.ctc.best_path import BLANK

_STRIDE = 8  # pixels of width per step
_WINDOW = (31, 19)  # pixels: about a short word at the height of small letters
_SHEET = 25  # pixels, more than a pen is wide
_FAINT = 16 / 127.5  # between ink and paper: less is paper
_EMPTY = 0.05  # of a window is ink, at least, where something is written
_DENSE = 1.9  # times as much ink as is usual: so it is somewhere in two of ten lines of today without such a word
_SHORTEST = 3  # steps
_LIKELY = 0.5  # letters are told there
_PERHAPS, _VERY_DENSE = 0.1, 2.2  # what is less likely the language may still make a word of


def ink_density(planes: F32) -> F32:
    """Return how much ink there is at each step of a line, (T,), where 1 is usual in that line.

    Args:
        planes: (3, 48, w) in [-1, 1], as the network takes it, dark ink on lighter paper.
    """
    shades = planes.mean(0)
    paper = paper_by_closing(shades, _SHEET, smooth=True)
    ink = ink_coverage(shades, paper, full_percentile=97, min_depth=_FAINT, floor=0.25, span=0.65)
    steps = -(-shades.shape[1] // _STRIDE)
    if ink.depth < _FAINT:
        return np.zeros(steps, np.float32)
    columns = np.asarray(cv2.boxFilter(ink.coverage, -1, _WINDOW).max(0), np.float32)
    written = columns[columns > _EMPTY]
    usual = float(np.median(written)) if len(written) else 1.0
    padded = np.pad(columns, (0, steps * _STRIDE - len(columns)))
    return np.asarray(padded.reshape(steps, _STRIDE).max(1) / usual, np.float32)


def may_be_crossed_out(density: F32) -> bool:
    """Return whether there is a place in a line that is worth a second look."""
    return bool(density.max(initial=0) >= _DENSE)


def without_crossed_out(seen: F32, second: F32, density: F32, space: int) -> F32:
    """Return what was seen of a line, (T, C), with nothing but a space where a word is crossed out.

    Args:
        seen: What the network tells that reads lines.
        second: What the one tells that was taught to leave out such words.
        density: (T,) as `ink_density` gives it.
        space: The column of the space.
    """
    first, other = seen.argmax(1), second.argmax(1)
    letters = 1 - seen[:, BLANK] - seen[:, space]
    left = seen.copy()
    for start, end in _runs((other == BLANK) | (other == space)):
        likely, dense = letters[start:end].max(), density[start:end].max(initial=0)
        scribbled = dense >= _DENSE if likely >= _LIKELY else dense >= _VERY_DENSE and likely >= _PERHAPS
        if end - start < _SHORTEST or not scribbled:
            continue
        left[start:end] = 0
        left[start:end, BLANK] = 1
        spaces = np.flatnonzero((other[start:end] == space) | (first[start:end] == space))
        if len(spaces) and start > 0 and end < len(seen):
            left[start + spaces[0], [BLANK, space]] = 0, 1
    return left


def _runs(marked: Mask) -> Iterator[tuple[int, int]]:
    """Yield the first step of each run that is marked, and the one behind it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
