"""Scans with parts set sideways: a table at 90 and at 270 degrees, and a stamp along the margin."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pymupdf
import pytest

from models.document import PageReading
from models.layout.reading_order import quarter_turns
from models.options import ReadOptions
from models.pipeline import PagePipeline

TABLE = [
    ["Slipway", "453", "6017", "2819"],
    ["South quay", "4422", "1167", "5037"],
    ["North quay", "9864", "5636", "1181"],
    ["Dry dock", "7842", "2985", "4297"],
    ["West mole", "6099", "672", "9095"],
]
PROSE = [
    "The harbour board met on Thursday to hear the report of the survey",
    "office. Three bids had been received for",
    "the repair of the north quay, and none of them was below the sum",
    "that had been set aside in spring by them.",
]
STAMP = "Received by the harbour office, 27 November"


def scan(folder: Path, degrees: int | None, *, stamp: bool = False) -> PageReading:
    """Return what is read of a drawn page with a table that is rotated counter-clockwise, 90 or 270 degrees."""
    page = pymupdf.open().new_page(width=595, height=842)
    for number, line in enumerate(PROSE):
        page.insert_text((80, 80 + 18 * number), line, fontsize=12)
    for row, cells in enumerate(TABLE if degrees else []):
        for column, cell in enumerate(cells):
            along, across = 110 * column, 26 * row
            origin = (200 + across, 780 - along) if degrees == 90 else (400 - across, 300 + along)
            page.insert_text(origin, cell, fontsize=12, rotate=degrees)
    if stamp:
        page.insert_text((30, 600), STAMP, fontsize=14, rotate=90)
    page.get_pixmap(dpi=200).save(folder / "page.png")
    with closing(PagePipeline()) as pipeline:
        return pipeline.transcribe(folder / "page.png", 0, ReadOptions())


@pytest.mark.parametrize(("degrees", "turn"), [(90, 3), (270, 1)])
def test_a_sideways_table_of_a_scan_is_read_in_its_own_direction(tmp_path: Path, degrees: int, turn: int) -> None:
    reading = scan(tmp_path, degrees)
    assert reading.text.splitlines() == [*PROSE, *map(" ".join, TABLE)]
    turns = quarter_turns(reading.regions, reading.rotation)
    assert turns == [0] * len(PROSE) + [turn] * (len(reading.regions) - len(PROSE))


def test_a_stamp_along_the_margin_of_a_scan_is_a_part_of_its_own(tmp_path: Path) -> None:
    assert scan(tmp_path, None, stamp=True).text.splitlines() == [*PROSE, STAMP]
