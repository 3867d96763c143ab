"""The memory table: what page-text and documents hold, as SQL with full-text search.

    SELECT path, pagenum, text FROM result WHERE result MATCH 'invoice'

It is a view: nothing is lost with it, for it is built again from the topics at each start. Everything runs on one
connection in one thread, so a reader never sees half a batch; a query holds back what comes in for as long as
`query_timeout_s` at most, while Kafka keeps it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from models.geometry import bounds
from streams.records import DocumentRecord, PageText, page_key
from streams.settings import Settings
from streams.sinks.sql_guard import QueryResult, run_query

_PAGE_COLUMNS = (
    "timestamp", "path", "pagenum", "text", "document_id", "total_pages", "confidence", "method", "width", "height",
    "dpi", "rotation", "language", "reference", "exception",
)  # fmt: skip
_SEARCHED = {"text", "path"}
_DOCUMENT_COLUMNS = tuple(DocumentRecord.model_fields)

_SCHEMA = f"""
CREATE VIRTUAL TABLE result USING fts5(
    {", ".join(name if name in _SEARCHED else f"{name} UNINDEXED" for name in _PAGE_COLUMNS)},
    tokenize = "unicode61 remove_diacritics 2"
);
CREATE TABLE page_keys (key TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE regions (
    page INTEGER NOT NULL, document_id TEXT NOT NULL, pagenum INTEGER NOT NULL, path TEXT NOT NULL,
    line INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, confidence REAL, recogniser TEXT NOT NULL,
    polygon TEXT NOT NULL, x0 REAL, y0 REAL, x1 REAL, y1 REAL
);
CREATE INDEX regions_by_page ON regions (page);
CREATE TABLE documents ({", ".join(_DOCUMENT_COLUMNS)}, PRIMARY KEY (document_id)) WITHOUT ROWID;
"""
_INSERT_PAGE = f"INSERT INTO result (rowid, {', '.join(_PAGE_COLUMNS)}) VALUES (?{', ?' * len(_PAGE_COLUMNS)})"
_INSERT_REGION = f"INSERT INTO regions VALUES (?{', ?' * 13})"
_INSERT_DOCUMENT = f"INSERT OR REPLACE INTO documents VALUES (?{', ?' * (len(_DOCUMENT_COLUMNS) - 1)})"

_LONGEST_VALUE = 64 * 1024 * 1024


class MemoryTable:
    """The table itself. Not thread-safe: every call comes from the one thread that created it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self._db.executescript(_SCHEMA)
        self._next = 1

    def apply(self, pages: Iterable[tuple[str, PageText | None]], documents: Iterable[DocumentRecord]) -> None:
        """Take over a batch, in one transaction: the last record of a key counts, None deletes."""
        self._db.execute("BEGIN")
        for key, page in pages:
            self._put_page(key, page)
        self._db.executemany(
            _INSERT_DOCUMENT, ([getattr(d, name) for name in _DOCUMENT_COLUMNS] for d in documents)
        )
        self._db.execute("COMMIT")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> QueryResult:
        """Run one SELECT within the configured limits. Raises QueryError."""
        limits = self._settings
        return run_query(self._db, sql, parameters, limits.query_timeout_s, limits.query_max_rows)

    def page(self, document_id: str, pagenum: int) -> dict[str, Any] | None:
        """Return one page's row by column, None where there is none."""
        row = self._db.execute(
            "SELECT result.* FROM result JOIN page_keys ON result.rowid = page_keys.id WHERE key = ?",
            (page_key(document_id, pagenum),),
        ).fetchone()
        return dict(zip(_PAGE_COLUMNS, row, strict=True)) if row else None

    def close(self) -> None:
        """Free the memory."""
        self._db.close()

    def _put_page(self, key: str, page: PageText | None) -> None:
        row = self._db.execute("SELECT id FROM page_keys WHERE key = ?", (key,)).fetchone()
        if row:
            self._db.execute("DELETE FROM result WHERE rowid = ?", row)
            self._db.execute("DELETE FROM regions WHERE page = ?", row)
        if page is None:
            self._db.execute("DELETE FROM page_keys WHERE key = ?", (key,))
            return
        number = row[0] if row else self._next
        if not row:
            self._next += 1
            self._db.execute("INSERT INTO page_keys VALUES (?, ?)", (key, number))
        self._db.execute(_INSERT_PAGE, [number, *(getattr(page, name) for name in _PAGE_COLUMNS)])
        self._db.executemany(_INSERT_REGION, _region_rows(number, page))


def _region_rows(number: int, page: PageText) -> Iterable[list[Any]]:
    for line, region in enumerate(page.regions):
        box = bounds(tuple(region.polygon)) if region.polygon else (None,) * 4
        yield [
            number, page.document_id, page.pagenum, page.path, line, region.kind, region.text, region.confidence,
            region.recogniser, orjson.dumps(region.polygon).decode(), *box,
        ]  # fmt: skip
