from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.document import Region
from models.layout.geometry import bounds, box_polygon, clip
from models.layout.reading_order import in_reading_order, page_text

sides = st.integers(0, 2000)
boxes = st.tuples(sides, sides, st.integers(1, 400), st.integers(1, 80)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def region(text: str, x0: float, y0: float, x1: float, y1: float) -> Region:
    return Region(box_polygon((x0, y0, x1, y1), 5000, 5000), text, 0.9, "test")


@given(st.lists(boxes, max_size=40))
def test_nothing_is_added_or_lost(found: list[tuple[int, int, int, int]]) -> None:
    regions = [region(str(number), *box) for number, box in enumerate(found)]
    assert sorted(r.text for r in in_reading_order(regions)) == sorted(r.text for r in regions)


@given(st.permutations(range(6)))
def test_lines_of_one_column_come_from_top_to_bottom(order: list[int]) -> None:
    regions = [region(str(n), 100, 50 * n, 900, 50 * n + 30) for n in order]
    assert [r.text for r in in_reading_order(regions)] == list("012345")


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [region(f"l{n}", 100, 50 * n, 900, 50 * n + 30) for n in range(8)]
    right = [region(f"r{n}", 1100, 50 * n + 10, 1900, 50 * n + 40) for n in range(8)]
    assert [r.text for r in in_reading_order([*right, *left])] == [r.text for r in [*left, *right]]


def test_a_heading_over_two_columns_comes_first() -> None:
    heading = region("h", 100, 0, 1900, 60)
    left = [region(f"l{n}", 100, 200 + 50 * n, 900, 230 + 50 * n) for n in range(5)]
    right = [region(f"r{n}", 1100, 200 + 50 * n, 1900, 230 + 50 * n) for n in range(5)]
    assert [r.text for r in in_reading_order([*right, *left, heading])] == ["h", *(r.text for r in [*left, *right])]


def test_pieces_of_one_row_become_one_line() -> None:
    row = [region("total", 100, 100, 300, 130), region("17.10", 600, 103, 700, 131)]
    below = region("thanks", 100, 160, 400, 190)
    assert page_text(in_reading_order([below, row[1], row[0]])) == "total 17.10\nthanks"


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=3, max_size=8))
def test_clipped_polygons_stay_on_the_page(points: list[tuple[float, float]]) -> None:
    x0, y0, x1, y1 = bounds(clip(points, 640, 480))
    assert 0 <= x0 <= x1 <= 640
    assert 0 <= y0 <= y1 <= 480


@pytest.mark.parametrize("degrees", [-12.0, -1.5, 0.8, 15.0])
def test_the_rows_of_a_tilted_page_stay_rows(degrees: float) -> None:
    cells = [(n, side, x) for n in range(9) for side, x in (("a", 0), ("b", 520))]
    straight = [region(f"{n}{side}", x, 60 * n, x + 500, 60 * n + 30) for n, side, x in cells]
    rotated = [rotate(piece, degrees) for piece in straight]
    text = page_text(in_reading_order(rotated[::-1], degrees), degrees)
    assert text.split("\n") == [f"{n}a {n}b" for n in range(9)]


def rotate(piece: Region, degrees: float) -> Region:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return dataclasses.replace(
        piece, polygon=tuple((x * cos - y * sin, x * sin + y * cos) for x, y in piece.polygon)
    )


def test_text_along_the_edge_comes_last() -> None:
    lines = [region(f"line {n}", 100, 50 * n, 900, 50 * n + 30) for n in range(5)]
    number = region("00283813", 1000, 60, 1040, 200)
    assert [r.text for r in in_reading_order([number, *lines])][-1] == "00283813"


def test_a_line_that_slopes_still_is_no_row_of_the_line_above_it() -> None:
    above = region("above", 110, 0, 700, 66)
    slope = 30
    sloping = dataclasses.replace(
        region("sloping", 100, 0, 0, 0),
        polygon=((100, 28 + slope), (1900, 28), (1900, 92), (100, 92 + slope)),
    )
    ordered = in_reading_order([sloping, above])
    assert page_text(ordered) == "above\nsloping"


def test_what_stands_alone_under_a_table_comes_before_what_follows_below() -> None:
    """The total, on the right, before the lines on the left that stand under it."""
    items = [region(f"item {n}", 50, 100 + 40 * n, 300, 130 + 40 * n) for n in range(3)]
    amounts = [region(f"{n}.50", 700, 100 + 40 * n, 800, 130 + 40 * n) for n in range(3)]
    below = [region("Please pay within 14 days", 50, 310, 500, 340), region("Thank you", 50, 350, 400, 380)]
    total = region("4.50", 700, 240, 800, 270)
    assert page_text(in_reading_order([*below, *items, *amounts, total])).splitlines() == [
        "item 0 0.50", "item 1 1.50", "item 2 2.50", "4.50", "Please pay within 14 days", "Thank you",
    ]  # fmt: skip
