from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from models.document import PageImage
from models.documents.files import inspect, open_document
from models.documents.text_layer import judge
from models.errors import CorruptFile, DocumentError, EmptyDocument, EncryptedFile, PageTooLarge, UnsupportedFile
from models.options import ReadOptions
from models.pipeline import PagePipeline


def pdf(tmp_path: Path, draw: Callable[[pymupdf.Document], object], **save: object) -> Path:
    document = pymupdf.open()
    draw(document)
    file = tmp_path / "made.pdf"
    document.save(file, **save)
    return file


def grey(file: Path, page: int = 0) -> np.ndarray:
    return drawn(file, page).pixels


def drawn(file: Path, page: int = 0, dpi: int = 300, megapixels: float = 80) -> PageImage:
    with closing(open_document(file)) as document:
        return document.image(page, dpi, megapixels, grey=True)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "JPEG2000", "TIFF"])
def test_every_picture_kind_is_known_by_its_bytes_not_its_name(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "scan.pdf"
    Image.new("RGB", (40, 30), "white").save(file, kind)
    found = inspect(file)
    assert (found.content_type.split("/")[0], found.total_pages) == ("image", 1)
    assert grey(file).shape == (30, 40)


def test_every_frame_of_a_tiff_is_a_page_and_can_be_read_out_of_order(tmp_path: Path) -> None:
    file = tmp_path / "fax.tiff"
    frames = [Image.new("L", (20, 10), level) for level in (10, 120, 240)]
    frames[0].save(file, save_all=True, append_images=frames[1:])
    assert inspect(file).total_pages == 3
    assert [int(grey(file, page)[0, 0]) for page in (2, 0, 1)] == [240, 10, 120]


def test_only_the_first_frame_of_an_animation_is_a_page(tmp_path: Path) -> None:
    file = tmp_path / "a.gif"
    frames = [Image.new("L", (20, 10), level) for level in (10, 120)]
    frames[0].save(file, save_all=True, append_images=frames[1:])
    assert inspect(file).total_pages == 1


@pytest.mark.parametrize(
    ("mode", "value", "seen"),
    [
        ("1", 1, 255),
        ("L", 128, 128),
        ("LA", (0, 0), 255),
        ("RGBA", (0, 0, 0, 0), 255),
        ("RGBA", (0, 0, 0, 255), 0),
        ("CMYK", (0, 0, 0, 255), 0),
        ("I;16", 65535, 255),
        ("I;16", 32896, 128),
        ("F", 1.0, 255),
        ("F", 0.0, 0),
    ],
)
def test_every_mode_becomes_what_a_person_sees_on_white(
    tmp_path: Path, mode: str, value: object, seen: int
) -> None:
    file = tmp_path / "picture.tiff"
    Image.new(mode, (9, 7), value).save(file)  # type: ignore[arg-type]
    assert abs(int(grey(file)[3, 3]) - seen) <= 1


def test_transparent_palette_colours_become_white(tmp_path: Path) -> None:
    file = tmp_path / "p.png"
    picture = Image.new("P", (9, 7), 3)
    picture.putpalette([0, 0, 0] * 256)
    picture.save(file, transparency=3)
    assert int(grey(file)[3, 3]) == 255


def test_a_photograph_is_turned_by_its_exif_tag(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (60, 40)).save(file, exif=exif)
    assert grey(file).shape == (60, 40)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", EmptyDocument, "0 bytes"),
        (b"hello there", UnsupportedFile, "plain text"),
        (b"PK\x03\x04....", UnsupportedFile, "ZIP"),
        (b"<html>", UnsupportedFile, "HTML"),
        (b"\x00\x01\x02\x03", UnsupportedFile, "unknown kind"),
        (b"%PDF-1.7\ngarbage", CorruptFile, "damaged beyond repair"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, CorruptFile, "cannot be opened"),
        (b"\xff\xd8\xff\xe0rubbish", CorruptFile, "cannot be opened"),
    ],
)
def test_what_cannot_be_read_is_a_typed_error_that_names_the_reason(
    tmp_path: Path, content: bytes, error: type[DocumentError], message: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(error, match=message):
        inspect(file)


def test_a_truncated_picture_is_corrupt_when_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "half.png"
    Image.effect_noise((200, 200), 90).save(file)
    file.write_bytes(file.read_bytes()[:9000])
    with pytest.raises(CorruptFile, match="page 0 cannot be decoded"):
        grey(file)


def test_a_picture_above_the_limit_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(file)
    with pytest.raises(PageTooLarge, match="30000 × 30000"):
        grey(file)


def test_an_encrypted_pdf_opens_with_the_right_password_only(tmp_path: Path) -> None:
    file = pdf(
        tmp_path, lambda d: d.new_page(), encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="ä b", owner_pw="o"
    )
    with pytest.raises(EncryptedFile, match="no password was given"):
        inspect(file)
    with pytest.raises(EncryptedFile, match="none of the passwords"):
        inspect(file, ["x"])
    assert inspect(file, ["x", "ä b"]).password == "ä b"


def test_a_giant_page_is_drawn_at_a_resolution_that_fits(tmp_path: Path) -> None:
    file = pdf(tmp_path, lambda d: d.new_page(width=7200, height=7200))
    image = drawn(file, megapixels=20)
    assert image.width * image.height <= 20.1e6
    assert 36 <= image.dpi < 50


def scan(document: pymupdf.Document, side: float, pixels: int) -> pymupdf.Page:
    """Add a page of a side in points that a picture of a side in pixels fills."""
    page = document.new_page(width=side, height=side)
    buffer = io.BytesIO()
    Image.new("L", (pixels, pixels), 200).save(buffer, "PNG")
    page.insert_image(page.rect, stream=buffer.getvalue())
    return page


def test_a_large_scan_is_drawn_no_larger_than_its_picture(tmp_path: Path) -> None:
    image = drawn(pdf(tmp_path, lambda d: scan(d, 2400, 3200)))
    assert (image.width, image.dpi) == (3200, 96)


def test_a_large_page_that_has_text_over_its_picture_is_drawn_as_asked(tmp_path: Path) -> None:
    image = drawn(pdf(tmp_path, lambda d: scan(d, 2400, 3200).insert_text((72, 72), "fine print")), dpi=200)
    assert image.dpi == 200


def test_a_small_scan_is_enlarged_to_the_usual_size_of_a_page(tmp_path: Path) -> None:
    assert drawn(pdf(tmp_path, lambda d: scan(d, 600, 500))).dpi == 300
    assert drawn(pdf(tmp_path, lambda d: scan(d, 2400, 500))).width == pytest.approx(3000, abs=40)


def test_a_page_beyond_all_reason_is_too_large(tmp_path: Path) -> None:
    file = pdf(tmp_path, lambda d: d.new_page(width=14_000, height=14_000))
    with pytest.raises(PageTooLarge, match="even at 36 dpi"):
        drawn(file, megapixels=20)


def test_a_page_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = pdf(tmp_path, lambda d: d.new_page())
    with pytest.raises(CorruptFile, match="there is no page 7"):
        PagePipeline().transcribe(file, 7, ReadOptions())


# Together long enough to be taken without being compared with the picture.
FIRST = "These words stand where they should; their letters were never recognised"
SECOND = "because every page brings text along with pictures, like those from offices"


def test_the_text_layer_is_taken_with_its_lines_where_they_are(tmp_path: Path) -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page(width=600, height=200)
        page.insert_text((72, 72), FIRST)
        page.insert_text((72, 100), SECOND)

    reading = PagePipeline().transcribe(pdf(tmp_path, draw), 0, ReadOptions())
    assert (reading.method, reading.confidence) == ("text_layer", None)
    assert reading.text == f"{FIRST}\n{SECOND}"
    left, top = reading.regions[0].polygon[0]
    assert abs(left - 300) < 4  # 72 points are an inch, at 300 dpi
    assert 240 < top < 300


def test_a_turned_page_has_its_text_where_it_is_seen(tmp_path: Path) -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page(width=800, height=200)
        page.insert_text((20, 30), f"{FIRST} {SECOND}")
        page.set_rotation(90)

    file = pdf(tmp_path, draw)
    reading = PagePipeline().transcribe(file, 0, ReadOptions(dpi=72))
    picture = drawn(file, dpi=72)
    assert (reading.width, reading.height) == (picture.width, picture.height)
    ink = np.argwhere(picture.pixels < 128)
    xs, ys = zip(*reading.regions[0].polygon, strict=True)
    assert min(xs) - 3 <= ink[:, 1].min()
    assert ink[:, 1].max() <= max(xs) + 3
    assert min(ys) - 3 <= ink[:, 0].min()
    assert ink[:, 0].max() <= max(ys) + 3


def test_a_blank_page_is_blank_and_no_error(tmp_path: Path) -> None:
    reading = PagePipeline().transcribe(pdf(tmp_path, lambda d: d.new_page()), 0, ReadOptions())
    assert (reading.text, reading.regions, reading.confidence) == ("", (), None)


@pytest.mark.parametrize(
    ("text", "invisible", "cover", "trust"),
    [
        ("Perfectly good text", 0.0, 0.0, "doubtful"),
        ("  ", 0.0, 0.0, "refused"),
        ("a\ufffdb\ufffdc", 0.0, 0.0, "refused"),
        ("\ue001\ue002\ue003 text", 0.0, 0.0, "refused"),
        ("(cid:12)(cid:13)", 0.0, 0.0, "refused"),
        ("someone else's OCR", 1.0, 1.0, "refused"),
        ("Received 3 May", 0.0, 0.9, "refused"),
        ("a page of print over a picture " * 20, 0.0, 0.9, "trusted"),
    ],
)
def test_a_text_layer_is_trusted_only_where_it_has_what_is_seen(
    text: str, invisible: float, cover: float, trust: str
) -> None:
    assert judge(text, invisible, cover) == trust
