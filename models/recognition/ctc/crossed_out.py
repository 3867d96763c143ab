"""Crossed-out words: where they may be in a line, and the line's class probabilities without them.

One network reads lines. A second one, the first fine-tuned to read crossed-out words as blanks, reads other
writing a little worse: it is run only on lines where ink is denser somewhere than elsewhere, and used only there.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from models.arrays import F32, Mask
from models.pages.ink import ink_coverage, paper_by_closing
from models.recognition.ctc.best_path import BLANK
from models.recognition.ctc.network import STRIDE_PX

_WINDOW_PX = (31, 19)  # width and height over which ink is averaged: about a short word without ascenders
_PAPER_WINDOW_PX = 25  # wider than any stroke of a pen
_MIN_INK_DEPTH = 16 / 127.5  # between ink and paper, of a range of 2: less is paper
_MIN_WRITTEN = 0.05  # share of ink in a window where something is written
# Density of ink, where 1 is usual in the line, at which a word may be crossed out. So dense it is somewhere in
# two of ten lines of modern handwriting that have no such word.
_MIN_DENSITY = 1.9
_MIN_STEPS = 3  # length of a crossed-out word, in steps of 8 pixels
_MIN_LETTER_PROB = 0.5  # of the first network: it reads letters there
# Less probable letters, of which the language model may still make a word, are left out where ink is denser still.
_MIN_FAINT_LETTER_PROB, _MIN_FAINT_DENSITY = 0.1, 2.2


def ink_density(planes: F32) -> F32:
    """Return how much ink there is at each step of a line, (T,), where 1 is usual in that line.

    Args:
        planes: (3, 48, w) in [-1, 1], as the network takes it; dark ink on lighter paper.
    """
    shades = planes.mean(0)
    paper = paper_by_closing(shades, _PAPER_WINDOW_PX, smooth=True)
    ink = ink_coverage(shades, paper, full_percentile=97, min_depth=_MIN_INK_DEPTH, floor=0.25, span=0.65)
    steps = -(-shades.shape[1] // STRIDE_PX)
    if ink.depth < _MIN_INK_DEPTH:
        return np.zeros(steps, np.float32)
    columns = np.asarray(cv2.boxFilter(ink.coverage, -1, _WINDOW_PX).max(0), np.float32)
    written = columns[columns > _MIN_WRITTEN]
    usual = float(np.median(written)) if len(written) else 1.0
    padded = np.pad(columns, (0, steps * STRIDE_PX - len(columns)))
    return np.asarray(padded.reshape(steps, STRIDE_PX).max(1) / usual, np.float32)


def may_be_crossed_out(density: F32) -> bool:
    """Return whether a line is to be read by the second network too, by its density of ink, (T,)."""
    return bool(density.max(initial=0) >= _MIN_DENSITY)


def without_crossed_out(probabilities: F32, second: F32, density: F32, space: int) -> F32:
    """Return a line's class probabilities, (T, C), with nothing but a space where a word is crossed out.

    Args:
        probabilities: Of the network that reads lines.
        second: Of the network that reads crossed-out words as blanks, likewise (T, C).
        density: (T,) as `ink_density` gives it.
        space: The column of the space.
    """
    best, best_second = probabilities.argmax(1), second.argmax(1)
    letters = 1 - probabilities[:, BLANK] - probabilities[:, space]
    cleared = probabilities.copy()
    # Wherever the second network reads nothing, the first may have read a crossed-out word.
    for start, end in _runs((best_second == BLANK) | (best_second == space)):
        if end - start < _MIN_STEPS or not _is_crossed_out(letters[start:end], density[start:end]):
            continue
        cleared[start:end] = 0
        cleared[start:end, BLANK] = 1
        # One space stays, where there was one, so that the words on either side do not grow together.
        spaces = np.flatnonzero((best_second[start:end] == space) | (best[start:end] == space))
        if len(spaces) and start > 0 and end < len(probabilities):
            cleared[start + spaces[0], [BLANK, space]] = 0, 1
    return cleared


def _is_crossed_out(letters: F32, density: F32) -> bool:
    """Return whether a run of steps has both letters and dense ink: their probabilities and densities, (n,)."""
    prob, dense = letters.max(), density.max(initial=0)
    if prob >= _MIN_LETTER_PROB:
        return bool(dense >= _MIN_DENSITY)
    return bool(dense >= _MIN_FAINT_DENSITY and prob >= _MIN_FAINT_LETTER_PROB)


def _runs(marked: Mask) -> Iterator[tuple[int, int]]:
    """Yield the first step of each run that is marked, and the step after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
