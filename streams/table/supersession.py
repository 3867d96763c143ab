"""Which documents are superseded, and the pages that SQL therefore has in `superseded` and not in `result`.

A document is superseded once another one has its id in `supersedes` and was sent later. That holds in whatever
order the records come, and a document that is sent again after its successor is current again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from streams.messages.records import DocumentRecord, PageText
from streams.table.columns import DOCUMENT_COLUMNS, SUPERSEDED_COLUMNS

_STATUS = "CASE WHEN superseded_by IS NULL THEN status ELSE 'superseded' END AS status"
SCHEMA = f"""
CREATE TABLE supersessions (
    document_id TEXT NOT NULL, successor TEXT NOT NULL, sent TEXT NOT NULL, PRIMARY KEY (document_id, successor)
) WITHOUT ROWID;
CREATE INDEX supersessions_by_successor ON supersessions (successor);
CREATE TABLE superseded ({", ".join(SUPERSEDED_COLUMNS)}, PRIMARY KEY (key)) WITHOUT ROWID;
CREATE TABLE document_records ({", ".join(DOCUMENT_COLUMNS)}, PRIMARY KEY (document_id)) WITHOUT ROWID;
CREATE VIEW documents AS SELECT * FROM document_records WHERE superseded_by IS NULL;
CREATE VIEW all_documents AS
    SELECT {", ".join(_STATUS if name == "status" else name for name in DOCUMENT_COLUMNS)} FROM document_records;
"""
_SUCCESSOR = (
    "SELECT successor FROM supersessions WHERE document_id = ? AND sent > ? ORDER BY sent DESC, successor LIMIT 1"
)
_INSERT_PAGE = f"INSERT OR REPLACE INTO superseded VALUES (?{', ?' * (len(SUPERSEDED_COLUMNS) - 1)})"


def successor(db: sqlite3.Connection, document_id: str, sent: str | None) -> str | None:
    """Return the latest document that took the place of one, as that was sent then; None where it is current."""
    row = db.execute(_SUCCESSOR, (document_id, sent or "")).fetchone()
    return None if row is None else str(row[0])


def note_superseded(db: sqlite3.Connection, document_id: str, document: DocumentRecord | None) -> set[str]:
    """Note which documents one supersedes (None: it was deleted); return those whose state this may change."""
    where = (document_id,)
    before = {row[0] for row in db.execute("SELECT document_id FROM supersessions WHERE successor = ?", where)}
    db.execute("DELETE FROM supersessions WHERE successor = ?", where)
    names = document.supersedes if document is not None and document.sent is not None else []
    now_there = {name for name in names if name != document_id}
    if document is not None:
        db.executemany(
            "INSERT INTO supersessions VALUES (?, ?, ?)",
            [(name, document_id, document.sent) for name in now_there],
        )
    return before | now_there


def put_page(db: sqlite3.Connection, key: str, page: PageText) -> None:
    """Keep the page of a superseded document."""
    values = [key, *(getattr(page, name) for name in SUPERSEDED_COLUMNS[1:-1]), page.model_dump_json()]
    db.execute(_INSERT_PAGE, values)


def remove_page(db: sqlite3.Connection, key: str) -> None:
    """Drop the page of a superseded document, where there is one."""
    db.execute("DELETE FROM superseded WHERE key = ?", (key,))


def kept_page(db: sqlite3.Connection, key: str) -> PageText | None:
    """Return the page of a superseded document."""
    row = db.execute("SELECT record FROM superseded WHERE key = ?", (key,)).fetchone()
    return None if row is None else PageText.model_validate_json(row[0])


def keys_of(db: sqlite3.Connection, table: str, document_id: str) -> Iterable[str]:
    """Return the keys that a document's pages have in `page_keys` or `superseded`."""
    first, end = f"{document_id}/", f"{document_id}0"  # 0 comes after the slash
    return [row[0] for row in db.execute(f"SELECT key FROM {table} WHERE key > ? AND key < ?", (first, end))]
