"""JSON Lines: the page-text record as the stream has it, one a line; `path` names the document."""

from __future__ import annotations

from typing import BinaryIO

from streams.messages.records import PageText


class JsonLinesWriter:
    """Writes each record as a line."""

    def __init__(self, stream: BinaryIO, several: bool) -> None:
        self._stream = stream

    def begin(self, name: str) -> None: ...

    def page(self, record: PageText) -> None:
        self._stream.write(f"{record.model_dump_json()}\n".encode())
        self._stream.flush()

    def end(self) -> None: ...
