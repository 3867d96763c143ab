"""JSON Lines: the page-text record as the stream has it, one a line; `path` names the document."""

from __future__ import annotations

from collections.abc import Iterator

from models.export.types import ExportedDocument


def write_json_lines(document: ExportedDocument) -> Iterator[bytes]:
    """Yield each record as a line; a page without a record has none."""
    for page in document.pages:
        yield f"{page.model_dump_json()}\n".encode()
