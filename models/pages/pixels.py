"""Pages as grey and at another size."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import ImageU8

# A4 at 150 dpi: letters of 6 points are 12 pixels high there, and all that is measured on it takes 10 ms.
MEASURED_LONG_SIDE_PX = 1754


def grey(pixels: ImageU8) -> ImageU8:
    """Return a page, (H, W, 3) RGB or (H, W), as grey."""
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def shrink(pixels: ImageU8, longest_side: int = MEASURED_LONG_SIDE_PX) -> ImageU8:
    """Return a grey page no larger than a side allows."""
    # halving by linear interpolation is the mean of four pixels, in a fifth of the time
    while max(pixels.shape) >= 2 * longest_side:
        pixels = resize(pixels, 0.5, cv2.INTER_LINEAR)
    scale = longest_side / max(pixels.shape)
    return pixels if scale >= 1 else resize(pixels, scale, cv2.INTER_AREA)


def resize(pixels: ImageU8, scale: float, interpolation: int) -> ImageU8:
    """Return a page scaled, at least one pixel wide and high."""
    height, width = (max(1, int(side * scale)) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation), np.uint8)


def with_paper_around(picture: ImageU8, above: int, beside: int, percentile: float) -> ImageU8:
    """Return a picture, (h, w, 3) RGB or (h, w) grey, with paper on all sides.

    Args:
        above: Pixels above and below it.
        beside: Pixels on its left and its right.
        percentile: Of its pixels, that is taken for paper.
    """
    paper = np.percentile(picture.reshape(-1, *picture.shape[2:]), percentile, axis=0)
    height, width = picture.shape[:2]
    around = np.empty((height + 2 * above, width + 2 * beside, *picture.shape[2:]), np.uint8)
    around[:] = paper
    around[above : above + height, beside : beside + width] = picture
    return around
