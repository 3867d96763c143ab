"""Noise of a page's pixels: how much of which kind there is, and the page without it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import ImageU8
from models.pages.ink import tones

TILE_PX, TILES_PER_SIDE = 128, 4  # 16 squares spread over the page are measured: 2 ms whatever its size
LONE_PIXEL_LEVELS = 60  # grey levels between a pixel of salt or pepper and all eight of its neighbours
MIN_CONTRAST_LEVELS, MAX_CONTRAST_LEVELS = 16.0, 255.0  # a blank page has less than the first
# Measured with Tesseract on book pages at 300 dpi; σ of grain as a share of the contrast between ink and paper.
# Grain of 0.09 costs no letter, of 0.19 the whole page; a blur of 1 pixel brings all back, and one of 2 even where
# grain is 0.37. Salt and pepper cost 3 % of the letters at 2 % of the pixels, all at 10 %.
MAX_GRAIN, COARSE_GRAIN = 0.13, 0.27
MAX_LONE_SHARE = 0.003  # of the pixels
# More than grain ever makes: below it, coarse grain looks like pepper as well.
MAX_LONE_SHARE_OF_GRAIN = 0.03
GRAIN_BLUR_PX, COARSE_GRAIN_BLUR_PX, CLUMPS_BLUR_PX = 1, 2, 1.5  # σ of the Gaussian

_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_NORM = 4.047  # 6, the norm of the mask, times 0.6745, the median of |x| of a standard normal x


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
    grains = [float(np.median(np.abs(cv2.filter2D(tile, cv2.CV_16S, _LAPLACE)))) / _NORM for tile in tiles]
    # where illumination was evened out, what was dark is grainier than the rest
    sigma = float(np.percentile(grains, 75))
    if sigma > MAX_GRAIN * MIN_CONTRAST_LEVELS:  # else it is none on any page, and the contrast need not be known
        dark, paper = tones(pixels)
        contrast = max(paper - dark, MIN_CONTRAST_LEVELS)
    else:
        contrast = MAX_CONTRAST_LEVELS
    return Noise(sigma / contrast, float(np.mean([_lone_share(tile) for tile in tiles])))


def is_peppered(noise: Noise) -> bool:
    """Return whether so many pixels are salt or pepper that letters are lost to them."""
    return noise.lone > (MAX_LONE_SHARE if noise.grain < MAX_GRAIN else MAX_LONE_SHARE_OF_GRAIN)


def is_grainy(noise: Noise) -> bool:
    """Return whether a page is so grainy that its letters do not stand out from their paper."""
    return noise.grain > MAX_GRAIN


def remove_pepper(pixels: ImageU8, noise: Noise) -> ImageU8:
    """Return a grey page without lone pixels, and without the clumps that many of them make."""
    cleaned = cv2.medianBlur(pixels, 3)
    if noise.lone > MAX_LONE_SHARE_OF_GRAIN:
        cleaned = cv2.GaussianBlur(cleaned, (0, 0), CLUMPS_BLUR_PX)
    return np.asarray(cleaned, np.uint8)


def smooth_grain(pixels: ImageU8, noise: Noise) -> ImageU8:
    """Return a grey page blurred as much as its grain needs."""
    sigma = COARSE_GRAIN_BLUR_PX if noise.grain > COARSE_GRAIN else GRAIN_BLUR_PX
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def _tiles(pixels: ImageU8) -> list[ImageU8]:
    height, width = pixels.shape
    tops, lefts = (np.linspace(0, max(0, side - TILE_PX), TILES_PER_SIDE).astype(int) for side in (height, width))
    return [pixels[top : top + TILE_PX, left : left + TILE_PX] for top in tops for left in lefts]


def _lone_share(tile: ImageU8) -> float:
    """Return the share of pixels that are much darker, or much lighter, than each of their neighbours."""
    if min(tile.shape) < 3:
        return 0.0
    ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)
    darkest, lightest = cv2.erode(tile, ring), cv2.dilate(tile, ring)
    pepper = cv2.subtract(darkest, tile) > LONE_PIXEL_LEVELS
    salt = cv2.subtract(tile, lightest) > LONE_PIXEL_LEVELS
    return float(np.count_nonzero(pepper) + np.count_nonzero(salt)) / tile.size
