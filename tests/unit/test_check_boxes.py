"""Check boxes are found where they stand alone, with what is in them; letters, cells and bullets are none."""

from __future__ import annotations

import cv2
import numpy as np
import pymupdf
import pytest

from models.arrays import ImageU8
from models.pages.glyphs import find_glyphs
from models.reading.check_boxes import CheckBox, blanked, find_check_boxes


def form(side: int = 28, mark: str = "", text: str = "Smoker", gap: int = 20, thickness: int = 2) -> ImageU8:
    """Return a page with four lines of a form, a box before each."""
    drawn = pymupdf.open().new_page(width=700, height=400)
    for row in range(4):
        drawn.insert_text((80 + side + gap, 82 + 70 * row), f"{text} and more of it", fontsize=24)
    picture = drawn.get_pixmap()
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3).copy()
    for row in range(4):
        x, y = 80, 60 + 70 * row
        cv2.rectangle(pixels, (x, y), (x + side, y + side), (0, 0, 0), thickness)
        if mark == "cross":
            cv2.line(pixels, (x + 4, y + 4), (x + side - 4, y + side - 4), (0, 0, 0), 2)
            cv2.line(pixels, (x + side - 4, y + 4), (x + 4, y + side - 4), (0, 0, 0), 2)
        if mark == "tick":
            corners = [(x + 5, y + side // 2), (x + side // 2 - 2, y + side - 6), (x + side - 2, y + 2)]
            cv2.polylines(pixels, [np.array(corners, np.int32)], False, (20, 20, 120), 3)
        if mark == "dirt":
            cv2.circle(pixels, (x + side // 2, y + side // 2), 1, (0, 0, 0), -1)
    return pixels


def found(pixels: ImageU8) -> list[CheckBox]:
    return find_check_boxes(pixels, find_glyphs(pixels).height)


@pytest.mark.parametrize("side", [18, 28, 40])
@pytest.mark.parametrize(("mark", "is_ticked"), [("", False), ("cross", True), ("tick", True), ("dirt", False)])
def test_boxes_are_found_with_what_is_in_them(side: int, mark: str, is_ticked: bool) -> None:
    boxes = found(form(side, mark))
    assert [box.is_ticked for box in boxes] == [is_ticked] * 4
    for row, box in enumerate(sorted(boxes, key=lambda one: one.box[1])):
        assert box.box == pytest.approx((80, 60 + 70 * row, 80 + side, 60 + 70 * row + side), abs=3)


@pytest.mark.parametrize("text", ["ODOQB 0880", "DOOR NO 80", "國口回田國"])
def test_letters_are_no_boxes(text: str) -> None:
    drawn = pymupdf.open().new_page(width=700, height=400)
    for row in range(4):
        font = "china-t" if ord(text[0]) > 255 else "hebo"
        drawn.insert_text((80, 82 + 70 * row), text, fontsize=30, fontname=font)
    picture = drawn.get_pixmap()
    assert not found(np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3))


def test_bullets_and_cells_of_a_table_are_no_boxes() -> None:
    pixels = form()
    pixels[50:, 70:115] = 255
    for row in range(4):
        cv2.rectangle(pixels, (80, 64 + 70 * row), (96, 80 + 70 * row), (0, 0, 0), -1)
    for row in range(5):
        cv2.line(pixels, (450, 60 + 60 * row), (690, 60 + 60 * row), (0, 0, 0), 2)
        cv2.line(pixels, (450 + 60 * row, 60), (450 + 60 * row, 300), (0, 0, 0), 2)
    assert not found(pixels)


def test_the_page_is_paper_where_the_boxes_were() -> None:
    pixels = form(mark="cross")
    boxes = found(pixels)
    assert (blanked(pixels, boxes)[55:95, 75:115] == 255).all()
    assert (pixels[55:95, 75:115] < 255).any()
    assert not found(blanked(pixels, boxes))
