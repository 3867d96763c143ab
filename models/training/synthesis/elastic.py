"""Ink pushed about, so that what a font draws is never the same twice."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32


def pushed(rng: np.random.Generator, ink: F32, points: tuple[int, int], strength: float) -> F32:
    """Return ink, (h, w), moved smoothly both ways.

    Args:
        points: Rows and columns of the grid of moves, between which they are interpolated.
        strength: Standard deviation of a move, in pixels.
    """
    height, width = ink.shape
    moved = [
        cv2.resize(
            rng.normal(0, strength, points).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        for _ in "xy"
    ]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(ink, x + moved[0], y + moved[1], cv2.INTER_LINEAR), np.float32)
