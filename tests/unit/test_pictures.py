"""Pages as pictures for people: of the width that is asked for, whatever the document is."""

from __future__ import annotations

import io
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from models.documents.pictures import PictureOptions, PictureType, page_picture
from models.errors import CorruptFile, EncryptedFile, PageTooLarge


def pdf(folder: Path, **saved: object) -> Path:
    document = pymupdf.open()
    document.new_page(width=300, height=200).insert_text((40, 60), "Invoice")
    document.new_page(width=300, height=200)
    document.save(folder / "a.pdf", **saved)
    return folder / "a.pdf"


def photo(folder: Path) -> Path:
    Image.new("RGB", (640, 480), (200, 30, 30)).save(folder / "a.png")
    return folder / "a.png"


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("kind", ["png", "jpg"])
@pytest.mark.parametrize("width", [1, 100, 700])
def test_a_picture_has_the_width_that_is_asked_for(tmp_path: Path, kind: PictureType, width: int) -> None:
    for path, shape in ((pdf(tmp_path), 2 / 3), (photo(tmp_path), 3 / 4)):
        found = opened(page_picture(path, 0, PictureOptions(kind, width)))
        assert (found.format, found.size) == (
            {"png": "PNG", "jpg": "JPEG"}[kind], (width, max(1, round(shape * width))),
        )  # fmt: skip


def test_a_page_that_was_read_is_drawn_in_the_pixels_of_its_record(tmp_path: Path) -> None:
    path = pdf(tmp_path)
    found = opened(page_picture(path, 0, PictureOptions("png", 1250, dpi=300, dpi_width=1250)))
    assert found.size == (1250, 834)
    assert opened(page_picture(path, 0, PictureOptions("png"))).size == (625, 417)


def test_colours_are_those_of_the_page(tmp_path: Path) -> None:
    assert opened(page_picture(photo(tmp_path), 0, PictureOptions("png", 64))).getpixel((5, 5)) == (200, 30, 30)


def test_a_picture_that_is_too_large_or_cannot_be_drawn_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PageTooLarge, match="smaller width"):
        page_picture(photo(tmp_path), 0, PictureOptions("png", 2000, max_megapixels=1))
    with pytest.raises(CorruptFile, match="no page 2"):
        page_picture(pdf(tmp_path), 2, PictureOptions("png", 100))


def test_an_encrypted_document_is_drawn_with_its_password(tmp_path: Path) -> None:
    path = pdf(tmp_path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="sesame")
    with pytest.raises(EncryptedFile):
        page_picture(path, 0, PictureOptions("png", 100))
    assert opened(page_picture(path, 0, PictureOptions("png", 100), ["no", "sesame"])).width == 100
