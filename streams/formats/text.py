"""Plain text in UTF-8: a form feed between pages, and a heading above each document where there are several."""

from __future__ import annotations

from typing import BinaryIO

from models.errors import as_unicode
from streams.messages.records import PageText


class TextWriter:
    """Writes text as pdftotext and tesseract do; headings are those of `head` and `tail`: `==> name <==`."""

    def __init__(self, stream: BinaryIO, several: bool) -> None:
        self._stream = stream
        self._has_headings = several
        self._documents = self._pages = 0

    def begin(self, name: str) -> None:
        if self._has_headings:
            blank = "\n" if self._documents else ""
            self._write(f"{blank}==> {as_unicode(name)} <==\n")
        self._documents, self._pages = self._documents + 1, 0

    def page(self, record: PageText) -> None:
        self._write(f"\f{record.text}\n" if self._pages else f"{record.text}\n")
        self._pages += 1

    def end(self) -> None: ...

    def _write(self, text: str) -> None:
        self._stream.write(text.encode())
        self._stream.flush()
