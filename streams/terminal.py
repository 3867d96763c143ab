"""What commands and the service print on a terminal: tables, names of files, a record as one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from streams.escapes import plain

if TYPE_CHECKING:
    from streams.messages.records import PageText

_PIPE_WIDTH = 400  # characters; a file or a pipe has no width, and nothing in it should be cut
_NAME_WIDTH = 24  # characters that names are padded to


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns, as wide as the terminal; nothing in them is taken for markup or control."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text("" if value is None else plain(str(value))) for value in row))
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def printable(file: Path) -> str:
    """Return a file's name as stdout can print it: names are bytes, in no known encoding."""
    encoding = sys.stdout.encoding or "utf-8"
    name = plain(os.fsencode(file).decode(errors="replace"))
    return name.encode(encoding, "replace").decode(encoding)


def format_record(record: PageText, width: int = 120) -> str:
    """Return a record as one line: timestamp, path, pagenum, confidence, the first words or the exception."""
    text = f"✗ {record.exception}" if record.exception else " ".join(record.text.split()) or "(blank)"
    confidence = "  –  " if record.confidence is None else f"{record.confidence:.3f}"
    name = record.path.rsplit("/", 1)[-1]
    page = f"{record.pagenum + 1}/{record.total_pages}"
    line = plain(f"{record.timestamp}  {name:<{_NAME_WIDTH}.40} {page:>7}  {confidence}  {text}")
    return line if len(line) <= width else line[: width - 1] + "…"
