"""CSV (RFC 4180) of lines: one row a line with its place, kind, text and confidence.

A page that failed or is missing is a row without a line, with the reason in `exception`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from models.errors import as_unicode
from models.export.page_parts import whole_box, why_unread
from models.export.types import ExportedDocument, ExportedPage

COLUMNS = (
    "document", "pagenum", "line", "paragraph", "kind", "text", "confidence", "recogniser", "x0", "y0", "x1", "y1",
    "exception",
)  # fmt: skip


def write_csv(document: ExportedDocument) -> Iterator[bytes]:
    """Yield the header, but for documents that follow another, and the rows of each page."""
    name = as_unicode(document.name)
    if not document.place:
        yield _written([list(COLUMNS)])
    for number, page in document.every_page():
        yield _written([[name, number, *row] for row in _rows(page)])


def _rows(page: ExportedPage | None) -> list[list[object]]:
    if page is None or page.exception is not None:
        return [[None] * (len(COLUMNS) - 3) + [why_unread(page)]]
    return [
        [
            number, region.paragraph, region.kind, as_unicode(region.text), region.confidence, region.recogniser,
            *whole_box(region.polygon), None,
        ]
        for number, region in enumerate(page.regions)
    ]  # fmt: skip


def _written(rows: list[list[object]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
