"""The formats that `inkstream read --format` may name. A new one is a module in this folder and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import BinaryIO

from streams.formats.types import DocumentWriter, OutputFormat, WriterMaker

FORMATS: Mapping[str, OutputFormat] = {
    "text": OutputFormat("text, a form feed between pages", "streams.formats.text:TextWriter"),
    "jsonl": OutputFormat("one page-text record per line", "streams.formats.json_lines:JsonLinesWriter"),
}


def create_writer(name: str, stream: BinaryIO, *, several: bool) -> DocumentWriter:
    """Return a writer of the format of that name.

    Args:
        name: A key of FORMATS.
        stream: Where it writes; the caller closes it.
        several: Whether more than one document will be written.
    """
    make: WriterMaker = resolve_name(FORMATS[name].writer)
    return make(stream, several)
