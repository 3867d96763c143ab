"""Specks: connected ink between letters that is too small to be part of any."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.arrays import F32, ImageU8, Mask
from models.pages.glyphs import Glyphs
from models.pages.ink import components, ink_on_even_paper, tones

MAX_SPECKS_PER_LETTER = 0.65  # dots and broken letters make up to 0.6 on pages that are only faded
MIN_INK_DEPTH = 0.1  # of the contrast, that a pixel is darker than paper: the pale edges of a speck go with it
# Letter heights. What is smaller than the first and lies farther than the second from any letter is a speck, and
# shows how large the specks of this page are; dots of i and full stops reach 0.3, but a page with such specks is
# read better without both. What is smaller than the last harms nothing.
MAX_SPECK_HEIGHT, MIN_DISTANCE_HEIGHTS = 0.5, 1.0
DOT_HEIGHT = 0.3
MIN_HARMFUL_HEIGHT = 0.1
SPECK_PERCENTILE = 97.0  # of their sizes, above which specks are taken for something else
SPECK_MARGIN = 1.1  # times that size are removed
MIN_SPECKS = 20  # fewer do not show how large they are
MAX_ROW_GAP_HEIGHTS = 25.0  # between two pieces of a row: leaders of a table are not found as text
ROW_CELL_PX = 8  # rows are joined on a page this many times smaller


def has_specks(glyphs: Glyphs) -> bool:
    """Return whether so many specks lie on a page that it is read worse for them."""
    return glyphs.specks > MAX_SPECKS_PER_LETTER


def remove_specks(pixels: ImageU8, height: float) -> ImageU8:
    """Return a grey page without its specks.

    Args:
        height: Of its letters, pixels.
    """
    found = components(ink_on_even_paper(pixels, MIN_INK_DEPTH))
    sizes = found.boxes[:, 2:].max(1)
    small: Mask = sizes < _speck_limit(found.boxes.astype(np.float32), height, pixels.shape) * height
    is_speck = np.concatenate([[False], small])[found.labels]  # label 0 is the paper
    removed = cv2.dilate(is_speck.astype(np.uint8), np.ones((3, 3), np.uint8))
    cleaned = pixels.copy()
    cleaned[removed > 0] = round(tones(pixels)[1])
    return cleaned


def _speck_limit(boxes: F32, height: float, shape: tuple[int, ...]) -> float:
    """Return how large the specks of a page are, in letter heights, by those that lie away from letters.

    Args:
        boxes: left, top, width, height of the components, (n, 4).
        shape: Of the page.
    """
    left, top, width, tall = boxes.T
    sizes = np.maximum(width, tall)
    # a page a quarter of a letter to the cell, on which everything near letters is marked
    cell = max(1, int(height / 4))
    near = np.zeros((shape[0] // cell + 1, shape[1] // cell + 1), np.uint8)
    for x, y, w, h in (boxes[(sizes >= MAX_SPECK_HEIGHT * height) & (sizes < 4 * height)] // cell).astype(int):
        near[y : y + h + 1, x : x + w + 1] = 1
    reach = 2 * int(MIN_DISTANCE_HEIGHTS * height / cell) + 1
    near = np.asarray(cv2.dilate(near, np.ones((reach, reach), np.uint8)), np.uint8)
    rows, columns = ((start + side / 2) // cell for start, side in ((top, tall), (left, width)))
    away = near[rows.astype(int), columns.astype(int)] == 0
    specks = sizes[away & (sizes < MAX_SPECK_HEIGHT * height) & (sizes > MIN_HARMFUL_HEIGHT * height)]
    if len(specks) < MIN_SPECKS:
        return DOT_HEIGHT
    usual = SPECK_MARGIN * float(np.percentile(specks, SPECK_PERCENTILE)) / height
    return min(MAX_SPECK_HEIGHT, max(DOT_HEIGHT, usual))


def keep_rows(pixels: ImageU8, lines: Sequence[F32], height: float) -> ImageU8:
    """Return a grey page with nothing but the rows of its lines, from where each row begins to where it ends.

    Args:
        lines: Corners of the lines, (4, 2) page pixels; the page is deskewed.
        height: Of its letters, pixels.
    """
    cell = ROW_CELL_PX
    kept = np.zeros((pixels.shape[0] // cell + 1, pixels.shape[1] // cell + 1), np.uint8)
    for corners in lines:
        cv2.fillPoly(kept, [np.round(corners / cell).astype(np.int32)], 1)
    # closing along the rows joins their pieces; the border keeps it from joining them with the page's edge
    reach = max(1, int(MAX_ROW_GAP_HEIGHTS * height / cell))  # a page without letters has no height
    padded = cv2.copyMakeBorder(kept, 0, 0, reach, reach, cv2.BORDER_CONSTANT, value=0)
    joined = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))[:, reach:-reach]
    full = cv2.resize(joined, None, fx=cell, fy=cell, interpolation=cv2.INTER_NEAREST)
    cleaned = pixels.copy()
    cleaned[full[: pixels.shape[0], : pixels.shape[1]] == 0] = round(tones(pixels)[1])
    return cleaned
