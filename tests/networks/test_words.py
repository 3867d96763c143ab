"""Words with their places, whatever reads the page."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
import pymupdf
import pytest
import shapely
from typer.testing import CliRunner

from models.document import PageReading
from models.export.registry import FORMATS
from models.export.types import ExportFormat
from models.options import ReadOptions
from models.pipeline import PagePipeline
from streams.cli import app
from tests.drawing.pages import turned

LINES = (
    "The parcel came back on Tuesday,", "unpaid and unopened. We have kept it",
    "in the office for 14 days, as agreed", "with the sender, Mrs. Miller of Leeds;",
    "her letter of 3 May did not arrive.",
)  # fmt: skip
DPI, SIZE = 200, 12
ENGINES: dict[str, dict[str, Any]] = {
    "auto": {},
    "tesseract": {"reader": "tesseract"},
    "ppocr": {"reader": "ppocr"},
    "handwriting": {"reader": "ppocr", "kind_threshold": 0.0},
    "trocr-tiny": {"reader": "ppocr", "kind_threshold": 0.0, "handwritten": "trocr-tiny"},
}


def page(font: str = "helv") -> tuple[npt.NDArray[np.uint8], list[tuple[str, shapely.Polygon]]]:
    """Return a page, (H, W) grey, and its words with the boxes of their letters."""
    document = pymupdf.open()
    sheet = document.new_page(width=330, height=60 + 24 * len(LINES))
    for number, text in enumerate(LINES):
        sheet.insert_text((40, 50 + 24 * number), text, fontsize=SIZE, fontname=font)
    picture = sheet.get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY)
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.stride)[:, : picture.w]
    words = []
    for x0, y0, x1, y1, text, *_ in sheet.get_text("words"):
        left, top, right, bottom = (round(side * DPI / 72) for side in (x0, y0, x1, y1))
        rows, columns = np.nonzero(pixels[top:bottom, left:right] < 160)
        ink = shapely.box(left + columns.min(), top + rows.min(), left + columns.max() + 1, top + rows.max() + 1)
        words.append((text, ink.buffer(SIZE * DPI / 72 * 0.1, join_style="mitre")))
    return pixels, words


def read(file: Path, pixels: npt.NDArray[np.uint8], **options: Any) -> PageReading:
    cv2.imwrite(str(file), pixels)
    with closing(PagePipeline()) as pipeline:
        return pipeline.transcribe(file, 0, ReadOptions.model_validate({"words": True, **options}))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_words_of_its_text_where_they_stand(tmp_path: Path, engine: str) -> None:
    pixels, true = page()
    reading = read(tmp_path / "page.png", pixels, **ENGINES[engine])
    for region in reading.regions:
        assert " ".join(word.text for word in region.words) == region.text
        assert all(word.confidence is not None and 0 <= word.confidence <= 1 for word in region.words)
    words = [(word.text, shapely.Polygon(word.polygon)) for region in reading.regions for word in region.words]
    overlaps = [
        max((iou(box, other) for found, other in words if found == text), default=None) for text, box in true
    ]
    read_right = [overlap for overlap in overlaps if overlap is not None]
    assert len(read_right) > 0.6 * len(true)
    assert np.mean(read_right) > 0.8


def iou(one: shapely.Polygon, other: shapely.Polygon) -> float:
    return float(one.intersection(other).area / one.union(other).area)


@pytest.mark.parametrize("reader", ["ppocr", "tesseract"])
@pytest.mark.parametrize("degrees", [5.0, 90.0, 180.0])
def test_words_of_a_turned_page_are_turned_with_it(tmp_path: Path, reader: str, degrees: float) -> None:
    pixels, true = page()
    scan = turned(pixels, degrees)
    reading = read(tmp_path / "page.png", scan, reader=reader)
    centre = np.array([pixels.shape[1], pixels.shape[0]]) / 2
    to_upright = np.array(cv2.getRotationMatrix2D((scan.shape[1] / 2, scan.shape[0] / 2), degrees, 1), np.float64)
    to_upright[:, 2] += centre - np.array([scan.shape[1], scan.shape[0]]) / 2
    words = [word for region in reading.regions for word in region.words]
    assert len(words) == len(" ".join(LINES).split())
    found = []
    for word in words:
        corners = np.array(word.polygon)
        assert (corners >= 0).all() and (corners <= (reading.width, reading.height)).all()
        upright = corners @ to_upright[:, :2].T + to_upright[:, 2]
        # the first corner is the upper one where the word begins
        assert (upright[0] < upright[2]).all() and upright[0, 0] < upright[1, 0] and upright[0, 1] < upright[3, 1]
        found.append((word.text, shapely.Polygon(upright)))
    overlaps = [max((iou(box, other) for word, other in found if word == text), default=0) for text, box in true]
    assert np.median(overlaps) > 0.75


def test_words_are_left_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    pixels, _ = page()
    with_words, without = (read(tmp_path / "page.png", pixels, words=asked) for asked in (True, False))
    assert all(region.words == () for region in without.regions)
    assert [region.text for region in with_words.regions] == [region.text for region in without.regions]
    assert [region.polygon for region in with_words.regions] == [region.polygon for region in without.regions]


@pytest.mark.parametrize(
    ("arguments", "has_words"),
    [(("jsonl",), False), (("jsonl", "--words"), True), (("jsonl", "--options", '{"words": true}'), True),
     (("export",), True)],
)  # fmt: skip
def test_the_command_writes_words_where_an_option_or_the_format_asks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], has_words: bool
) -> None:
    export = replace(FORMATS["jsonl"], needs_words=True)
    monkeypatch.setitem(cast(dict[str, ExportFormat], FORMATS), "export", export)
    pixels, _ = page()
    cv2.imwrite(str(tmp_path / "page.png"), pixels)
    result = CliRunner().invoke(app, ["read", str(tmp_path / "page.png"), "--format", *arguments])
    (record,) = map(json.loads, result.stdout.splitlines())
    for region in record["regions"]:
        found = region["words"]
        assert (" ".join(word["text"] for word in found) == region["text"]) if has_words else found is None
