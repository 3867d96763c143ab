"""Barcodes that are drawn here, on pages of their own and on pages with text, read as a worker reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pymupdf
import pytest
import zxingcpp
from PIL import Image

from models.document import Barcode
from models.options import ReadOptions
from models.pipeline import PagePipeline

BARCODES = ReadOptions(reader="tesseract", barcodes=True)


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PagePipeline]:
    with closing(PagePipeline()) as made:
        yield made


def symbol(text: str, format_name: str, scale: int = 4) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(format_name))
    return Image.fromarray(np.array(made.to_image(scale=scale)))


def scan(folder: Path, *placed: tuple[Image.Image, tuple[int, int]]) -> Path:
    page = Image.new("L", (1200, 1600), 255)
    for picture, corner in placed:
        page.paste(picture, corner)
    file = folder / "scan.png"
    page.save(file, dpi=(150, 150))
    return file


def box(code: Barcode) -> tuple[float, float, float, float]:
    xs, ys = zip(*code.polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize("format_name", ["QRCode", "DataMatrix", "Code128", "Code39", "PDF417", "Aztec"])
def test_a_barcode_of_each_format_is_read_where_it_stands(
    pipeline: PagePipeline, tmp_path: Path, format_name: str
) -> None:
    picture = symbol("INV-2026-17", format_name)
    (code,) = pipeline.transcribe(scan(tmp_path, (picture, (200, 300))), 0, BARCODES).barcodes
    assert code.text == "INV-2026-17"
    assert code.format.startswith(format_name)
    left, top, right, bottom = box(code)
    assert 200 <= left < right <= 200 + picture.width
    assert 300 <= top < bottom <= 300 + picture.height


def test_barcodes_of_a_page_come_from_top_to_bottom_and_turned_ones_too(
    pipeline: PagePipeline, tmp_path: Path
) -> None:
    turned = symbol("SECOND", "Code128").rotate(90, expand=True, fillcolor=255)
    file = scan(tmp_path, (turned, (600, 900)), (symbol("FIRST", "QRCode"), (100, 100)))
    assert [code.text for code in pipeline.transcribe(file, 0, BARCODES).barcodes] == ["FIRST", "SECOND"]


def test_a_page_with_a_text_layer_has_its_barcode_in_the_pixels_of_its_record(
    pipeline: PagePipeline, tmp_path: Path
) -> None:
    picture = tmp_path / "code.png"
    symbol("LAYER-1", "QRCode").save(picture)
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=612, height=792)
        page.insert_text((72, 100), "A letter with a text layer of its own.", fontsize=12)
        page.insert_image(pymupdf.Rect(300, 400, 400, 500), filename=picture)
        pdf.save(tmp_path / "letter.pdf")
    reading = pipeline.transcribe(tmp_path / "letter.pdf", 0, BARCODES)
    assert "A letter with a text layer" in reading.text
    (code,) = reading.barcodes
    assert code.text == "LAYER-1"
    left, top, right, bottom = (edge * 72 / reading.dpi for edge in box(code))
    assert 300 <= left < right <= 400
    assert 400 <= top < bottom <= 500


def test_no_barcode_is_looked_for_unless_that_is_asked_for(pipeline: PagePipeline, tmp_path: Path) -> None:
    file = scan(tmp_path, (symbol("INV-2026-17", "QRCode"), (200, 300)))
    assert pipeline.transcribe(file, 0, ReadOptions(reader="tesseract")).barcodes == ()
