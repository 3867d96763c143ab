"""What looks like letters on a page: boxes of connected ink, found in milliseconds and without a network.

Everything that decides about a page before it is read is measured on these: how far it is turned, how large its
letters are, how much dirt lies between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import F32, ImageU8

_LONGEST_SIDE = 1754  # A4 at 150 dpi: letters of 6 points are 12 pixels high there, and all of this takes 10 ms
_NEIGHBOURHOOD = 51  # pixels around one that tell what is paper there: wider than any stroke
_DARKER = 0.25  # of the page's contrast, that ink is darker than what surrounds it: a fainter bit is no ink
_LEAST_DARKER = 8  # grey levels: grain of empty paper
_LOWEST, _HIGHEST = 5, 90  # pixels: lower is dirt, higher is no letter but a picture, a rule or a frame
_SLIMMEST, _WIDEST = 0.08, 6.0  # width by height of an `l`, and of a word whose letters touch
_SPREAD = 2.2  # letters of one page are at most this many times as high, or as low, as usual
_FEWEST = 3
_INK_SHARE = 0.2  # percent of a page that is ink at the least: a few lines of a letter's last page
_LABELS = 65_000


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The letters of a page.

    Attributes:
        boxes: x, y, width, height, (n, 4) float32 pixels of the page.
        height: The usual height of a letter in pixels of the page; 0 where there are none.
        specks: How many connected bits of ink are too small to be letters, per letter.
    """

    boxes: F32
    height: float
    specks: float


def grey(pixels: ImageU8) -> ImageU8:
    """Return a page, (H, W, 3) RGB or (H, W), as grey."""
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def shrink(pixels: ImageU8, longest_side: int = _LONGEST_SIDE) -> ImageU8:
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


def find_glyphs(pixels: ImageU8) -> Glyphs:
    """Return the letters of a page, (H, W, 3) RGB or (H, W) grey uint8."""
    small = shrink(grey(pixels))
    scale = max(pixels.shape[:2]) / max(small.shape)
    ink = cv2.adaptiveThreshold(
        small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _NEIGHBOURHOOD, _darker(small)
    )
    # no more bits of ink than rows' runs of it; labels of 16 bits take a third of the time
    labels = cv2.CV_16U if np.count_nonzero(ink[:, 1:] > ink[:, :-1]) + len(ink) < _LABELS else cv2.CV_32S
    _, _, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=labels)
    boxes = found[1:, :4].astype(np.float32)
    width, height = boxes[:, 2], boxes[:, 3]
    likely = (height >= _LOWEST) & (height <= _HIGHEST) & (width > _SLIMMEST * height) & (width < _WIDEST * height)
    if likely.sum() < _FEWEST:
        return Glyphs(np.empty((0, 4), np.float32), 0.0, 0.0)
    usual = _usual(height[likely])
    letters = likely & (height > usual / _SPREAD) & (height < usual * _SPREAD)
    specks = np.maximum(width, height) < usual / 3
    return Glyphs(boxes[letters] * scale, usual * scale, float(specks.sum() / max(1, letters.sum())))


def tones(pixels: ImageU8) -> tuple[float, float]:
    """Return the grey levels of a page's ink and of its paper, (H, W) uint8; they are near where it is blank."""
    sample = shrink(pixels)[::3, ::3]  # of the shrunk page: grain is averaged out
    dark, paper = np.percentile(sample, (_INK_SHARE, 50))
    return float(dark), float(paper)


def _darker(small: ImageU8) -> float:
    dark, paper = tones(small)
    return max(_LEAST_DARKER, _DARKER * (paper - dark))


def _usual(heights: F32) -> float:
    """Return the height below which half of the ink's height lies: dirt is many but low."""
    ordered = np.sort(heights)
    share = np.cumsum(ordered)
    return float(ordered[np.searchsorted(share, share[-1] / 2)])
