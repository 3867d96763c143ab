"""The tables and columns that SQL has; their descriptions are those of the records' fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.messages.page_parts import RegionRecord
from streams.messages.records import DocumentRecord, PageText

# text is the fourth: people write snippet(result, 3, …)
PAGE_COLUMNS: Final = (
    "timestamp", "path", "pagenum", "text", "document_id", "total_pages", "confidence", "method", "width", "height",
    "dpi", "rotation", "language", "language_source", "reference", "exception", "dropped", "coverage", "warnings",
    "paragraphs", "tables", "models", "timings_ms", "sent", "supersedes", "reading", "sha256", "webhook",
    "barcodes", "corrected",
)  # fmt: skip
JSON_COLUMNS: Final = frozenset(  # lists, objects
    {"warnings", "paragraphs", "tables", "models", "timings_ms", "supersedes", "barcodes"}
)
REGION_COLUMNS: Final = (
    "document_id", "pagenum", "path", "line", "paragraph", "kind", "text", "confidence", "recogniser", "polygon",
    "x0", "y0", "x1", "y1", "words", "corrected",
)  # fmt: skip
DOCUMENT_COLUMNS: Final = tuple(DocumentRecord.model_fields)
SUPERSEDED_COLUMNS: Final = ("key", "document_id", "path", "pagenum", "text", "sent", "record")

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "result": (*PAGE_COLUMNS, "search_terms"),
    "regions": ("page", *REGION_COLUMNS),
    "documents": DOCUMENT_COLUMNS,
    "all_documents": DOCUMENT_COLUMNS,
    "superseded": SUPERSEDED_COLUMNS,
}
ROWS: Final[Mapping[str, str]] = {
    "result": "a page a row, with full-text search",
    "regions": "a line a row",
    "documents": "a document a row, without those that are superseded",
    "all_documents": "a document a row, with those that are superseded",
    "superseded": "a page a row, of the documents that are superseded: `result` and `regions` are without them",
}
_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "result": {"search_terms": "searched beside text: words that lines split, whole; parts of words"},
    "regions": {
        "page": "rowid of its page in result",
        "line": "its place in reading order, from 0",
        "polygon": "JSON: pixels of the page as delivered, clockwise from the text's top-left corner",
        "words": "JSON: text, polygon and confidence of each word; null where the option words is not set",
        "x0": "of the box around the polygon: left", "y0": "top", "x1": "right", "y1": "bottom",
    },
    "documents": {},
    "all_documents": {},
    "superseded": {
        "key": "document id, a slash, and the page's number",
        "record": "JSON: the whole page-text record",
    },
}  # fmt: skip
_FIELDS: Final = {
    "result": (PageText,),
    "regions": (RegionRecord, PageText),
    "documents": (DocumentRecord, PageText),
    "all_documents": (DocumentRecord, PageText),
    "superseded": (PageText,),
}


def meaning(table: str, column: str) -> str:
    """Return what a column holds."""
    if column in _OWN[table]:
        return _OWN[table][column]
    fields = (record.model_fields[column] for record in _FIELDS[table] if column in record.model_fields)
    found = next((field.description for field in fields if field.description), "")
    return f"JSON: {found}" if column in JSON_COLUMNS else found
