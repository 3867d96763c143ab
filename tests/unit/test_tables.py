"""Tables are found by what stands on a page, and what is none is left as text."""

from __future__ import annotations

from itertools import pairwise

import pytest

from models.document import Region, Table
from models.layout.geometry import corners_of
from models.layout.page_layout import PageLayout, lay_out
from models.layout.reading_order import in_reading_order

ITEMS = [["Bolt M4", "12", "1.20"], ["Nut", "7", "10.35"], ["Washer, large", "140", "0.05"], ["Screw", "3", "9.00"]]


def line(text: str, x: float, y: float, *, right: bool = False, height: float = 30) -> Region:
    """Return a line that begins at x, or ends there; letters are 15 pixels wide."""
    x0 = x - 15 * len(text) if right else x
    return Region(corners_of((x0, y, x0 + 15 * len(text), y + height)), text, 0.9, "test")


def rows(cells: list[list[str]], y: float = 100, x: float = 100, step: float = 45) -> list[Region]:
    """Return a first column that is level on the left, and others that are so on the right."""
    return [
        line(text, x + 250 * column + (180 if column else 0), y + step * row, right=column > 0)
        for row, texts in enumerate(cells)
        for column, text in enumerate(texts)
        if text
    ]


def laid_out(regions: list[Region]) -> PageLayout:
    return lay_out(in_reading_order(regions))


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_rows_whose_cells_align_are_a_table() -> None:
    page = laid_out(
        [line("Delivered on Monday", 100, 20), *rows(ITEMS), line("Thank you for your order", 100, 400)]
    )
    assert [texts(table) for table in page.tables] == [ITEMS]
    assert [(one.role, one.table) for one in page.paragraphs] == [(None, None), ("table", 0), (None, None)]
    assert page.paragraphs[1].text.splitlines() == [" ".join(row) for row in ITEMS]


def test_the_items_of_a_receipt_are_a_table() -> None:
    items = [["Milk 1 l", "1.29"], ["Bread", "3.49"], ["Butter", "2.19"], ["Apples", "4.05"]]
    assert [texts(table) for table in laid_out(rows(items)).tables] == [items]


def test_an_empty_cell_keeps_its_place() -> None:
    cells = [*ITEMS, ["Shipping", "", "4.90"]]
    (table,) = laid_out(rows(cells)).tables
    assert texts(table)[-1] == ["Shipping", "", "4.90"]
    assert {len(row) for row in table.rows} == {3}


def test_two_tables_on_a_page_are_two() -> None:
    page = laid_out([*rows(ITEMS), line("The second delivery came later", 100, 420), *rows(ITEMS[:3], y=600)])
    assert [texts(table) for table in page.tables] == [ITEMS, ITEMS[:3]]
    assert [one.table for one in page.paragraphs if one.role == "table"] == [0, 1]


def test_cells_lie_in_their_table_and_apart() -> None:
    (table,) = laid_out(rows(ITEMS)).tables
    (x0, y0), _, (x1, y1), _ = table.polygon
    for row in table.rows:
        for cell, following in pairwise(row):
            assert cell.polygon[1] == following.polygon[0]
        assert (row[0].polygon[0][0], row[-1].polygon[2][0]) == (x0, x1)
    assert (table.rows[0][0].polygon[0][1], table.rows[-1][0].polygon[2][1]) == (y0, y1)


@pytest.mark.parametrize(
    "cells",
    [
        [["Name:", "Jane Doe"], ["Born:", "1970"], ["Phone:", "555 1234"], ["Room:", "12"]],
        [
            ["Smith & Sons", "Baker Ltd"],
            ["12 High Street", "9 Mill Lane"],
            ["York", "Leeds"],
            ["England", "England"],
        ],
        [["1.", "Apples"], ["2.", "Pears"], ["3.", "Plums"], ["4.", "Cherries"]],
        [["Introduction", "1"], ["Methods", "4"], ["Results", "11"], ["Index", "30"]],
        [["Milk", "1.29"], ["Bread", "3.49"]],
        [["x + y", "=", "1"], ["y + z", "=", "0"], ["x + z", "=", "1"]],
    ],
    ids=["form", "addresses", "list", "contents", "two-rows", "equations"],
)
def test_what_is_no_table_is_none(cells: list[list[str]]) -> None:
    page = laid_out(rows(cells))
    assert (page.tables, [one.role for one in page.paragraphs if one.role == "table"]) == ((), [])


def test_prose_in_two_columns_is_no_table() -> None:
    left = [
        "the committee met and heard what",
        "was brought before it by those who",
        "live beside the river and use it",
    ]
    right = [
        "again in the spring of 1998 when",
        "floods had taken the bridge and all",
        "that stood near it was under water",
    ]
    page = [line(text, 100, 100 + 45 * n) for n, text in enumerate(left * 4)]
    page += [line(text, 700, 100 + 45 * n) for n, text in enumerate(right * 4)]
    assert laid_out(page).tables == ()


def test_a_page_without_lines_has_none() -> None:
    assert laid_out([]) == PageLayout((), (), ())
