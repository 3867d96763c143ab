"""A page-text record as one line of a terminal."""

from __future__ import annotations

from streams.messages.records import PageText


def format_record(record: PageText, width: int = 120) -> str:
    """Return a record as one line: timestamp, path, pagenum, confidence, the first words or the exception."""
    said = f"✗ {record.exception}" if record.exception else " ".join(record.text.split()) or "(blank)"
    sure = "  –  " if record.confidence is None else f"{record.confidence:.3f}"
    name = record.path.rsplit("/", 1)[-1]
    page = f"{record.pagenum + 1}/{record.total_pages}"
    line = f"{record.timestamp}  {name:<24.40} {page:>7}  {sure}  {said}"
    return line if len(line) <= width else line[: width - 1] + "…"
