"""Whether a file is whole. A writer that pauses leaves a file that looks finished by size and time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

Read = Callable[[int, int], int]

# TIFF tags and types
_STRIP_OFFSETS, _STRIP_LENGTHS, _TILE_OFFSETS, _TILE_LENGTHS = 273, 279, 324, 325
_SHORT = 3

_LINEARISED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")
_HEAD = 1024
_TAIL = 2048  # PDF writers and mail gateways append a little after %%EOF


def is_whole(file: Path) -> bool:
    """Return whether a file's structure ends where it should; True for kinds that cannot be told.

    Raises:
        OSError: The file cannot be read now.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
    if b"%PDF-" in head:
        return _pdf_is_whole(head, tail, size)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND\xaeB`\x82" in tail
    if head.startswith(b"\xff\xd8\xff"):
        return tail.rstrip(b"\0\r\n").endswith(b"\xff\xd9") or _decodes(file)
    if head[:4] in (b"II*\0", b"MM\0*"):
        return _tiff_is_whole(file, size)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return size >= 8 + int.from_bytes(head[4:8], "little")
    if head.startswith(b"BM") and len(head) >= 6:
        return size >= int.from_bytes(head[2:6], "little")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return tail.rstrip(b"\0").endswith(b";")
    return size > 0


def _pdf_is_whole(head: bytes, tail: bytes, size: int) -> bool:
    """Return whether the trailer is there; a linearised PDF has one near its start too, and states its length."""
    stated = _LINEARISED.search(head)
    return (stated is None or size >= int(stated[1])) and (b"%%EOF" in tail or b"startxref" in tail)


def _decodes(file: Path) -> bool:
    """Return whether a picture with something after its end, or with no end, decodes."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return False
    return True


def _tiff_is_whole(file: Path, size: int) -> bool:
    """Return whether the chain of image directories, and the strips or tiles they name, lie within the file."""
    with file.open("rb") as stream:
        read = _reader(stream)
        directory, seen = read(4, 4), set[int]()
        while directory and directory not in seen:
            seen.add(directory)
            if directory + 2 > size:
                return False
            entries = read(directory, 2)
            if directory + 2 + 12 * entries + 4 > size or _data_end(read, directory, entries) > size:
                return False
            directory = read(directory + 2 + 12 * entries, 4)
    return bool(seen)


def _reader(stream: BinaryIO) -> Read:
    """Return a function that reads an integer of so many bytes at an offset, in the file's byte order."""
    order: Literal["little", "big"] = "little" if stream.read(2) == b"II" else "big"

    def read(at: int, width: int) -> int:
        stream.seek(at)
        return int.from_bytes(stream.read(width), order)

    return read


def _data_end(read: Read, directory: int, entries: int) -> int:
    """Return where the last strip or tile of one image directory ends, 0 where it has none."""
    tags: dict[int, tuple[int, int, int]] = {}
    for index in range(entries):
        at = directory + 2 + 12 * index
        tags[read(at, 2)] = (read(at + 2, 2), read(at + 4, 4), at + 8)
    offsets = tags.get(_STRIP_OFFSETS) or tags.get(_TILE_OFFSETS)
    lengths = tags.get(_STRIP_LENGTHS) or tags.get(_TILE_LENGTHS)
    if offsets is None or lengths is None:
        return 0
    return _last(read, *offsets) + _last(read, *lengths)


def _last(read: Read, kind: int, count: int, at: int) -> int:
    """Return the last value of a directory entry; short lists stand in the entry itself."""
    width = 2 if kind == _SHORT else 4
    start = at if count * width <= 4 else read(at, 4)
    return read(start + (count - 1) * width, width)
