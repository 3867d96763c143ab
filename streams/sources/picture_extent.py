"""Where a JPEG and a JPEG 2000 end, by their markers: nothing is decoded (ITU-T T.81 B.1, T.800 A and I)."""

from __future__ import annotations

import re
from typing import BinaryIO

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MARKERS_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}  # markers without a length
# in a scan's data: a marker that is neither a stuffed byte nor a restart, nor fill
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_TILE_PART, _END_OF_CODESTREAM = 0xFF90, 0xFFD9
_PIECE_BYTES = 1024 * 1024
_MAX_MARKERS = 100_000  # no picture has so many: what has is left to its reader


def jpeg_is_whole(stream: BinaryIO) -> bool:
    """Return whether the chain of markers reaches the end of the image."""
    stream.seek(2)
    for _ in range(_MAX_MARKERS):
        code = _marker(stream)
        if code is None:
            return False
        if code == _END_OF_IMAGE:
            return True
        if code in _MARKERS_WITHOUT_LENGTH:
            continue
        length = stream.read(2)
        if len(length) < 2:
            return False
        stream.seek(int.from_bytes(length) - 2, 1)
        if code == _START_OF_SCAN and not _skip_scan(stream):
            return False
    return True


def _marker(stream: BinaryIO) -> int | None:
    """Return the code of the marker that stands here; None where there is none."""
    if stream.read(1) != b"\xff":
        return None
    code = stream.read(1)
    while code == b"\xff":  # fill
        code = stream.read(1)
    return code[0] if code else None


def _skip_scan(stream: BinaryIO) -> bool:
    """Go to the marker after a scan's data, and return whether there is one."""
    while len(piece := stream.read(_PIECE_BYTES)) > 1:
        if found := _NEXT_MARKER.search(piece):
            stream.seek(found.start() - len(piece), 1)
            return True
        stream.seek(-1, 1)  # the last byte may be the first of a marker
    return False


def jpeg_2000_is_whole(stream: BinaryIO, size: int) -> bool:
    """Return whether the box of the codestream, or its chain of tile parts, ends within the file's `size` bytes."""
    stream.seek(0)
    if stream.read(2) == b"\xff\x4f":
        return _codestream_is_whole(stream)
    at = 0
    for _ in range(_MAX_MARKERS):
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            return False
        length, start = int.from_bytes(head[:4]), 8
        if length == 1:
            length, start = int.from_bytes(head[8:16]), 16
        if head[4:8] == b"jp2c":
            if length:
                return at + length <= size
            stream.seek(at + start + 2)
            return _codestream_is_whole(stream)
        if length < start:  # to the end of the file, or nonsense
            return False
        at += length
    return True


def _codestream_is_whole(stream: BinaryIO) -> bool:
    for _ in range(_MAX_MARKERS):
        at = stream.tell()
        segment = stream.read(10)
        marker = int.from_bytes(segment[:2])
        if marker == _END_OF_CODESTREAM:
            return True
        if len(segment) < 10:
            return False
        length = int.from_bytes(segment[6:10]) if marker == _TILE_PART else 2 + int.from_bytes(segment[2:4])
        if length < 2:  # the last tile part may leave out its length: it has its end only where it is looked for
            return False
        stream.seek(at + length)
    return True
