"""Glyph components of a page: connected ink of the size of letters, found in milliseconds and without a network.

Everything that decides about a page before it is read is measured on these: its skew, the height of its letters,
and how much dirt lies between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import F32, ImageU8
from models.pages.ink import components, ink_on_uneven_paper, tones
from models.pages.pixels import MEASURED_LONG_SIDE_PX, grey, shrink

# Lengths are in pixels of the shrunk page, on which letters of 6 points are 12 pixels high.
PAPER_WINDOW_PX = 51  # around a pixel, whose mean is its paper's tone: wider than any stroke
MIN_INK_DEPTH = 0.25  # of the page's contrast, by which ink is darker than its paper: fainter bits are no ink
MIN_INK_DEPTH_LEVELS = 8  # the same in grey levels: grain of empty paper
MIN_GLYPH_HEIGHT_PX, MAX_GLYPH_HEIGHT_PX = 5, 90  # lower is dirt; higher is a picture, a rule or a frame
MIN_ASPECT, MAX_ASPECT = 0.08, 6.0  # width by height of an `l`, and of a word whose letters touch
MAX_HEIGHT_RATIO = 2.2  # letters of one page are at most this many times as high, or as low, as usual
MIN_LETTER_TO_SPECK = 3  # letters are at least this many times as high as a speck is long
MIN_GLYPHS = 3
MIN_MEASURED_HEIGHT_PX = 10.0  # of lower letters only the tallest are left on the shrunk page


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The glyph components of a page.

    Attributes:
        boxes: x, y, width, height, (n, 4) float32 pixels of the page.
        height: The usual height of a letter in pixels of the page; 0 where there are none.
        specks: How many components are too small to be letters, per letter.
    """

    boxes: F32
    height: float
    specks: float


def page_ink(small: ImageU8, least_depth: float = MIN_INK_DEPTH) -> ImageU8:
    """Return the ink of a shrunk grey page, (h, w) uint8, as 1.

    Args:
        least_depth: Share of the page's contrast by which ink is darker than its paper.
    """
    dark, paper = tones(small)
    return ink_on_uneven_paper(small, PAPER_WINDOW_PX, max(MIN_INK_DEPTH_LEVELS, least_depth * (paper - dark)))


def find_glyphs(pixels: ImageU8, longest_side: int = MEASURED_LONG_SIDE_PX) -> Glyphs:
    """Return the glyph components of a page.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        longest_side: Pixels to which the page is shrunk first.
    """
    small = shrink(grey(pixels), longest_side)
    scale = max(pixels.shape[:2]) / max(small.shape)
    boxes = components(page_ink(small)).boxes.astype(np.float32)
    width, height = boxes[:, 2], boxes[:, 3]
    is_high = (height >= MIN_GLYPH_HEIGHT_PX) & (height <= MAX_GLYPH_HEIGHT_PX)
    candidates = is_high & (width > MIN_ASPECT * height) & (width < MAX_ASPECT * height)
    if candidates.sum() < MIN_GLYPHS:
        return Glyphs(np.empty((0, 4), np.float32), 0.0, 0.0)
    usual = _usual(height[candidates])
    letters = candidates & (height > usual / MAX_HEIGHT_RATIO) & (height < usual * MAX_HEIGHT_RATIO)
    specks = np.maximum(width, height) < usual / MIN_LETTER_TO_SPECK
    return Glyphs(boxes[letters] * scale, usual * scale, float(specks.sum() / max(1, letters.sum())))


def find_readable_glyphs(pixels: ImageU8, enough_px: float | None = None) -> Glyphs:
    """Return the glyph components as `find_glyphs` does, measured on a larger page where letters are small.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        enough_px: Height of letters on the page from which on it does not matter; None where it does.
    """
    longest, side = max(pixels.shape[:2]), MEASURED_LONG_SIDE_PX
    while True:
        glyphs = find_glyphs(pixels, side)
        is_measured = glyphs.height * side / longest >= MIN_MEASURED_HEIGHT_PX
        if side >= longest or is_measured or (enough_px is not None and glyphs.height >= enough_px):
            return glyphs
        side *= 2


def _usual(heights: F32) -> float:
    """Return the height below which half of the ink's height lies: bits of dirt are many but low."""
    ordered = np.sort(heights)
    cumulative = np.cumsum(ordered)
    return float(ordered[np.searchsorted(cumulative, cumulative[-1] / 2)])
