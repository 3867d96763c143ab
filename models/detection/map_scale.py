"""At what scale a text detection network has to see a page for its letters to be large enough."""

from __future__ import annotations

import math

from models.arrays import ImageU8
from models.pages.glyphs import find_readable_glyphs

# Heights of glyph components on the network's map. On 33 pages (forms, receipts, letters, books, newspapers) scaled
# to 960 pixels, lines were found from 4.9 pixels on; at 3.8 one line in ten was found, and at 3.3 none. Letters of
# the wanted height were all found on sheets of four sizes and shapes; twice the height takes four times as long.
_MIN_GLYPH_HEIGHT_PX = 4.5
_WANTED_GLYPH_HEIGHT_PX = 5.5
_MIN_GLYPHS = 12  # fewer do not show how large letters are
_MAX_MAP_PIXELS = 16e6  # some 8 s on one core


def scale_for_letters(pixels: ImageU8, scale: float) -> float:
    """Return by what factor to scale a page so that its usual letters are found.

    Args:
        pixels: The page, (H, W, 3) RGB or (H, W) grey uint8.
        scale: The factor that a page of its size has as a rule; returned where its letters are large enough.
    """
    glyphs = find_readable_glyphs(pixels, _MIN_GLYPH_HEIGHT_PX / scale)
    if len(glyphs.boxes) < _MIN_GLYPHS or glyphs.height * scale >= _MIN_GLYPH_HEIGHT_PX:
        return scale
    most = min(1.0, math.sqrt(_MAX_MAP_PIXELS / (pixels.shape[0] * pixels.shape[1])))
    return max(scale, min(most, _WANTED_GLYPH_HEIGHT_PX / glyphs.height))
