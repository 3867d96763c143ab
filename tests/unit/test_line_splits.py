"""Lines that a detector found across the gutter of two columns are cut there, and no others."""

from __future__ import annotations

import textwrap

import numpy as np
import pymupdf
import pytest

from models.arrays import ImageU8
from models.kinds.types import AnnotatedLine
from models.layout.geometry import box_corners
from models.reading.line_splits import split_at_gutters

FONT, LEADING, TOP = 20, 28, 100  # pixels
PROSE = (
    "The council met on Monday to hear about the new bridge. Two firms had sent in their offers, and both "
    "of them were higher than what had been set aside. Several members asked if the work could wait until "
    "the river is low, because the foundations are cheaper to dig in autumn. The engineer answered that "
    "the old bridge would not last. "
) * 5


def drawn(columns: list[list[str]], lefts: list[float], font: str = "helv") -> ImageU8:
    page = pymupdf.open().new_page(width=1400, height=900)
    for lines, left in zip(columns, lefts, strict=True):
        for number, text in enumerate(lines):
            page.insert_text((left, TOP + LEADING * number), text, fontsize=FONT, fontname=font)
    picture = page.get_pixmap()
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)


def across(count: int, left: float = 50, right: float = 1350) -> list[AnnotatedLine]:
    """Return lines from one edge of the page to the other."""
    found = []
    for number in range(count):
        baseline = TOP + LEADING * number
        corners = box_corners((left, baseline - FONT, right, baseline + 8))
        found.append(AnnotatedLine(corners, 0.9, np.zeros(192, np.float32)))
    return found


def width_of(text: str) -> float:
    return float(pymupdf.get_text_length(text, "helv", FONT))


@pytest.mark.parametrize("gutter", [12, 20, 40])
def test_lines_over_two_columns_are_cut_in_the_gutter(gutter: int) -> None:
    lines = textwrap.wrap(PROSE, 55)
    left, right = lines[:8], lines[8:16]
    edge = 60 + max(map(width_of, left)) + gutter
    pixels = drawn([left, right], [60, edge])
    pieces = split_at_gutters(pixels, across(8))
    assert len(pieces) == 16
    for piece in pieces:
        assert piece.corners[:, 0].max() <= edge or piece.corners[:, 0].min() >= edge - gutter - 1


def test_lines_that_were_found_apart_help_to_find_the_gutter_of_the_others() -> None:
    lines = textwrap.wrap(PROSE, 55)
    edge = 60 + max(map(width_of, lines[:10])) + 16
    pixels = drawn([lines[:10], lines[10:20]], [60, edge])
    apart = [
        piece for number in range(6) for piece in (across(10, 50, edge - 8)[number], across(10, edge - 4)[number])
    ]
    assert len(split_at_gutters(pixels, [*apart, *across(10)[6:]])) == 20


@pytest.mark.parametrize("font", ["helv", "cour", "tiro"])
def test_lines_of_one_column_are_left_whole(font: str) -> None:
    pixels = drawn([textwrap.wrap(PROSE, 80)[:20]], [60], font)
    assert len(split_at_gutters(pixels, across(len(textwrap.wrap(PROSE, 80)[:20])))) == len(
        textwrap.wrap(PROSE, 80)[:20]
    )


def test_a_gap_in_a_few_rows_is_no_gutter() -> None:
    lines = textwrap.wrap(PROSE, 100)[:12]
    pixels = drawn([lines, ["Total", "Sum", "Rest"]], [60, 1250])
    assert len(split_at_gutters(pixels, across(12))) == 12
