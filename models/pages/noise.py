"""Noise of a page's pixels: how much of which kind there is, and the page without it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import ImageU8
from models.pages.ink import tones

_TILE, _TILES = 128, 4  # 16 squares spread over the page are measured: 2 ms whatever its size
_LONE = 60  # grey levels between a pixel and all eight of its neighbours, of salt and of pepper
_LEAST_CONTRAST = 16.0  # grey levels: a blank page has none
_FULL_CONTRAST = 255.0
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
# Measured with Tesseract on book pages at 300 dpi, as shares of the contrast between ink and paper. Grain of 0.09
# costs no letter, of 0.19 the whole page; a blur of 1 pixel brings all back, and one of 2 even where grain is 0.37.
# Pepper and salt cost 3 % of the letters at 2 % of the pixels, all at 10 %.
_GRAIN, _COARSE_GRAIN = 0.13, 0.27
_LONE_SHARE = 0.003
_MANY_LONE = 0.03  # more than grain ever makes: below it, grain that is coarse looks like pepper as well


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a page: σ of its grain as a share of its contrast, and the share of salt and pepper pixels."""

    grain: float
    lone: float


def measure_noise(pixels: ImageU8) -> Noise:
    """Return the noise of a grey page, (H, W) uint8.

    Grain by Immerkær 1996, "Fast noise variance estimation", with the median in place of the mean: letters are few.
    """
    tiles = _tiles(pixels)
    # 6 is the norm of the mask, 0.6745 the median of |x| of a standard normal x
    grains = [float(np.median(np.abs(cv2.filter2D(tile, cv2.CV_16S, _LAPLACE)))) / 4.047 for tile in tiles]
    # where light was evened out, what was dark is grainier than the rest
    sigma = float(np.percentile(grains, 75))
    if sigma > _GRAIN * _LEAST_CONTRAST:  # else it is none on any page, and the contrast need not be known
        dark, paper = tones(pixels)
        contrast = max(paper - dark, _LEAST_CONTRAST)
    else:
        contrast = _FULL_CONTRAST
    return Noise(sigma / contrast, float(np.mean([_lone_share(tile) for tile in tiles])))


def is_peppered(noise: Noise) -> bool:
    """Return whether so many pixels are salt or pepper that letters are lost to them."""
    return noise.lone > (_LONE_SHARE if noise.grain < _GRAIN else _MANY_LONE)


def is_grainy(noise: Noise) -> bool:
    """Return whether a page is so grainy that its letters are not told from their paper."""
    return noise.grain > _GRAIN


def remove_pepper(pixels: ImageU8, noise: Noise) -> ImageU8:
    """Return a grey page without lone pixels, and without the clumps that many of them make."""
    cleaned = cv2.medianBlur(pixels, 3)
    return np.asarray(cv2.GaussianBlur(cleaned, (0, 0), 1.5) if noise.lone > _MANY_LONE else cleaned, np.uint8)


def smooth_grain(pixels: ImageU8, noise: Noise) -> ImageU8:
    """Return a grey page blurred as much as its grain needs."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2 if noise.grain > _COARSE_GRAIN else 1), np.uint8)


def _tiles(pixels: ImageU8) -> list[ImageU8]:
    height, width = pixels.shape
    tops, lefts = (np.linspace(0, max(0, side - _TILE), _TILES).astype(int) for side in (height, width))
    return [pixels[top : top + _TILE, left : left + _TILE] for top in tops for left in lefts]


def _lone_share(tile: ImageU8) -> float:
    """Return the share of pixels that are much darker, or much lighter, than each of their neighbours."""
    if min(tile.shape) < 3:
        return 0.0
    ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)
    darkest, lightest = cv2.erode(tile, ring), cv2.dilate(tile, ring)
    pepper, salt = cv2.subtract(darkest, tile) > _LONE, cv2.subtract(tile, lightest) > _LONE
    return float(np.count_nonzero(pepper) + np.count_nonzero(salt)) / tile.size
