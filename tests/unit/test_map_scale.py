"""The scale of the detection network's map by the letters of the page."""

from __future__ import annotations

import numpy as np
import pymupdf
import pytest

from models.arrays import ImageU8
from models.detection.map_scale import scale_for_letters

USUAL = 0.3


def page(letter_px: float, rows: int = 20, headline_px: float = 0) -> ImageU8:
    drawn = pymupdf.open().new_page(width=2000, height=2000)
    for row in range(rows):
        drawn.insert_text((50, 300 + 2 * letter_px * row), "minutes of a meeting " * 6, fontsize=letter_px)
    if headline_px:
        drawn.insert_text((50, 250), "NEWS", fontsize=headline_px)
    picture = drawn.get_pixmap()
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)


def test_letters_that_are_large_enough_change_nothing() -> None:
    assert scale_for_letters(page(40), USUAL) == USUAL


@pytest.mark.parametrize("headline_px", [0, 200])
def test_small_letters_ask_for_a_larger_map_whatever_the_headline(headline_px: float) -> None:
    small, smaller = (scale_for_letters(page(size, 30, headline_px), USUAL) for size in (18, 12))
    assert USUAL < small < smaller <= 1


def test_a_page_without_letters_keeps_its_scale() -> None:
    assert scale_for_letters(page(12, rows=0), USUAL) == USUAL


def test_the_map_of_a_huge_sheet_is_bounded() -> None:
    pixels = np.tile(page(12, 30), (5, 5, 1))
    scale = scale_for_letters(pixels, 0.05)
    assert scale > 0.3 and (10_000 * scale) ** 2 <= 16e6 * 1.001
