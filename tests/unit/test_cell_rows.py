"""Rows of cells are found where each has a character at most; underlined words and tables are none."""

from __future__ import annotations

import numpy as np
import pymupdf
import pytest

from models.arrays import ImageU8
from models.pages.glyphs import find_readable_glyphs
from models.reading.cell_rows import CellRow, find_cell_rows
from tests.drawing.forms import Style, cell_page


def found(pixels: ImageU8) -> list[CellRow]:
    return find_cell_rows(pixels, find_readable_glyphs(pixels).height)


@pytest.mark.parametrize("style", ["boxes", "comb", "pale boxes"])
@pytest.mark.parametrize(("cell", "dpi"), [(14, 300), (20, 200), (26, 150)])
def test_each_cell_is_found_with_its_character(style: Style, cell: float, dpi: int) -> None:
    texts = ["DE4450010517", "17031981", "SMITH JOHN"]
    rows = found(cell_page(texts, style, cell=cell, dpi=dpi, noise=5))
    assert [[box is not None for box in row.ink] for row in rows] == [
        [character != " " for character in text] for text in texts
    ]
    for row in rows:
        for inside, ink in zip(row.cells, row.ink, strict=True):
            assert ink is None or inside[0] <= (ink[0] + ink[2]) / 2 <= inside[2]


def test_cells_with_nothing_in_them_are_found_too() -> None:
    (row,) = found(cell_page(["        "], "boxes"))
    assert row.ink == (None,) * 8


def drawn(page: pymupdf.Page) -> ImageU8:
    picture = page.get_pixmap(dpi=200)
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)


@pytest.mark.parametrize("drop", [1, 2, 3])
def test_underlined_words_are_no_cells(drop: float) -> None:
    page = pymupdf.open().new_page(width=595, height=300)
    for row, text in enumerate(["EXECUTIVE VICE-PRESIDENT", "THE FOLLOWING DOCUMENTS", "HILLIARD WILLIAMSON"]):
        y = 60 + 60 * row
        page.insert_text((50, y), text, fontname="cour", fontsize=14)
        page.draw_line((50, y + drop), (50 + pymupdf.get_text_length(text, "cour", 14), y + drop))
    assert not found(drawn(page))


def test_the_cells_of_tables_and_calendars_hold_words() -> None:
    page = pymupdf.open().new_page(width=595, height=400)
    for row in range(5):
        for column in range(7):
            x, y = 50 + 30 * column, 50 + 24 * row
            page.draw_rect((x, y, x + 30, y + 24))
            page.insert_text((x + 5, y + 17), f"{row * 7 + column + 10}", fontname="helv", fontsize=14)
    assert not found(drawn(page))


def test_a_blank_page_has_none() -> None:
    assert find_cell_rows(np.full((300, 400), 255, np.uint8), 0.0) == []
