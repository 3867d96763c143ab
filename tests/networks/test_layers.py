"""A text layer and what its page shows: compared where the layer is doubtful, joined where the page shows more."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from models.document import PageReading
from models.options import ReadOptions
from models.pipeline import PagePipeline

LINES = ("Notice to all members", "Meeting moved to Friday noon", "in the upper room")


def shifted(text: str) -> str:
    """Return what a layer has whose font map is three letters off."""
    return "".join(chr(ord(c) + 3) if c.isalpha() else c for c in text)


def picture_of(lines: tuple[str, ...], size: float = 14) -> bytes:
    page = pymupdf.open().new_page(width=300, height=30 + 24 * len(lines))
    for number, text in enumerate(lines):
        page.insert_text((10, 28 + 24 * number), text, fontsize=size)
    return bytes(page.get_pixmap(dpi=200).tobytes("png"))


def read(folder: Path, document: pymupdf.Document, **options: object) -> PageReading:
    document.save(folder / "made.pdf")
    return PagePipeline().transcribe(folder / "made.pdf", 0, ReadOptions.model_validate(options))


@pytest.mark.parametrize("is_wrong", [True, False])
def test_a_short_layer_is_taken_only_where_it_is_what_the_page_shows(tmp_path: Path, is_wrong: bool) -> None:
    document = pymupdf.open()
    page = document.new_page(width=400, height=200)
    for number, text in enumerate(LINES):
        y = 60 + 30 * number
        if is_wrong:  # the picture shows one thing, the layer has another: drawn nearly transparent
            page.insert_text((40, y), shifted(text), fontsize=14, fill_opacity=0.01)
            shape = pymupdf.Font("helv")
            writer = pymupdf.TextWriter(page.rect)
            writer.append((40, y), text, font=shape, fontsize=14)
            picture = pymupdf.open().new_page(width=400, height=200)
            writer.write_text(picture)
            page.insert_image(page.rect, stream=picture.get_pixmap(dpi=150, alpha=True).tobytes("png"))
        else:
            page.insert_text((40, y), text, fontsize=14)
    reading = read(tmp_path, document)
    assert reading.text.split("\n") == list(LINES)
    assert (reading.method == "text_layer") is not is_wrong


def test_abbreviations_and_numbers_are_taken_to_the_letter(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()
    rows = [
        f"{name} GmbH {number} 1111111{number:02}"
        for number, name in enumerate(("Stpl", "Brgm", "Krnbg", "Prchm") * 4)
    ]
    for number, text in enumerate(rows):
        page.insert_text((60, 60 + 20 * number), text)
    reading = read(tmp_path, document)
    assert reading.method == "text_layer"
    assert reading.text.split("\n") == rows


def test_a_picture_of_a_table_is_read_between_the_lines_around_it(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=400, height=400)
    page.insert_text((40, 60), "The prices are in the table below; they hold for thirty days.", fontsize=11)
    page.insert_image(
        (40, 90, 340, 190), stream=picture_of(("Piles, 24 pieces", "Paving, 310 metres", "Crane, 6 days"))
    )
    page.insert_text((40, 240), "Signed for the harbour office in June, before the work began.", fontsize=11)
    reading = read(tmp_path, document)
    assert reading.method == "mixed"
    first, *table, last = reading.text.split("\n")
    assert (first[:10], last[:10]) == ("The prices", "Signed for")
    assert table == ["Piles, 24 pieces", "Paving, 310 metres", "Crane, 6 days"]
    assert {region.recogniser == "text_layer" for region in reading.regions} == {True, False}
    assert reading.confidence is not None and reading.models["detector"]


def test_letters_drawn_as_paths_are_read(tmp_path: Path) -> None:
    document = pymupdf.open()
    source = pymupdf.open()
    page = source.new_page(width=500, height=300)
    page.insert_text((40, 80), "VALVE V-204 NORMALLY CLOSED", fontsize=18)
    page.insert_text((40, 130), "TEST PRESSURE 16 BAR", fontsize=18)
    drawing = pymupdf.open("svg", page.get_svg_image(text_as_path=True).encode())
    page = document.new_page(width=500, height=300)
    page.show_pdf_page(page.rect, pymupdf.open("pdf", drawing.convert_to_pdf()))
    page.insert_text((300, 280), "Drawing 4711 rev C", fontsize=10)
    reading = read(tmp_path, document)
    assert reading.method == "mixed"
    assert reading.text.split("\n") == ["VALVE V-204 NORMALLY CLOSED", "TEST PRESSURE 16 BAR", "Drawing 4711 rev C"]


def test_a_photograph_beside_the_text_adds_nothing(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=400, height=400)
    page.insert_text((40, 60), "The harbour as it is seen from the customs house on a morning.", fontsize=11)
    shades = np.random.default_rng(3).normal(128, 30, (200, 200))
    smooth = np.clip(np.cumsum(np.cumsum(shades - shades.mean(), 0), 1) / 40 + 128, 0, 255).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(smooth).save(data, "PNG")
    page.insert_image((40, 100, 240, 300), stream=data.getvalue())
    reading = read(tmp_path, document)
    assert reading.method == "text_layer"
    assert len(reading.regions) == 1


@pytest.mark.parametrize("is_cut", [True, False])
def test_each_page_of_a_pdf_that_is_cut_off_has_a_warning(tmp_path: Path, is_cut: bool) -> None:
    document = pymupdf.open()
    for number in range(20):
        document.new_page().insert_text((72, 72), f"This is the text of page {number} of the whole.")
    content = document.tobytes()
    assert len(content) > 5000
    (tmp_path / "made.pdf").write_bytes(content[: len(content) - 800] if is_cut else content)
    for number in (0, 3):
        reading = PagePipeline().transcribe(tmp_path / "made.pdf", number, ReadOptions())
        assert reading.text == f"This is the text of page {number} of the whole."
        assert [warning.partition(":")[0] for warning in reading.warnings] == ["cut-off"] * is_cut


def test_a_pdf_whose_table_is_wrong_and_that_is_whole_is_not_called_cut_off(tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "This is the text of the whole.")
    (tmp_path / "made.pdf").write_bytes(document.tobytes().replace(b"startxref\n", b"startxref\n9"))
    assert PagePipeline().transcribe(tmp_path / "made.pdf", 0, ReadOptions()).warnings == ()
