"""A file is whole at its end and nowhere before."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from streams.sources.readiness import is_whole
from tests.drawing.picture_bombs import jpeg_2000, jpeg_of_scans, tiff_of_directories
from tests.unit.test_folder import WHOLE, picture

KINDS = {**WHOLE, "jp2": picture("JPEG2000")}
# what may follow the last byte that means anything: a PDF's line end, and the zeros that fill up a TIFF
PADDING = {"pdf": 1, "tiff": 16}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readiness") / "file"


@settings(max_examples=300)
@given(kind=st.sampled_from(sorted(KINDS)), missing=st.integers(1, 10_000))
def test_no_beginning_of_a_file_is_whole(file: Path, kind: str, missing: int) -> None:
    whole = KINDS[kind]
    end = len(whole) - PADDING.get(kind, 0)
    file.write_bytes(whole[: max(0, end - missing)])
    assert not is_whole(file)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_last_bytes_count(file: Path, kind: str) -> None:
    whole = KINDS[kind]
    for missing in range(1, 40):
        file.write_bytes(whole[:-missing])
        assert not is_whole(file) or missing <= PADDING.get(kind, 0)


def test_fill_after_the_last_directory_of_a_tiff_means_nothing(file: Path) -> None:
    file.write_bytes(WHOLE["tiff"][: -PADDING["tiff"] + 2])
    assert is_whole(file)
    with Image.open(file) as cut, Image.open(io.BytesIO(WHOLE["tiff"])) as whole:
        assert [page.tobytes() for page in ImageSequence.Iterator(cut)] == [
            page.tobytes() for page in ImageSequence.Iterator(whole)
        ]


@settings(max_examples=300)
@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_damage_is_never_an_error(file: Path, kind: str, data: st.DataObject) -> None:
    content = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, min(400, len(content) - 1)))] = data.draw(st.integers(0, 255))
    file.write_bytes(content)
    assert is_whole(file) in (True, False)


def test_reserved_space_is_not_whole(file: Path) -> None:
    file.write_bytes(bytes(100_000))
    assert not is_whole(file)


def test_a_jpeg_with_something_after_its_end_is_whole(file: Path) -> None:
    file.write_bytes(WHOLE["jpeg"] + b"what a camera appends")
    assert is_whole(file)


def test_a_jpeg_2000_with_something_after_its_end_is_whole(file: Path) -> None:
    file.write_bytes(KINDS["jp2"] + b"what an archive appends")
    assert is_whole(file)
    box = KINDS["jp2"].index(b"jp2c") - 4
    to_the_end = KINDS["jp2"][:box] + bytes(4) + KINDS["jp2"][box + 4 :]
    for content in (to_the_end, KINDS["jp2"][box + 8 :]):
        file.write_bytes(content + b"what an archive appends")
        assert is_whole(file)
        file.write_bytes(content[:-100])
        assert not is_whole(file)


def test_a_jpeg_with_a_thumbnail_is_not_whole_at_the_end_of_that(file: Path) -> None:
    thumbnail = b"\xff\xe1" + struct.pack(">H", len(WHOLE["jpeg"]) + 2) + WHOLE["jpeg"]
    file.write_bytes(b"\xff\xd8" + thumbnail + WHOLE["jpeg"][2:-200])
    assert not is_whole(file)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "bomb",
    [
        jpeg_of_scans(20_000, 16_000) + b"what a camera appends",  # takes an hour to decode
        b"\xff\xd8" + b"\xff\x01" * 5_000_000,
        b"GIF89a" + bytes(7) + b"!\xfe" + b"\1x" * 10_000_000,
        jpeg_2000(60_000, 60_000, 1_000) + b"more",
        tiff_of_directories(20_000, side=8),
    ],
    ids=["jpeg", "markers", "gif", "jpeg 2000", "tiff"],
)
def test_nothing_is_decoded_to_see_whether_it_is_whole(
    file: Path, bomb: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", _decodes)
    file.write_bytes(bomb)
    assert is_whole(file)


def _decodes(*_: object, **__: object) -> NoReturn:
    raise AssertionError("only reader processes decode")


def test_a_tiff_with_more_to_look_at_than_any_scan_is_left_to_its_reader(file: Path) -> None:
    rows = 200
    table = struct.pack("<HHII", 273, 4, 100_000, 8) + struct.pack("<HHII", 279, 4, 100_000, 8)
    directory = struct.pack("<H", 2) + table
    start, width = 8 + 400_000, len(directory) + 4
    chain = b"".join(directory + struct.pack("<I", start + (n + 1) * width) for n in range(rows))
    outside = struct.pack("<HHHII", 1, 700, 1, 2**30, 8) + bytes(4)
    file.write_bytes(b"II*\0" + struct.pack("<I", start) + bytes(400_000) + chain + outside)
    assert is_whole(file)


def test_a_picture_too_large_to_look_at_is_left_to_its_reader(file: Path) -> None:
    start = WHOLE["jpeg"].index(b"\xff\xc0") + 5
    huge = WHOLE["jpeg"][:start] + struct.pack(">HH", 60_000, 60_000) + WHOLE["jpeg"][start + 4 :]
    file.write_bytes(huge + b"what a camera appends")
    assert is_whole(file)


def test_a_tiff_whose_directories_go_in_circles_ends(file: Path) -> None:
    file.write_bytes(b"II*\0" + struct.pack("<IHI", 8, 0, 8) + bytes(16))
    assert is_whole(file)


@pytest.mark.parametrize("order", "<>")
def test_a_big_tiff_is_whole_at_its_end_only(file: Path, order: str) -> None:
    entries = [(273, 16, 1, 16 + 8 + 2 * 20 + 8), (279, 16, 1, 100)]  # one strip of 100 bytes after the directory
    whole = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HHHQQ", 43, 8, 0, 16, len(entries))
    whole += b"".join(struct.pack(f"{order}HHQQ", *entry) for entry in entries)
    whole += struct.pack(f"{order}Q", 0) + bytes(100)
    file.write_bytes(whole)
    assert is_whole(file)
    file.write_bytes(whole[:-1])
    assert not is_whole(file)
