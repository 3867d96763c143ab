"""Sideways parts of a page, as tables and stamps along a margin: read in their own direction, after the rest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from models.arrays import ImageU8
from models.document import PageReading, Region
from models.layout.geometry import box_corners, corners_of, from_start
from models.layout.page_layout import lay_out
from models.layout.reading_order import in_reading_order, page_text, quarter_turns
from models.options import ReadOptions
from models.pipeline import PagePipeline
from models.reading.page_line import PageLine
from models.reading.sideways import is_sideways, set_directions
from models.recognition.types import LineReading

TABLE = [
    ["Slipway", "453", "6017", "2819"], ["South quay", "4422", "1167", "5037"], ["North quay", "9864", "5636", "7"],
    ["Dry dock", "7842", "2985", "4297"], ["West mole", "5959", "672", "9095"],
]  # fmt: skip
PROSE = [
    "The harbour board met on Thursday to hear the report",
    "of the survey office. Three bids had been received.",
]
STAMP = "arXiv:2611.01234v1 [cs.DL] 27 Nov 2026"
LEADING = 22  # points


def page_with_table(degrees: int, *, stamp: bool = False) -> pymupdf.Document:
    """Return a page of prose with a table below it that is rotated counter-clockwise, 90 or 270 degrees."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    for number, line in enumerate(PROSE):
        page.insert_text((80, 80 + 18 * number), line, fontsize=12)
    for row, cells in enumerate(TABLE):
        for column, cell in enumerate(cells):
            along, across = 110 * column, LEADING * row
            origin = (200 + across, 780 - along) if degrees == 90 else (400 - across, 300 + along)
            page.insert_text(origin, cell, fontsize=12, rotate=degrees)
    if stamp:
        page.insert_text((30, 600), STAMP, fontsize=14, rotate=90)
    return document


def read(folder: Path, document: pymupdf.Document, **options: bool) -> PageReading:
    document.save(folder / "page.pdf")
    with closing(PagePipeline()) as pipeline:
        return pipeline.transcribe(folder / "page.pdf", 0, ReadOptions.model_validate(options))


@pytest.mark.parametrize("degrees", [90, 270])
def test_a_sideways_table_of_a_text_layer_is_read_row_by_row(tmp_path: Path, degrees: int) -> None:
    reading = read(tmp_path, page_with_table(degrees))
    assert reading.method == "text_layer"
    assert reading.text.splitlines() == [*PROSE, *map(" ".join, TABLE)]
    assert len({region.paragraph for region in reading.regions if region.text in PROSE}) == 1
    assert not {"453", PROSE[1]} <= set(reading.paragraphs)


def test_a_stamp_along_the_margin_is_a_part_of_its_own(tmp_path: Path) -> None:
    reading = read(tmp_path, page_with_table(270, stamp=True))
    assert reading.text.splitlines() == [*PROSE, *map(" ".join, TABLE), STAMP]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_directions_are_those_on_the_page_as_shown(tmp_path: Path, rotation: int) -> None:
    document = page_with_table(90)
    document[0].set_rotation(rotation)
    reading = read(tmp_path, document)
    turns = {
        region.text: turn for region, turn in zip(reading.regions, quarter_turns(reading.regions), strict=True)
    }
    assert turns[PROSE[0]] == rotation // 90
    assert turns["453"] == (rotation // 90 + 3) % 4


def piece(text: str, box: tuple[float, float, float, float], turn: int) -> Region:
    return Region(from_start(corners_of(box), turn), text, 0.9, "none")


@pytest.mark.parametrize("rotation", [0.0, 90.0, 180.0, -90.0])
def test_a_page_on_its_side_has_no_sideways_part(rotation: float) -> None:
    turn = int(rotation // 90) % 4
    regions = [piece("one", (0, 0, 90, 20), turn), piece("two", (100, 0, 190, 20), turn)]
    assert quarter_turns(regions, rotation) == [0, 0]


def test_a_short_sideways_line_is_no_part_of_the_row_beside_it() -> None:
    regions = [piece("7", (300, 0, 320, 18), 3), piece("The total", (0, 0, 100, 20), 0)]
    ordered = lay_out(in_reading_order(regions)).regions
    assert page_text(ordered) == "The total\n7"
    assert [region.paragraph for region in ordered] == [0, 1]


class Recogniser:
    """Reads a crop by the shade of its first pixel, which shows which way up it is."""

    name = "fake"

    def __init__(self, readings: dict[int, tuple[str, float]]) -> None:
        self.readings = readings

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        return [LineReading(*self.readings[int(line[2, 2])]) for line in lines]


TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT = 10, 20, 30  # the first pixel of a crop that stands, that runs down, that runs up


def columns(number: int) -> tuple[ImageU8, list[PageLine]]:
    """Return a page with boxes of ink that are three times as high as wide, and these."""
    pixels = np.full((200, 100 * number), 255, np.uint8)
    lines = []
    for left in range(20, 100 * number, 100):
        box = pixels[20:170, left : left + 50]
        box[30:120, 15:35] = 0
        box[:25, :25], box[:25, 25:], box[125:, :25] = TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT
        lines.append(PageLine(box_corners((left, 20, left + 50, 170)), "printed"))
    return pixels, lines


@pytest.mark.parametrize(("up", "down", "turn"), [(0.9, 0.3, 3), (0.3, 0.9, 1), (0.9, 0.95, 1)])
def test_a_high_box_is_read_the_way_that_is_surer(up: float, down: float, turn: int) -> None:
    pixels, lines = columns(1)
    set_directions(pixels, lines, Recogniser({BOTTOM_LEFT: ("up", up), TOP_RIGHT: ("down", down)}))
    assert lines[0].corners.tolist() == np.roll(box_corners((20, 20, 70, 170)), -turn, axis=0).tolist()
    assert lines[0].as_print is not None and lines[0].as_print.text == {3: "up", 1: "down"}[turn]
    assert is_sideways(lines[0].corners)


def test_a_number_that_is_read_with_little_confidence_either_way_is_no_text() -> None:
    pixels, lines = columns(1)
    set_directions(pixels, lines, Recogniser({BOTTOM_LEFT: ("5912", 0.55), TOP_RIGHT: ("59112", 0.58)}))
    assert lines[0].reading == LineReading("", 0.0) and not is_sideways(lines[0].corners)


def test_words_that_are_read_with_little_confidence_are_left_to_the_other_recognisers() -> None:
    pixels, lines = columns(1)
    set_directions(pixels, lines, Recogniser({BOTTOM_LEFT: ("quay", 0.55), TOP_RIGHT: ("fonb", 0.5)}))
    assert lines[0].reading is None
