"""Specks: bits of ink between letters that are too small to be part of any."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.arrays import F32, ImageU8, Mask
from models.pages.glyphs import Glyphs, tones

_MANY = 0.65  # specks per letter: dots and broken letters make up to 0.6 on pages that are only faded
_PALE = 0.1  # of the contrast, that a pixel is darker than paper: the edges of a speck go with it
# Letter heights. What is smaller and lies away from letters is a speck, and shows how large the specks of this page
# are; dots of i and full stops reach 0.3, but a page with such specks is read better without both.
_SMALL, _LEAST_LIMIT = 0.5, 0.3
_AWAY = 1.0
_NEARLY_ALL = 97.0  # percent
_FEWEST = 20  # specks that tell how large they are
_ROW_REACH = 25.0  # letter heights between two pieces of a row: leaders of a table are not found as text


def has_specks(glyphs: Glyphs) -> bool:
    """Return whether so many specks lie on a page that it is read worse for them."""
    return glyphs.specks > _MANY


def remove_specks(pixels: ImageU8, height: float) -> ImageU8:
    """Return a grey page without ink that is smaller than a third of its letters' height."""
    dark, paper = tones(pixels)
    ink = (pixels < paper - _PALE * (paper - dark)).astype(np.uint8)
    _, labels, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    sizes = found[:, 2:4].max(1)
    small: Mask = sizes < _limit(found[1:].astype(np.float32), height, pixels.shape) * height
    small[0] = False  # the paper
    gone = cv2.dilate(small[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    cleaned = pixels.copy()
    cleaned[gone > 0] = round(paper)
    return cleaned


def _limit(found: F32, height: float, shape: tuple[int, ...]) -> float:
    """Return how large the specks of a page are, in letter heights, by those that lie away from letters.

    Args:
        found: OpenCV's statistics of the connected bits of ink, (n, 5).
        shape: Of the page.
    """
    cell = max(1, int(height / 4))
    near = np.zeros((shape[0] // cell + 1, shape[1] // cell + 1), np.uint8)
    left, top, width, tall = found[:, :4].T
    sizes = np.maximum(width, tall)
    for x, y, w, h in (found[(sizes >= _SMALL * height) & (sizes < 4 * height), :4] // cell).astype(int):
        near[y : y + h + 1, x : x + w + 1] = 1
    near = np.asarray(cv2.dilate(near, np.ones((2 * int(_AWAY * height / cell) + 1,) * 2, np.uint8)), np.uint8)
    rows, columns = ((start + side / 2) // cell for start, side in ((top, tall), (left, width)))
    away = near[rows.astype(int), columns.astype(int)] == 0
    specks = sizes[away & (sizes < _SMALL * height) & (sizes > 0.1 * height)]  # smaller ones harm nothing
    if len(specks) < _FEWEST:
        return _LEAST_LIMIT
    return min(_SMALL, max(_LEAST_LIMIT, 1.1 * float(np.percentile(specks, _NEARLY_ALL)) / height))


def keep_rows(pixels: ImageU8, lines: Sequence[F32], height: float) -> ImageU8:
    """Return a grey page with nothing but the rows of its lines, from where each row begins to where it ends.

    Args:
        lines: Corners of the lines, (4, 2) page pixels; the page is straight.
    """
    cell = 8
    kept = np.zeros((pixels.shape[0] // cell + 1, pixels.shape[1] // cell + 1), np.uint8)
    for corners in lines:
        cv2.fillPoly(kept, [np.round(corners / cell).astype(np.int32)], 1)
    reach = int(_ROW_REACH * height / cell)
    padded = cv2.copyMakeBorder(kept, 0, 0, reach, reach, cv2.BORDER_CONSTANT, value=0)
    joined = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))[:, reach:-reach]
    full = cv2.resize(joined, None, fx=cell, fy=cell, interpolation=cv2.INTER_NEAREST)
    cleaned = pixels.copy()
    cleaned[full[: pixels.shape[0], : pixels.shape[1]] == 0] = round(tones(pixels)[1])
    return cleaned
