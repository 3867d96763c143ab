"""PDFs with a text layer, written with MuPDF and read with PDFium: what they show, and what can be selected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pymupdf
import pypdfium2
import pytest
from PIL import Image

from models.documents.pdf import PdfDocument
from models.errors import CorruptFile, EncryptedFile
from models.export.registry import export
from models.export.types import ExportedDocument
from streams.messages.page_parts import RegionRecord, WordRecord
from streams.messages.page_records import failed_page_text
from streams.messages.records import PageText
from tests.unit.test_codec import TASK

DPI = 150
LINES = [
    "The parcel came back on Tuesday", "Größe in Ελληνικά и по-русски", "日本語 テキスト 한국어 ไทย",
    "𝔘nicode 😀 𠀀", "שלום עולם טוב",
]  # fmt: skip


def record(page: Any, pagenum: int = 0, *, degrees: float = 0.0, lines: Sequence[str] = LINES) -> PageText:
    """Return a record with lines 30 points apart, upright on the page as it is shown but for some degrees."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    regions = []
    for row, text in enumerate(lines):
        words, x, y = [], 30.0, 60 + 30 * row
        parts = text.split()
        is_mirrored = "\u0590" <= text[0] <= "\u05ff"
        for number, part in enumerate(parts):
            width = len(part) * (10 if number % 2 else 8)
            left = 400 - x - width if is_mirrored else x
            sides = [(left, y), (left + width, y), (left + width, y + 16), (left, y + 16)]
            x += width + 6
            polygon = [(DPI / 72 * (u * cos - v * sin), DPI / 72 * (u * sin + v * cos)) for u, v in sides]
            words.append(WordRecord(text=part, polygon=polygon, confidence=0.9))
        regions.append(
            RegionRecord(
                polygon=words[0].polygon, kind="printed", text=text, confidence=0.9, recogniser="x", words=words
            )
        )
    shown = pymupdf.Rect(page.rect)
    return failed_page_text(TASK, "").model_copy(
        update={
            "exception": None, "method": "ocr", "regions": regions, "dpi": DPI, "pagenum": pagenum,
            "width": round(shown.width * DPI / 72), "height": round(shown.height * DPI / 72),
        }
    )  # fmt: skip


def drawn(rotation: int = 0, crop: bool = False) -> Any:
    """Return a PDF of one page with a drawing, rotated and cropped."""
    document = pymupdf.open()
    page = document.new_page(width=500, height=400)
    page.draw_rect((50, 50, 180, 80), fill=(1, 0.5, 0))
    page.draw_line((0, 0), (400, 300))
    if crop:
        page.set_cropbox(pymupdf.Rect(20, 30, 480, 390))
    page.set_rotation(rotation)
    return document


def made(
    file: Path, pages: Sequence[PageText], pagenums: Sequence[int] = (0,), password: str | None = None
) -> bytes:
    asked = ExportedDocument(file.name, pagenums, pages, file, password)
    return b"".join(export("pdf", asked).pieces)


def rendered(content: bytes | Path, pagenum: int = 0, password: str | None = None) -> npt.NDArray[np.uint8]:
    with pypdfium2.PdfDocument(content, password=password) as document:
        return np.array(document[pagenum].render(scale=2).to_numpy())


def text_of(content: bytes, pagenum: int = 0, password: str | None = None) -> str:
    with pypdfium2.PdfDocument(content, password=password) as document:
        found: str = document[pagenum].get_textpage().get_text_range()
        return found.replace("\r\n", "\n")


@pytest.mark.parametrize("degrees", [0.0, 3.0, -4.0])
@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_of_every_script_are_selected_where_they_stand(
    tmp_path: Path, rotation: int, crop: bool, degrees: float
) -> None:
    pdf = drawn(rotation, crop)
    pdf.save(tmp_path / "page.pdf")
    page = pdf[0]
    # PDFium puts right-to-left lines elsewhere on pages that are turned or slope
    lines = LINES[:-1] if degrees or rotation in (90, 270) else LINES
    read = record(page, degrees=degrees, lines=lines)
    content = made(tmp_path / "page.pdf", [read])
    assert content.startswith((tmp_path / "page.pdf").read_bytes())
    assert (rendered(content) == rendered(tmp_path / "page.pdf")).all()
    assert text_of(content).split() == " ".join(lines).split()
    with pypdfium2.PdfDocument(content) as document:
        whole = document[0].get_textpage()
        for region in read.regions:
            for word in region.words or ():
                points = [pymupdf.Point(x, y) * (72 / DPI) * page.derotation_matrix for x, y in word.polygon]
                box = pymupdf.Rect(points[0], points[0]).include_point(points[2]).normalize()
                x, y = (20, 370) if crop else (0, 400)  # where PDF has the upper left corner of what is shown
                found = whole.get_text_bounded(x + box.x0 + 2, y - box.y1 + 2, x + box.x1 - 2, y - box.y0 - 2)
                assert degrees or found.strip() == word.text


