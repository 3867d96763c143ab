"""Hostile and unusual pictures: correct pixels, or an error that names what is wrong, never a blank."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw, TiffImagePlugin

from models.documents.files import content_type, open_document
from models.errors import CorruptFile, PageTooLarge, UnsupportedFile


def grey(file: Path, *, megapixels: float = 80) -> np.ndarray:
    with closing(open_document(file)) as document:
        return document.image(0, 300, megapixels, grey=True).pixels


def colours(file: Path) -> np.ndarray:
    with closing(open_document(file)) as document:
        return document.image(0, 300, 80, grey=False).pixels


def ramp(file: Path, values: list[float], dtype: str, **save: object) -> np.ndarray:
    """Return what is read of a TIFF with a column of pixels per value."""
    Image.fromarray(np.tile(np.array(values, dtype=dtype), (8, 1))).save(file, "TIFF", **save)
    return np.asarray(grey(file)[4])


@pytest.mark.parametrize(
    ("values", "dtype", "seen"),
    [
        ([0, 32768, 65535], "uint16", [0, 127, 255]),
        ([0, 2048, 4095], "uint16", [0, 127, 255]),  # a 12-bit scan in 16 bits
        ([0, 128, 255], "int32", [0, 128, 255]),
        ([0, 500_000, 1_000_000], "int32", [0, 127, 255]),
        ([0.0, 0.5, 1.0], "float32", [0, 127, 255]),
        ([0.0, 128.0, 255.0], "float32", [0, 128, 255]),
        ([-5.0, 0.5, 1.0], "float32", [0, 127, 255]),
        ([float("nan"), 0.5, float("inf")], "float32", [0, 127, 255]),
    ],
)
def test_a_deep_grey_picture_keeps_its_range(
    tmp_path: Path, values: list[float], dtype: str, seen: list[int]
) -> None:
    read = ramp(tmp_path / "deep.tiff", values, dtype)
    assert np.abs(read.astype(int) - seen).max() <= 1


def test_unsigned_32_bits_are_light_where_they_are_high(tmp_path: Path) -> None:
    file = tmp_path / "deep.tiff"
    light = np.array([0, 2**31, 2**32 - 1], dtype=np.uint32).view(np.int32)
    Image.fromarray(np.tile(light, (8, 1))).save(file, "TIFF")  # as signed: Pillow has no unsigned mode
    file.write_bytes(_with_short_tag(file.read_bytes(), TiffImagePlugin.SAMPLEFORMAT, 1))
    assert [int(value) for value in grey(file)[4]] == [0, 127, 255]


def _with_short_tag(tiff: bytes, tag: int, value: int) -> bytes:
    """Return a little-endian TIFF whose tag has another SHORT value."""
    entry = tag.to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    start = tiff.index(entry) + len(entry)
    return tiff[:start] + value.to_bytes(2, "little") + tiff[start + 2 :]


def test_deep_grey_whose_white_is_zero_is_no_negative(tmp_path: Path) -> None:
    file = tmp_path / "fax.tiff"
    ramp(file, [0, 65535], "uint16")
    file.write_bytes(_with_short_tag(file.read_bytes(), TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 0))
    assert [int(value) for value in grey(file)[4]] == [255, 0]


def test_a_large_deep_picture_is_converted_band_by_band_without_a_seam(tmp_path: Path) -> None:
    file = tmp_path / "large.tiff"
    rows = np.linspace(0, 65535, 3001).astype(np.uint16)
    Image.fromarray(np.tile(rows[:, None], (1, 3000))).save(file)
    read = grey(file)[:, 7].astype(int)
    assert np.abs(read - np.linspace(0, 255, 3001)).max() <= 1


def test_lab_is_read_by_its_lightness(tmp_path: Path) -> None:
    file = tmp_path / "lab.tiff"
    light = Image.fromarray(np.array([[0, 128, 255]] * 3, dtype=np.uint8))
    even = Image.new("L", light.size, 128)
    Image.merge("LAB", (light, even, even)).save(file)
    assert grey(file)[1].tolist() == [0, 128, 255]
    assert colours(file)[1].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_cmyk_photographs_are_not_turned_into_negatives(tmp_path: Path) -> None:
    file = tmp_path / "print.jpg"
    picture = Image.new("CMYK", (40, 16), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (20, 0, 40, 16))
    picture.save(file, quality=95)
    read = grey(file)
    assert read[8, 4] > 250
    assert read[8, 36] < 5


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA"])
def test_transparency_becomes_white_paper_and_ink_stays(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "ink.png"
    picture = Image.new("RGBA", (30, 10), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (10, 0, 20, 10))
    picture.convert(mode).save(file)
    assert grey(file)[5, [2, 15, 28]].tolist() == [255, 0, 255]
    assert colours(file)[5, [2, 15]].tolist() == [[255] * 3, [0] * 3]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_exif_orientation_puts_the_top_left_where_it_belongs(tmp_path: Path, orientation: int) -> None:
    file = tmp_path / "photo.png"
    upright = np.full((20, 30), 255, np.uint8)
    upright[:5, :5] = 0  # the corner at the top left of the upright picture
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T,
        6: np.rot90(upright), 7: np.rot90(upright, 2).T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(file, exif=exif)
    assert np.array_equal(grey(file), upright)


def test_a_photograph_is_turned_though_another_exif_tag_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "maker"
    exif[ExifTags.Base.Orientation] = 6
    data = io.BytesIO()
    Image.new("L", (60, 40)).save(data, "JPEG", exif=exif)
    make_is_text = b"\x01\x0f\x00\x02"
    assert make_is_text in data.getvalue()
    file.write_bytes(data.getvalue().replace(make_is_text, b"\x01\x02\x00\x02"))  # where numbers must be
    assert grey(file).shape == (60, 40)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0rubbish", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
def test_a_photograph_with_rubbish_for_exif_is_read_as_it_is(tmp_path: Path, exif: bytes) -> None:
    file = tmp_path / "photo.jpg"
    Image.new("L", (60, 40), 90).save(file, exif=exif)
    read = grey(file)
    assert read.shape == (40, 60)
    assert abs(int(read[5, 5]) - 90) <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "JPEG2000"])
def test_a_picture_cut_off_in_the_middle_is_corrupt_and_never_half_grey(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "cut"
    picture = Image.effect_noise((300, 300), 90).convert("RGB" if kind != "GIF" else "L")
    picture.save(file, kind)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(CorruptFile, match=r"cannot be (decoded|opened)"):
        grey(file)


def test_an_error_names_no_file_of_the_cache(tmp_path: Path) -> None:
    file = tmp_path / "cut.tiff"
    Image.new("1", (300, 300)).save(file, compression="group4")
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(CorruptFile, match="cut off") as caught:
        grey(file)
    assert str(tmp_path) not in caught.value.message


def test_a_gif_without_pixels_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "none.gif"
    file.write_bytes(b"GIF89a" + b"\0\0\0\0" + b"\0\0\0" + b"\x2c" + b"\0" * 9 + b"\x02\0;")
    with pytest.raises(CorruptFile):
        grey(file)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.tiff"
    Image.new("1", (20_000, 20_000)).save(file, compression="group4")
    assert file.stat().st_size < 100_000
    with pytest.raises(PageTooLarge, match="raise max_megapixels"):
        grey(file)


def test_a_picture_one_pixel_wide_keeps_its_pixels(tmp_path: Path) -> None:
    file = tmp_path / "thread.png"
    picture = Image.new("L", (1, 50_000), 255)
    ImageDraw.Draw(picture).point((0, 49_999), 7)
    picture.save(file)
    read = grey(file)
    assert read.shape == (50_000, 1)
    assert (read[0, 0], read[-1, 0]) == (255, 7)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"BMW is a maker of cars and motorcycles.", "plain text"),
        (b"PK\x03\x04" + b"\0" * 30 + b"%PDF-1.7", "ZIP"),
        (b"\x1f\x8b\x08" + b"\0" * 30 + b"%PDF-1.7", "gzip"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7-Zip"),
        (b"Rar!\x1a\x07\x01\0", "RAR"),
        (b"AT&TFORM\0\0\0\0DJVM", "DjVu"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"  \n<?xml version='1.0'?>", "XML"),
    ],
)
def test_what_only_looks_like_a_document_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(UnsupportedFile, match=message):
        content_type(file)


def test_a_pdf_may_have_other_bytes_before_it(tmp_path: Path) -> None:
    file = tmp_path / "mail.pdf"
    file.write_bytes(b"Content-Type: application/pdf\r\n\r\n%PDF-1.4")
    assert content_type(file) == "application/pdf"


@pytest.mark.parametrize(
    ("ink", "paper"), [((255, 255, 255, 255), 0), ((255, 220, 160, 255), 0), ((20, 20, 90, 255), 255)]
)
def test_letters_on_transparency_get_the_paper_that_shows_them(
    tmp_path: Path, ink: tuple[int, int, int, int], paper: int
) -> None:
    file = tmp_path / "screen.png"
    picture = Image.new("RGBA", (60, 20), (0, 0, 0, 0))
    picture.paste(ink, (10, 5, 30, 10))
    picture.save(file)
    assert grey(file)[0, 0] == paper


def test_a_light_picture_with_dark_letters_keeps_white_paper_around_it(tmp_path: Path) -> None:
    file = tmp_path / "receipt.png"
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    picture.paste((250, 250, 245, 255), (10, 10, 40, 50))
    picture.paste((30, 30, 30, 255), (15, 20, 35, 30))
    picture.save(file)
    assert grey(file)[0, 0] == 255


def tiff(file: Path, *frames: tuple[int, int]) -> Path:
    """Write a TIFF whose frames have that NewSubfileType and that grey."""
    pictures = []
    for kind, shade in frames:
        picture = Image.new("L", (40 if kind & 1 else 200, 20), shade)
        picture.encoderinfo = {"tiffinfo": {254: kind}}
        pictures.append(picture)
    pictures[0].save(file, "TIFF", save_all=True, append_images=pictures[1:], tiffinfo={254: frames[0][0]})
    return file


def test_thumbnails_and_masks_of_a_tiff_are_no_pages(tmp_path: Path) -> None:
    file = tiff(tmp_path / "scan.tiff", (0, 10), (1, 20), (2, 30), (4, 40), (0, 50))
    with closing(open_document(file)) as document:
        assert document.page_count == 3
        shades = [int(document.image(page, 300, 80, grey=True).pixels[0, 0]) for page in range(3)]
    assert shades == [10, 30, 50]


def test_a_tiff_of_nothing_but_thumbnails_has_pages(tmp_path: Path) -> None:
    with closing(open_document(tiff(tmp_path / "small.tiff", (1, 10), (1, 20)))) as document:
        assert document.page_count == 2
