"""The body of an http answer, written to a file: unpacked where it is packed, and bounded either way.

A client library unpacks as many layers as a server names, each piece whole in memory: 64 KiB that are packed twice
become 64 GB. Here one layer is unpacked, a MiB at a time.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from streams.documents.source_errors import too_large
from streams.errors import SourceFailed, SourceUnavailable

_PIECE_BYTES = 64 * 1024
_UNPACKED_BYTES = 1024 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


async def write_body(response: httpx.Response, target: Path, max_bytes: int, shown: str) -> None:
    """Write an answer's body to a file.

    Raises:
        SourceTooLarge: It is larger than `max_bytes`, unpacked, or announces that it is.
        SourceFailed: It is packed in a way that was not asked for and is not known here.
        SourceUnavailable: It is packed, and broken or cut off.
    """
    announced = response.headers.get("content-length", "")
    size = int(announced) if announced.isascii() and announced.isdigit() else 0
    _check_size(size, max_bytes, shown)
    size = 0
    with target.open("wb") as file:
        async for piece in _unpacked(response, shown):
            size += len(piece)
            _check_size(size, max_bytes, shown)
            await asyncio.to_thread(file.write, piece)


def _check_size(size: int, max_bytes: int, shown: str) -> None:
    if size > max_bytes:
        raise too_large(shown, max_bytes)


async def _unpacked(response: httpx.Response, shown: str) -> AsyncIterator[bytes]:
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing == "identity":
        async for piece in response.aiter_raw(_PIECE_BYTES):
            yield piece
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise SourceFailed(f"{shown} is packed as {packing[:100]!r}; serve it as it is, or as gzip")
    layer = _Layer()
    try:
        async for packed in response.aiter_raw(_PIECE_BYTES):
            for piece in layer.unpack(packed):
                yield piece
        yield layer.rest()
    except zlib.error as error:
        raise SourceUnavailable(f"{shown} is broken: {error}") from error
    if not layer.complete:
        raise SourceUnavailable(f"{shown} is cut off")


class _Layer:
    """Unpacks gzip or zlib data that comes in pieces."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self._stream.eof:  # a gzip file may be several, one behind the other
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
            yield self._stream.decompress(packed, _UNPACKED_BYTES)
            packed = self._stream.unconsumed_tail or self._stream.unused_data

    def rest(self) -> bytes:
        """Return what the last piece did not have room for, a few KB at most."""
        return self._stream.flush(_UNPACKED_BYTES)

    @property
    def complete(self) -> bool:
        return self._stream.eof