def test_a_picture_becomes_a_page_of_its_size_with_its_pixels(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    grey = random.integers(0, 255, (300, 400), np.uint8)
    pictures = {
        "colour.png": Image.fromarray(random.integers(0, 255, (300, 400, 3), np.uint8)),
        "grey.png": Image.fromarray(grey), "bits.tiff": Image.fromarray(grey > 128),
        "photo.jpg": Image.fromarray(np.kron(grey[:30, :40], np.ones((10, 10), np.uint8))),
    }  # fmt: skip
    for name, picture in pictures.items():
        picture.save(tmp_path / name, dpi=(200, 200))
        content = made(tmp_path / name, [])
        with pypdfium2.PdfDocument(content) as document:
            assert document[0].get_size() == (144, 108)
            (image,) = document[0].get_objects()
            shown = image.get_bitmap().to_pil().convert("RGB")
        with Image.open(tmp_path / name) as written:
            assert (np.asarray(shown) == np.asarray(written.convert("RGB"))).all(), name
        if name == "photo.jpg":
            assert (tmp_path / name).read_bytes() in content
        if name == "bits.tiff":
            assert len(content) < 300 * 400 / 8 * 1.3


def test_a_picture_that_its_tags_turn_is_upright_under_its_text(tmp_path: Path) -> None:
    picture = Image.new("L", (400, 200), 255)
    picture.paste(0, (0, 0, 100, 50))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=exif, dpi=(150, 150))
    with pymupdf.open() as empty:
        read = record(empty.new_page(width=96, height=192), lines=["upright"])
    content = made(tmp_path / "a.jpg", [read])
    assert text_of(content).strip() == "upright"
    shown = rendered(content)[..., 0]
    assert shown.shape == (384, 192) and shown[20, 170] < 50 and shown[20, 20] > 200


def test_text_of_a_layer_is_not_doubled(tmp_path: Path) -> None:
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=500, height=400)
        page.insert_text((30, 30), "Text of the layer")
        pdf.save(tmp_path / "layer.pdf")
        whole = record(page)
    layer = whole.model_copy(update={"method": "text_layer"})
    original = (tmp_path / "layer.pdf").read_bytes()
    assert made(tmp_path / "layer.pdf", [layer]) == original
    first = whole.regions[0].model_copy(update={"recogniser": "text_layer"})
    mixed = whole.model_copy(update={"method": "mixed", "regions": [first, *whole.regions[1:2]]})
    assert sorted(text_of(made(tmp_path / "layer.pdf", [mixed])).split("\n")) == sorted(
        [LINES[1], "Text of the layer"]
    )
    # read by OCR although it has text: that was not trusted
    ocr = made(tmp_path / "layer.pdf", [whole])
    with pymupdf.open(stream=ocr) as again:
        assert again[0].get_text().split() == " ".join(LINES).split()
    assert (rendered(ocr) == rendered(original)).all()


def test_pages_that_failed_or_are_missing_are_as_they_were_and_chosen_ones_alone(tmp_path: Path) -> None:
    with pymupdf.open() as pdf:
        for number in range(4):
            pdf.new_page(width=500, height=400).draw_circle((100 * number, 200), 50)
        pdf.save(tmp_path / "four.pdf")
        records = [record(pdf[number], number, lines=[f"page {number}"]) for number in (0, 3)]
    failed = failed_page_text(TASK.model_copy(update={"pagenum": 1}), "read: CorruptFile")
    content = made(tmp_path / "four.pdf", [records[0], failed, records[1]], range(4))
    assert [text_of(content, number).strip() for number in range(4)] == ["page 0", "", "", "page 3"]
    some = made(tmp_path / "four.pdf", [failed, records[1]], [1, 3])
    assert [text_of(some, number).strip() for number in range(2)] == ["", "page 3"]
    assert (rendered(some, 1) == rendered(content, 3)).all()


def test_an_encrypted_file_stays_so(tmp_path: Path) -> None:
    with drawn() as pdf:
        read = record(pdf[0])
        pdf.save(
            tmp_path / "secret.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="open sesame", owner_pw="own"
        )
    content = made(tmp_path / "secret.pdf", [read], password="open sesame")
    with pytest.raises(pypdfium2.PdfiumError):
        text_of(content)
    assert text_of(content, password="open sesame").split() == " ".join(LINES).split()
    with pytest.raises(EncryptedFile):
        made(tmp_path / "secret.pdf", [read])


def test_a_damaged_file_is_written_anew_or_refused(tmp_path: Path) -> None:
    with drawn() as pdf:
        read = record(pdf[0])
        content = pdf.tobytes()
    (tmp_path / "cut.pdf").write_bytes(content[: content.rindex(b"xref\n")])
    found = made(tmp_path / "cut.pdf", [read])
    assert text_of(found).split() == " ".join(LINES).split()
    (tmp_path / "none.pdf").write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(CorruptFile):
        made(tmp_path / "none.pdf", [read])


def test_a_page_with_its_own_text_gives_the_words_of_the_layer_to_us_too(tmp_path: Path) -> None:
    with drawn() as pdf:
        pdf.save(tmp_path / "page.pdf")
        read = record(pdf[0], lines=LINES[:2])
    (tmp_path / "made.pdf").write_bytes(made(tmp_path / "page.pdf", [read]))
    with pymupdf.open(tmp_path / "made.pdf") as again:
        assert again[0].get_text().split() == " ".join(LINES[:2]).split()
    PdfDocument(tmp_path / "made.pdf").close()
