"""A table that is read from its picture is the one that its text layer has."""

from __future__ import annotations

from pathlib import Path

import pymupdf

from models.options import ReadOptions
from models.pipeline import PagePipeline

ROWS = [
    ["Fruit", "Colour", "Weight"],
    ["Apple", "Green", "150"],
    ["Pear", "Yellow", "180"],
    ["Plum", "Violet", "40"],
]


def draw(path: Path, *, rules: bool) -> None:
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 60), "Fruit of the season, weighed on Monday")
        for number, row in enumerate(ROWS):
            for column, text in enumerate(row):
                page.insert_text((78 + 120 * column, 96 + 24 * number), text)
        if rules:
            for number in range(5):
                page.draw_line((72, 80 + 24 * number), (432, 80 + 24 * number))
            for column in range(4):
                page.draw_line((72 + 120 * column, 80), (72 + 120 * column, 176))
        document.save(path)


def test_tables_of_pictures_are_those_of_layers(tmp_path: Path) -> None:
    pipeline = PagePipeline()
    for rules in (True, False):
        path = tmp_path / f"fruit-{rules}.pdf"
        draw(path, rules=rules)
        layer = pipeline.transcribe(path, 0, ReadOptions())
        seen = pipeline.transcribe(path, 0, ReadOptions(force_ocr=True))
        for reading in (layer, seen):
            assert [[[cell.text for cell in row] for row in table.rows] for table in reading.tables] == [ROWS]
    pipeline.close()
