"""How far lines of letters lean, by their baselines (Baird 1987, "The skew angle of printed documents").

The bottoms and tops of letters are projected along many directions; along the lines' own they pile up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import F32, F64
from models.pages.glyphs import Glyphs

LARGEST = 15.0  # degrees to either side
_COARSE = 0.5
_FINE = 0.05
_FINE_REACH = 0.6
_MOST_LETTERS = 3000  # of more, every so many: the angle gains nothing
_FEWEST_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Skew:
    """How far text lines lean, clockwise degrees in ±15, and how sharply: 1 is no sharper than any other angle."""

    degrees: float
    sharpness: float


def find_skew(glyphs: Glyphs, *, upright: bool = True, around: float | None = None) -> Skew:
    """Return how far the lines lean.

    Args:
        glyphs: Of the page as it is.
        upright: Whether lines run across the page; False takes lines that run down it, and the angle is how far
            they lean from the vertical.
        around: Where to look, within 0.6°; without it, everywhere.
    """
    if len(glyphs.boxes) < _FEWEST_LETTERS:
        return Skew(0.0, 0.0)
    along, across = _edges(glyphs, upright)
    unit = max(glyphs.height, 1.0)
    if around is None:
        coarse = np.arange(-LARGEST, LARGEST + _COARSE / 2, _COARSE)
        around = float(coarse[np.argmax(_projection_profile(along, across, coarse, unit / 5))])
    fine = around + np.arange(-_FINE_REACH, _FINE_REACH + _FINE / 2, _FINE)
    piles = _projection_profile(along, across, fine, unit / 12)
    best = int(np.argmax(piles))
    return Skew(
        float(fine[best]) + _vertex(piles, best) * _FINE, _sharpness(along, across, float(fine[best]), unit)
    )


def _edges(glyphs: Glyphs, upright: bool) -> tuple[F32, F32]:
    """Return where letters stand along their lines, and their two edges across them, (n,) and (2, n)."""
    boxes = glyphs.boxes[:: 1 + len(glyphs.boxes) // _MOST_LETTERS]
    x, y, width, height = boxes.T
    if upright:
        return x + width / 2, np.stack([y, y + height])
    return -(y + height / 2), np.stack([x, x + width])


def _projection_profile(along: F32, across: F32, degrees: F64, unit: float) -> F32:
    """Return how much the edges pile up along each direction: the sum of the squares of their histogram."""
    slopes = np.tan(np.radians(degrees))[:, None]
    piles = np.zeros(len(degrees), np.float32)
    for edge in across:
        rows = ((edge - slopes * along) / unit).astype(np.int32)
        rows -= rows.min()
        size = int(rows.max()) + 2
        flat = rows + np.arange(len(degrees), dtype=np.int32)[:, None] * size
        counts = np.bincount(flat.ravel(), minlength=size * len(degrees)).reshape(len(degrees), size)
        near = counts[:, :-1] + counts[:, 1:]  # an edge on the border of two bins counts in both
        piles += (near.astype(np.float32) ** 2).sum(1)
    return piles


def _sharpness(along: F32, across: F32, degrees: float, unit: float) -> float:
    around = degrees + np.array([-3.1, -2.3, -1.7, 1.7, 2.3, 3.1])
    piles = _projection_profile(along, across, np.append(around, degrees), unit / 5)
    return float(piles[-1] / max(float(np.median(piles[:-1])), 1.0))


def _vertex(values: F32, best: int) -> float:
    """Return where the parabola through the best value and its neighbours peaks, in steps from it."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, middle, right = (float(value) for value in values[best - 1 : best + 2])
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0
