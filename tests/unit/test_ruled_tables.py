"""Ruled tables are found by the lines that a PDF draws and by those that a picture shows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest

from models.document import Polygon, Region, Table
from models.layout.geometry import corners_of
from models.layout.page_layout import lay_out
from models.layout.reading_order import in_reading_order
from models.options import ReadOptions
from models.pages.rules import find_rules
from models.pipeline import PagePipeline

WORDS = [
    ["Fruit", "Colour", "Shape"],
    ["Apple", "red", "round"],
    ["Pear", "green", "long"],
    ["Plum", "blue", "oval"],
]


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def line(text: str, x: float, y: float) -> Region:
    return Region(corners_of((x, y, x + 15 * len(text), y + 30)), text, 0.9, "test")


def words(cells: list[list[str]] = WORDS) -> list[Region]:
    found = [
        line(text, 110 + 200 * c, 110 + 50 * r) for r, row in enumerate(cells) for c, text in enumerate(row) if text
    ]
    return in_reading_order(found)


def grid(rows: int = 4, columns: int = 3) -> list[Polygon]:
    """Return the rules of a grid with cells of 200 by 50 pixels."""
    right, bottom = 100 + 200 * columns, 100 + 50 * rows
    level: list[Polygon] = [((100, 100 + 50 * r), (right, 100 + 50 * r)) for r in range(rows + 1)]
    upright: list[Polygon] = [((100 + 200 * c, 100), (100 + 200 * c, bottom)) for c in range(columns + 1)]
    return level + upright


def test_words_in_a_grid_are_a_table() -> None:
    page = lay_out(words(), rules=grid())
    assert [texts(table) for table in page.tables] == [WORDS]
    assert page.tables[0].rows[1][2].polygon == corners_of((500, 150, 700, 200))
    assert [one.role for one in page.paragraphs] == ["table"]


def test_the_same_words_without_rules_are_none() -> None:
    assert lay_out(words()).tables == ()


def test_a_cell_without_a_rule_in_it_reaches_over_two() -> None:
    rules = [rule for rule in grid() if rule[0] != (300, 100)]
    rules.append(((300, 150), (300, 300)))  # none in the first row
    (table,) = lay_out(words([["Fruit and colour", "", "Shape"], *WORDS[1:]]), rules=rules).tables
    assert [(cell.text, cell.column_span) for cell in table.rows[0]] == [("Fruit and colour", 2), ("Shape", 1)]
    assert texts(table)[1:] == WORDS[1:]


def test_a_cell_reaches_over_two_rows() -> None:
    rules = [rule for rule in grid() if rule[0] != (100, 200)]
    rules.append(((300, 200), (700, 200)))  # none in the first column
    (table,) = lay_out(words([*WORDS[:2], ["", "green", "long"], WORDS[3]]), rules=rules).tables
    assert [len(row) for row in table.rows] == [3, 3, 2, 3]
    assert (table.rows[1][0].text, table.rows[1][0].row_span) == ("Apple", 2)


def test_a_frame_around_text_is_no_table() -> None:
    assert lay_out(words(), rules=grid(1, 1)).tables == ()


def test_an_empty_grid_is_no_table() -> None:
    assert lay_out(words([["Chart", "", ""]]), rules=grid()).tables == ()


@pytest.mark.parametrize("degrees", [0.0, 3.0, 90.0])
def test_rules_of_a_picture_are_where_they_are_drawn(degrees: float) -> None:
    page = np.full((1200, 1200), 255, np.uint8)
    cv2.rectangle(page, (200, 300), (900, 700), 0, 3)
    cv2.putText(page, "letters are no rules", (250, 500), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 0, 3)
    turn = cv2.getRotationMatrix2D((600, 600), -degrees, 1)  # clockwise
    rotated = np.asarray(cv2.warpAffine(page, turn, (1200, 1200), borderValue=255), np.uint8)
    found = find_rules(rotated, degrees)
    corners = np.array([[200, 300], [900, 300], [900, 700], [200, 700]]) @ turn[:, :2].T + turn[:, 2]
    assert len(found) == 4
    for corner in corners:
        assert (np.linalg.norm(found - corner, axis=2).min(axis=1) < 8).sum() == 2  # two rules end there


def draw(path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 60), "Fruit of the season")
    for r in range(5):
        page.draw_line((72, 80 + 24 * r), (432, 80 + 24 * r))
    for c in range(4):
        page.draw_line((72 + 120 * c, 80), (72 + 120 * c, 176))
    for r, row in enumerate(WORDS):
        for c, text in enumerate(row):
            page.insert_text((78 + 120 * c, 96 + 24 * r), text)
    document.save(path)


def test_a_pdf_that_draws_rules_has_its_table_from_the_layer(tmp_path: Path) -> None:
    draw(tmp_path / "fruit.pdf")
    reading = PagePipeline().transcribe(tmp_path / "fruit.pdf", 0, ReadOptions())
    assert (reading.method, [texts(table) for table in reading.tables]) == ("text_layer", [WORDS])
