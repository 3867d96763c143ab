"""The formats of exports of a document. A new one is a module in this folder and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name

from models.export.types import Export, ExportedDocument, ExportFormat, FormatWriter

FORMATS: Mapping[str, ExportFormat] = {
    "text": ExportFormat(
        "text, a form feed between pages", "models.export.text:write_text", "text/plain; charset=utf-8", ".txt",
        joins=True,
    ),
    "jsonl": ExportFormat(
        "one page-text record per line", "models.export.json_lines:write_json_lines", "application/x-ndjson",
        ".jsonl", joins=True,
    ),
}  # fmt: skip


def export(name: str, document: ExportedDocument) -> Export:
    """Return a document in the format of that name; nothing is opened or read before its first piece is taken.

    Args:
        name: A key of FORMATS. With `needs_file`, the document must have its file.

    Its pieces raise DocumentError where the document's file cannot be opened, and whatever `document.pages` does.
    """
    chosen = FORMATS[name]
    write: FormatWriter = resolve_name(chosen.writer)
    return Export(chosen.media_type, chosen.suffix, write(document))
