"""Whether a file is whole. A writer that pauses leaves a file that looks finished by size and time."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO

from models.documents.media_types import (
    BMP,
    GIF,
    HEAD_BYTES,
    JPEG,
    JPEG_2000,
    PDF,
    PNG,
    SHORTEST_BYTES,
    TIFF,
    WEBP,
    media_type,
)  # fmt: skip
from streams.sources.tiff_extent import tiff_is_whole

_LINEARISED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")
_TAIL_BYTES = 2048  # PDF writers and mail gateways append a little after %%EOF


def is_whole(file: Path) -> bool:
    """Return whether a file's structure ends where it should; True for kinds that have no mark of their end.

    Raises:
        OSError: The file cannot be read now.
    """
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        head = stream.read(HEAD_BYTES)
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read()
        if size < SHORTEST_BYTES or not head.strip(b"\0"):  # some writers reserve the space first
            return False
        kind = media_type(head)
        if kind == PDF:
            return _pdf_is_whole(head, tail, size)
        if kind in (JPEG, JPEG_2000):
            return tail.rstrip(b"\0\r\n").endswith(b"\xff\xd9") or _decodes(file)
        if kind == TIFF:
            return tiff_is_whole(stream, size)
        if kind == GIF:
            return _gif_is_whole(stream)
        if kind == PNG:
            return b"IEND\xaeB`\x82" in tail
        if kind == WEBP:
            return size >= 8 + int.from_bytes(head[4:8], "little")
        if kind == BMP:
            return size >= int.from_bytes(head[2:6], "little")
        return True


def _pdf_is_whole(head: bytes, tail: bytes, size: int) -> bool:
    """Return whether the end is marked; a linearised PDF has a mark near its start too, and states its length."""
    stated = _LINEARISED.search(head)
    return (stated is None or size >= int(stated[1])) and b"%%EOF" in tail


def _gif_is_whole(stream: BinaryIO) -> bool:
    """Return whether the chain of blocks reaches the trailer."""
    stream.seek(0)
    flags = stream.read(13)[10:11]
    _skip_palette(stream, flags)
    while block := stream.read(1):
        if block == b";":
            return True
        if block == b"!":
            stream.read(1)
        elif block == b",":
            _skip_palette(stream, stream.read(9)[8:9])
            stream.read(1)
        else:
            return False
        while length := stream.read(1)[:1].strip(b"\0"):
            stream.seek(length[0], 1)
    return False


def _skip_palette(stream: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        stream.seek(3 << (1 + (flags[0] & 7)), 1)


def _decodes(file: Path) -> bool:
    """Return whether a picture with something after its end, or with no end, decodes."""
    from PIL import Image

    try:
        with Image.open(file) as picture:
            picture.load()
    except Image.DecompressionBombError:
        return True  # too large to look at here; reading it reports that
    except (OSError, SyntaxError, ValueError, struct.error):  # UnidentifiedImageError is an OSError
        return False
    return True
