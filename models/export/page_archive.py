"""A ZIP of one file a page, written as the pages come."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from models.export.types import ExportedDocument, FormatWriter

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def write_archive(document: ExportedDocument, write: FormatWriter, suffix: str) -> Iterator[bytes]:
    """Yield an archive with a file for each page, named by its number from 1: `0001` and the suffix."""
    out = _Outgoing()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, page in document.every_page():
            alone = replace(document, pagenums=[number], pages=[] if page is None else [page], place=None)
            archive.writestr(f"{number + 1:04}{suffix}", b"".join(write(alone)))
            yield out.taken()
    yield out.taken()


class _Outgoing(io.RawIOBase):
    """What was written since it was last taken. It cannot be rewound, as a pipe cannot."""

    def __init__(self) -> None:
        self._content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer) -> int:
        piece = memoryview(content)
        self._content += piece
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written, and forget it."""
        content = bytes(self._content)
        self._content.clear()
        return content
