"""Elastic distortion (Simard et al. 2003): the same glyph never looks the same twice."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32


def elastic_distort(rng: np.random.Generator, ink: F32, points: tuple[int, int], strength: float) -> F32:
    """Return ink, (h, w) float32, displaced smoothly in both directions.

    Args:
        rng: Draws the displacements.
        ink: (h, w) float32 in [0, 1].
        points: Rows and columns of the grid of displacements, which are interpolated between.
        strength: Standard deviation of a displacement, in pixels.
    """
    height, width = ink.shape
    displaced = [
        cv2.resize(
            rng.normal(0, strength, points).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        for _ in "xy"
    ]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(ink, x + displaced[0], y + displaced[1], cv2.INTER_LINEAR), np.float32)
