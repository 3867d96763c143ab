"""PDF pages that MuPDF can decode in part only: never taken for blank, and what was read of them is kept."""

from __future__ import annotations

import io
import logging
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image, TiffImagePlugin

from models.document import PageReading
from models.documents.files import open_document
from models.errors import CorruptFile
from models.options import ReadOptions
from models.pipeline import PagePipeline

WIDTH, HEIGHT = 800, 600


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PagePipeline]:
    with closing(PagePipeline()) as made:
        yield made


@pytest.fixture(scope="module")
def letter() -> Image.Image:
    """A scanned letter with four lines in its upper half."""
    document = pymupdf.open()
    page = document.new_page(width=WIDTH / 2, height=HEIGHT / 2)
    for row in range(4):
        page.insert_text((20, 30 + 25 * row), f"Line {row} of a letter to be read", fontsize=14)
    pixmap = page.get_pixmap(dpi=144, colorspace=pymupdf.csGRAY)
    return Image.frombytes("L", (WIDTH, HEIGHT), pixmap.samples)


def encoded(letter: Image.Image, kind: str) -> bytes:
    """Return the letter as the data of an image stream with this filter."""
    if kind == "FlateDecode":
        return zlib.compress(letter.tobytes())
    data = io.BytesIO()
    if kind == "CCITTFaxDecode":
        whole = {TiffImagePlugin.ROWSPERSTRIP: HEIGHT}
        letter.convert("1", dither=Image.Dither.NONE).save(data, "TIFF", compression="group4", tiffinfo=whole)
        with Image.open(data) as tiff:
            tags = tiff.tag_v2  # type: ignore[attr-defined]
            start, size = tags[TiffImagePlugin.STRIPOFFSETS][0], tags[TiffImagePlugin.STRIPBYTECOUNTS][0]
        return data.getvalue()[start : start + size]
    letter.save(data, {"DCTDecode": "JPEG", "JPXDecode": "JPEG2000"}[kind])
    return data.getvalue()


def page_of(tmp_path: Path, kind: str, data: bytes, drawing: bytes = b"q 400 0 0 300 0 0 cm /Im Do Q") -> Path:
    """Write a PDF of one page that draws one image stream."""
    document = pymupdf.open()
    page = document.new_page(width=WIDTH / 2, height=HEIGHT / 2)
    image, content = document.get_new_xref(), document.get_new_xref()
    bits = 1 if kind == "CCITTFaxDecode" else 8
    document.update_object(
        image,
        f"<</Type/XObject/Subtype/Image/Width {WIDTH}/Height {HEIGHT}/BitsPerComponent {bits}"
        "/ColorSpace/DeviceGray>>",
    )
    document.update_stream(image, data, compress=False)
    document.xref_set_key(image, "Filter", f"/{kind}")
    if kind == "CCITTFaxDecode":
        document.xref_set_key(image, "DecodeParms", f"<</K -1/Columns {WIDTH}/Rows {HEIGHT}/BlackIs1 true>>")
    document.update_object(content, "<<>>")
    document.update_stream(content, drawing)
    document.xref_set_key(page.xref, "Resources", f"<</XObject<</Im {image} 0 R>>>>")
    document.xref_set_key(page.xref, "Contents", f"{content} 0 R")
    file = tmp_path / "scan.pdf"
    document.save(file)
    return file


def read(pipeline: PagePipeline, file: Path, page: int = 0, *, force_ocr: bool = False) -> PageReading:
    return pipeline.transcribe(file, page, ReadOptions(force_ocr=force_ocr))


KINDS = ("FlateDecode", "DCTDecode", "JPXDecode", "CCITTFaxDecode")


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_scan_is_read_and_nothing_is_reported_lost(
    tmp_path: Path, pipeline: PagePipeline, letter: Image.Image, kind: str
) -> None:
    file = page_of(tmp_path, kind, encoded(letter, kind))
    assert read(pipeline, file).text.count("of a letter") == 4
    with closing(open_document(file)) as document:
        document.image(0, 150, 80, grey=True)
        assert document.losses == ()


