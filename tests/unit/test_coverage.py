"""Text-like ink under no line is measured; pictures, rules and specks are none."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pymupdf
import pytest

from models.arrays import F32, ImageU8
from models.layout.geometry import box_corners
from models.pages.glyphs import find_glyphs
from models.reading.coverage import UnreadInk, unread_ink

TEXT = "The quick brown fox jumps over the lazy dog near old stones"
SIZE, LEADING, TOP, LEFT = 24, 40, 120, 80  # pixels


def page(rows: int = 10, text: str = TEXT) -> ImageU8:
    drawn = pymupdf.open().new_page(width=1000, height=900)
    for row in range(rows):
        drawn.insert_text((LEFT, TOP + LEADING * row), text, fontsize=SIZE)
    picture = drawn.get_pixmap()
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3).copy()


def lines(*rows: int) -> list[F32]:
    return [box_corners((LEFT - 5, TOP + LEADING * row - SIZE, 800, TOP + LEADING * row + 8)) for row in rows]


def unread(pixels: ImageU8, found: Sequence[F32]) -> UnreadInk:
    return unread_ink(find_glyphs(pixels), pixels.shape, found)


def test_a_page_whose_lines_are_all_known_is_covered() -> None:
    assert unread(page(), lines(*range(10))) == UnreadInk((), 0, 1.0)


def test_a_line_that_was_missed_is_found_with_its_place() -> None:
    ink = unread(page(), lines(0, 1, 2, 3, 5, 6, 7, 8, 9))
    ((x0, y0, x1, y1),) = ink.rows
    assert TOP + 4 * LEADING - SIZE < y0 < y1 < TOP + 4 * LEADING + 10
    assert x0 < LEFT + 10 and x1 > 600
    assert ink.coverage == pytest.approx(0.9, abs=0.02)
    assert ink.glyphs > 30


def test_half_a_line_is_found() -> None:
    half = [*lines(*range(9)), box_corners((LEFT - 5, TOP + 9 * LEADING - SIZE, 400, TOP + 9 * LEADING + 8))]
    ((x0, _, _, _),) = unread(page(), half).rows
    assert 350 < x0 < 470


def test_a_page_of_which_nothing_is_known_is_not_covered() -> None:
    ink = unread(page(3), [])
    assert ink.coverage == 0
    assert len(ink.rows) == 3


def test_a_blank_page_and_a_word_or_two_are_covered() -> None:
    assert unread(page(0), []).coverage == 1
    assert unread(page(1, "No"), []).coverage == 1


def test_rules_frames_specks_and_photographs_are_no_text() -> None:
    pixels = page(3)
    for y in range(400, 560, 20):
        cv2.line(pixels, (80, y), (900, y), (0, 0, 0), 2)
    cv2.rectangle(pixels, (60, 380), (920, 580), (0, 0, 0), 3)
    randomness = np.random.default_rng(5)
    for x, y in zip(randomness.integers(50, 950, 300), randomness.integers(50, 850, 300), strict=True):
        cv2.circle(pixels, (int(x), int(y)), 1, (60, 60, 60), -1)
    shades = cv2.GaussianBlur(randomness.integers(0, 255, (250, 500), np.uint8), (0, 0), 12).astype(np.float32)
    pixels[620:870, 200:700] = (255 * (shades - shades.min()) / (shades.max() - shades.min()))[:, :, None]
    assert unread(pixels, lines(0, 1, 2)).rows == ()
