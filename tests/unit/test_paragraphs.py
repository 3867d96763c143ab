"""Paragraphs: where one ends and the next begins."""

from __future__ import annotations

from models.document import Region
from models.layout.page_layout import lay_out
from models.layout.paragraphs import paragraph_numbers


def region(text: str, x0: float, y0: float, x1: float, y1: float) -> Region:
    return Region(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), text, 1.0, "test")


def column(*tops: float, left: float = 100, right: float = 900, height: float = 30) -> list[Region]:
    return [region(f"line at {top}", left, top, right, top + height) for top in tops]


def test_white_between_lines_ends_a_paragraph() -> None:
    assert paragraph_numbers(column(0, 40, 80, 160, 200, 240)) == [0, 0, 0, 1, 1, 1]


def test_evenly_spaced_lines_are_one_paragraph_however_far_apart() -> None:
    assert paragraph_numbers(column(0, 90, 180, 270)) == [0, 0, 0, 0]


def test_pieces_of_one_row_are_of_one_paragraph() -> None:
    rows = [region("Name", 100, 0, 200, 30), region("Jane", 400, 2, 600, 32), *column(40, 80)]
    assert paragraph_numbers(rows) == [0, 0, 0, 0]


def test_a_first_line_that_is_indented_begins_a_paragraph() -> None:
    lines = [*column(0, 40), *column(80, left=150), *column(120, 160)]
    assert paragraph_numbers(lines) == [0, 0, 1, 1, 1]


def test_a_block_that_is_indented_as_a_whole_is_not_cut_line_by_line() -> None:
    lines = [*column(0, 40), *column(80, 120, 160, left=150)]
    assert paragraph_numbers(lines) == [0] * 5


def test_the_next_column_begins_a_paragraph() -> None:
    lines = [*column(0, 40, right=400), *column(0, 40, left=500)]
    assert paragraph_numbers(lines) == [0, 0, 1, 1]


def test_a_heading_stands_alone() -> None:
    lines = [*column(0, height=60), *column(65, 105, 145)]
    assert paragraph_numbers(lines) == [0, 1, 1, 1]


def test_a_page_without_lines_has_none() -> None:
    assert paragraph_numbers([]) == []


def test_every_region_is_kept_and_numbered() -> None:
    lines = column(0, 40, 160)
    assert [(found.text, found.paragraph) for found in lay_out(lines).regions] == [
        ("line at 0", 0), ("line at 40", 0), ("line at 160", 1),
    ]  # fmt: skip
