"""Whether a file is whole. A writer that pauses leaves a file that looks finished by size and time."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO

from streams.sources.tiff_extent import tiff_is_whole

_LINEARISED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")
_HEAD = 1024
_TAIL = 2048  # PDF writers and mail gateways append a little after %%EOF
_SHORTEST = 12  # no kind of file that is read is shorter; and before that its kind cannot be told
_JPEG, _JP2 = b"\xff\xd8\xff", (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")


def is_whole(file: Path) -> bool:
    """Return whether a file's structure ends where it should; True for kinds that cannot be told.

    Raises:
        OSError: The file cannot be read now.
    """
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        head = stream.read(_HEAD)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
        if size < _SHORTEST or not head.strip(b"\0"):  # some writers reserve the space first
            return False
        if b"%PDF-" in head:
            return _pdf_is_whole(head, tail, size)
        if head.startswith((_JPEG, *_JP2)):
            return tail.rstrip(b"\0\r\n").endswith(b"\xff\xd9") or _decodes(file)
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return tiff_is_whole(stream, size)
        if head.startswith((b"GIF87a", b"GIF89a")):
            return _gif_is_whole(stream)
        return _states_its_end(head, tail, size)


def _states_its_end(head: bytes, tail: bytes, size: int) -> bool:
    """Return whether a picture that says its length, or marks its end, is as long as that."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND\xaeB`\x82" in tail
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return size >= 8 + int.from_bytes(head[4:8], "little")
    if head.startswith(b"BM"):
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
        return True  # too large to look at here; whoever reads it says so
    except (OSError, SyntaxError, ValueError, struct.error):  # UnidentifiedImageError is an OSError
        return False
    return True