@pytest.mark.parametrize("force_ocr", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [b"", b"\0\1 no picture at all" * 40])
def test_a_scan_that_cannot_be_decoded_is_corrupt_and_not_blank(
    tmp_path: Path, pipeline: PagePipeline, kind: str, data: bytes, force_ocr: bool
) -> None:
    file = page_of(tmp_path, kind, data)
    with pytest.raises(CorruptFile, match="page 0 shows no text, and not all of it could be drawn: "):
        read(pipeline, file, force_ocr=force_ocr)


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_that_ends_in_its_margin_is_corrupt_and_not_blank(
    tmp_path: Path, pipeline: PagePipeline, letter: Image.Image, kind: str
) -> None:
    upside_down = encoded(letter.transpose(Image.Transpose.ROTATE_180), kind)  # the upper half is margin
    with pytest.raises(CorruptFile, match="not all of it could be drawn"):
        read(pipeline, page_of(tmp_path, kind, upside_down[: len(upside_down) // 12]))


@pytest.mark.parametrize("kind", ["FlateDecode", "DCTDecode"])
def test_what_is_left_of_a_cut_scan_is_read_and_the_loss_is_logged(
    tmp_path: Path, pipeline: PagePipeline, letter: Image.Image, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = encoded(letter, kind)
    with caplog.at_level(logging.WARNING, "models.pipeline"):
        found = read(pipeline, page_of(tmp_path, kind, data[: len(data) * 6 // 10]))
    assert found.text.startswith("Line 0 of a letter")
    assert "page 0 of scan.pdf was read without what could not be decoded" in caplog.text


@pytest.mark.parametrize("drawing", [b"q 400 0 0 300 0 0 cm /Im Do Q garbage ] > (", b"/Im [ << Do"])
def test_a_page_whose_drawing_is_broken_off_is_not_blank(
    tmp_path: Path, pipeline: PagePipeline, drawing: bytes
) -> None:
    blank = zlib.compress(bytes([255]) * (WIDTH * HEIGHT))
    with pytest.raises(CorruptFile, match="not all of it could be drawn"):
        read(pipeline, page_of(tmp_path, "FlateDecode", blank, drawing))


def test_a_page_whose_content_is_no_stream_is_not_blank(tmp_path: Path, pipeline: PagePipeline) -> None:
    document = pymupdf.open()
    page = document.new_page()
    other = document.get_new_xref()
    document.update_object(other, "<</Of (no stream)>>")
    document.xref_set_key(page.xref, "Contents", f"{other} 0 R")
    document.save(tmp_path / "made.pdf")
    with pytest.raises(CorruptFile, match="content stream is not a stream"):
        read(pipeline, tmp_path / "made.pdf")


def test_text_before_the_break_in_a_page_is_kept_and_the_loss_is_logged(
    tmp_path: Path, pipeline: PagePipeline, caplog: pytest.LogCaptureFixture
) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 72), "Whole words before the break")
    (content,) = page.get_contents()
    document.update_stream(content, page.read_contents() + b"\nBT (never closed")
    document.save(tmp_path / "made.pdf")
    with caplog.at_level(logging.WARNING, "models.pipeline"):
        assert read(pipeline, tmp_path / "made.pdf").text == "Whole words before the break"
    assert "was read without" in caplog.text


@pytest.mark.parametrize("force_ocr", [False, True])
def test_a_blank_page_written_as_a_compressed_stream_of_no_bytes_is_blank(
    tmp_path: Path, pipeline: PagePipeline, force_ocr: bool
) -> None:
    file = page_of(tmp_path, "FlateDecode", b"")
    with pymupdf.open(file) as document:
        (content,) = document[0].get_contents()
        document.update_stream(content, b"", compress=False)
        document.xref_set_key(content, "Filter", "/FlateDecode")
        document.save(tmp_path / "blank.pdf")
    assert read(pipeline, tmp_path / "blank.pdf", force_ocr=force_ocr).text == ""


def test_what_one_page_lost_is_not_laid_at_the_next_ones_door(tmp_path: Path, pipeline: PagePipeline) -> None:
    blank = Image.fromarray(np.full((HEIGHT, WIDTH), 255, np.uint8))
    with pymupdf.open(page_of(tmp_path, "DCTDecode", b"rubbish")) as document:
        data = io.BytesIO()
        blank.save(data, "PNG")
        page = document.new_page()
        page.insert_image(page.rect, stream=data.getvalue())
        document.save(tmp_path / "two.pdf")
    with pytest.raises(CorruptFile):
        read(pipeline, tmp_path / "two.pdf", 0)
    assert read(pipeline, tmp_path / "two.pdf", 1).text == ""
