"""The skew angle of a page's lines by their baselines (Baird 1987, "The skew angle of printed documents").

The bottoms and tops of letters are projected along many directions; along the lines' own, the profile is sharpest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import F32, F64
from models.pages.glyphs import Glyphs

MAX_SKEW_DEG = 15.0  # to either side
COARSE_STEP_DEG, FINE_STEP_DEG = 0.5, 0.05
FINE_REACH_DEG = 0.6  # around the best coarse angle
# Bins of the profile, in letter heights: finer ones need an angle that is nearly right.
COARSE_BINS_PER_HEIGHT, FINE_BINS_PER_HEIGHT = 5, 12
# Angles beside the best that its sharpness is measured against: outside of its peak, not far from it.
OTHER_ANGLES_DEG = -3.1, -2.3, -1.7, 1.7, 2.3, 3.1
MAX_GLYPHS = 3000  # of more, every so many: the angle gains nothing
MIN_GLYPHS = 12


@dataclass(frozen=True, slots=True)
class Skew:
    """The skew of lines, clockwise degrees in ±15, and its sharpness: 1 is no sharper than any other angle."""

    degrees: float
    sharpness: float


def find_skew(glyphs: Glyphs, *, upright: bool = True, around: float | None = None) -> Skew:
    """Return the skew angle of the lines.

    Args:
        glyphs: Of the page as it is.
        upright: Whether lines run across the page; False takes lines that run down it, and the angle is between
            them and the vertical.
        around: Where to search, within 0.6°; without it, everywhere.
    """
    if len(glyphs.boxes) < MIN_GLYPHS:
        return Skew(0.0, 0.0)
    along, across = _edges(glyphs, upright)
    unit = max(glyphs.height, 1.0)
    if around is None:
        coarse = np.arange(-MAX_SKEW_DEG, MAX_SKEW_DEG + COARSE_STEP_DEG / 2, COARSE_STEP_DEG)
        profile = _projection_profile(along, across, coarse, unit / COARSE_BINS_PER_HEIGHT)
        around = float(coarse[np.argmax(profile)])
    fine = around + np.arange(-FINE_REACH_DEG, FINE_REACH_DEG + FINE_STEP_DEG / 2, FINE_STEP_DEG)
    profile = _projection_profile(along, across, fine, unit / FINE_BINS_PER_HEIGHT)
    best = int(np.argmax(profile))
    degrees = float(fine[best]) + _vertex(profile, best) * FINE_STEP_DEG
    return Skew(degrees, _sharpness(along, across, float(fine[best]), unit))


def _edges(glyphs: Glyphs, upright: bool) -> tuple[F32, F32]:
    """Return the positions of letters along their lines, (n,), and of their two edges across them, (2, n)."""
    boxes = glyphs.boxes[:: 1 + len(glyphs.boxes) // MAX_GLYPHS]
    x, y, width, height = boxes.T
    if upright:
        return x + width / 2, np.stack([y, y + height])
    return -(y + height / 2), np.stack([x, x + width])


def _projection_profile(along: F32, across: F32, degrees: F64, bin_px: float) -> F32:
    """Return the energy of the edges' projection along each direction: the sum of the squares of its histogram."""
    slopes = np.tan(np.radians(degrees))[:, None]
    energies = np.zeros(len(degrees), np.float32)
    for edge in across:
        rows = ((edge - slopes * along) / bin_px).astype(np.int32)
        rows -= rows.min()
        size = int(rows.max()) + 2
        # all directions are counted at once, each in a stretch of its own
        flat = rows + np.arange(len(degrees), dtype=np.int32)[:, None] * size
        counts = np.bincount(flat.ravel(), minlength=size * len(degrees)).reshape(len(degrees), size)
        pairs = counts[:, :-1] + counts[:, 1:]  # an edge on the border of two bins counts in both
        energies += (pairs.astype(np.float32) ** 2).sum(1)
    return energies


def _sharpness(along: F32, across: F32, degrees: float, unit: float) -> float:
    """Return the energy at an angle over the median of that at the angles beside it."""
    angles = np.append(degrees + np.array(OTHER_ANGLES_DEG), degrees)
    energies = _projection_profile(along, across, angles, unit / COARSE_BINS_PER_HEIGHT)
    return float(energies[-1] / max(float(np.median(energies[:-1])), 1.0))


def _vertex(values: F32, best: int) -> float:
    """Return the vertex of the parabola through the best value and its neighbours, in steps from it."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, middle, right = (float(value) for value in values[best - 1 : best + 2])
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0
