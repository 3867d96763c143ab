"""Whether a file is whole. A writer that pauses leaves a file that looks finished by size and time.

The structure alone is looked at, in bounded time and memory: this runs in the process that runs everything. Only
reader processes decode.
"""

from __future__ import annotations

import re
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
from streams.sources.picture_extent import jpeg_2000_is_whole, jpeg_is_whole
from streams.sources.tiff_extent import tiff_is_whole

_LINEARISED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")
_MAX_GIF_BLOCKS = 2_000_000  # of 255 bytes each, mostly
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
        if kind in (JPEG, JPEG_2000) and tail.rstrip(b"\0\r\n").endswith(b"\xff\xd9"):
            return True
        if kind == JPEG:  # cameras append to it
            return jpeg_is_whole(stream)
        if kind == JPEG_2000:
            return jpeg_2000_is_whole(stream, size)
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
    """Return whether the chain of blocks reaches the trailer, or is longer than any picture's."""
    stream.seek(0)
    flags = stream.read(13)[10:11]
    _skip_palette(stream, flags)
    blocks = 0
    while blocks < _MAX_GIF_BLOCKS and (block := stream.read(1)):
        blocks += 1
        if block == b";":
            return True
        if block == b"!":
            stream.read(1)
        elif block == b",":
            _skip_palette(stream, stream.read(9)[8:9])
            stream.read(1)
        else:
            return False
        while blocks < _MAX_GIF_BLOCKS and (length := stream.read(1).strip(b"\0")):
            stream.seek(length[0], 1)
            blocks += 1
    return blocks >= _MAX_GIF_BLOCKS


def _skip_palette(stream: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        stream.seek(3 << (1 + (flags[0] & 7)), 1)
