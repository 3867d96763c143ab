"""Paragraphs have a role where marks, height and place show it, and none where they do not."""

from __future__ import annotations

from models.document import Region
from models.layout.geometry import corners_of
from models.layout.page_layout import lay_out
from models.layout.reading_order import in_reading_order

PROSE = [
    "The committee met and heard what was",
    "brought before it by those who live",
    "beside the river and use its water",
]


def line(text: str, y: float, *, x: float = 100, height: float = 30) -> Region:
    return Region(corners_of((x, y, x + 0.5 * height * len(text), y + height)), text, 0.9, "test")


def prose(y: float) -> list[Region]:
    return [line(text, y + 40 * number) for number, text in enumerate(PROSE)]


def roles(*regions: Region) -> list[str | None]:
    return [one.role for one in lay_out(in_reading_order(list(regions))).paragraphs]


def test_large_letters_over_running_text_are_a_heading() -> None:
    assert roles(line("On rivers", 0, height=60), *prose(120)) == ["heading", "body"]


def test_large_letters_without_running_text_have_no_role() -> None:
    assert roles(line("On rivers", 0, height=60), line("Jane Doe", 120)) == [None, None]


def test_page_numbers_are_header_and_footer_where_they_are_outermost() -> None:
    assert roles(line("12", 0, x=500), *prose(200), line("Page 3 of 7", 900, x=400)) == ["header", "body", "footer"]
    assert roles(*prose(200), line("1998", 500), *prose(700)) == ["body", None, "body"]


def test_captions_begin_with_their_name_and_number() -> None:
    shown = roles(*prose(0), line("Figure 2: the river in spring", 400), *prose(700))
    assert shown == ["body", "caption", "body"]
    assert roles(*prose(0), line("Figure 2 shows the river in spring", 400), *prose(700))[1] is None


def test_list_items_have_marks_or_count_on() -> None:
    assert roles(*prose(0), line("• water", 300), line("• land", 400)) == ["body", "list", "list"]
    assert roles(*prose(0), line("1. Water", 300), line("2. Land", 400)) == ["body", "list", "list"]
    assert roles(line("3. Water", 0), *prose(200)) == [None, "body"]


def test_small_letters_with_a_mark_under_the_text_are_a_footnote() -> None:
    note = line("1 See the report of the committee", 600, height=20)
    assert roles(*prose(0), note, line("7", 800, x=500)) == ["body", "footnote", "footer"]
    assert roles(*prose(0), note, *prose(800))[1] is None
