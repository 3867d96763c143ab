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


class PageProgress:
    """Documents and pages as they are done, a bar on standard error where somebody watches; and messages there."""

    def __init__(self, documents: int, *, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.fields[done]} of {task.total:.0f} documents, {task.fields[pages]} pages"),
            TimeRemainingColumn(), console=Console(stderr=True), transient=True, disable=not shown,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=documents, done=0, pages=0)
        self._done = self._pages = self._pages_of_document = 0

    def __enter__(self) -> PageProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def page_done(self, of_pages: int) -> None:
        """Note a page of a document with so many."""
        self._pages, self._pages_of_document = self._pages + 1, self._pages_of_document + 1
        self._show(self._pages_of_document / max(1, of_pages))

    def document_done(self) -> None:
        """Note the end of a document."""
        self._done, self._pages_of_document = self._done + 1, 0
        self._show(0.0)

    def print(self, text: str) -> None:
        """Print a line on standard error, above the bar."""
        if self._bar.disable:
            print(plain(text), file=sys.stderr)
        else:
            self._bar.console.print(plain(text), markup=False, highlight=False)

    def _show(self, share: float) -> None:
        self._bar.update(self._task, completed=self._done + share, done=self._done, pages=self._pages)
