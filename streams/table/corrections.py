"""People's corrections in the memory table, and the pages that they change, as they were read."""

from __future__ import annotations

import sqlite3
from typing import Final

from streams.messages.corrections import Correction, corrected_page, matched
from streams.messages.records import PageText, page_key

SCHEMA: Final = """
CREATE TABLE correction_records (
    key TEXT PRIMARY KEY, page TEXT NOT NULL, line INTEGER, record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX corrections_by_page ON correction_records (page);
CREATE TABLE pages_as_read (key TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
"""


def of_page(db: sqlite3.Connection, key: str) -> list[tuple[int | None, Correction]]:
    """Return a page's corrections, each with the line that it is for now: None where it matches none."""
    rows = db.execute("SELECT line, record FROM correction_records WHERE page = ? ORDER BY line, key", (key,))
    return [(line, Correction.model_validate_json(record)) for line, record in rows]


def keys_of(db: sqlite3.Connection, document_id: str) -> list[str]:
    """Return the keys of a document's corrections."""
    ends = (f"{document_id}/", f"{document_id}0")  # 0 comes after the slash
    return [row[0] for row in db.execute("SELECT key FROM correction_records WHERE key > ? AND key < ?", ends)]


def note(db: sqlite3.Connection, key: str, correction: Correction | None) -> str:
    """Keep a correction, or forget it where there is none; return the key of its page."""
    if correction is None:
        db.execute("DELETE FROM correction_records WHERE key = ?", (key,))
        return key.rpartition("/")[0]
    page = page_key(correction.document_id, correction.pagenum)
    row = (key, page, None, correction.model_dump_json())
    db.execute("INSERT OR REPLACE INTO correction_records VALUES (?, ?, ?, ?)", row)
    return page


def as_read(db: sqlite3.Connection, key: str) -> PageText | None:
    """Return a page as it was read, where corrections changed it."""
    row = db.execute("SELECT record FROM pages_as_read WHERE key = ?", (key,)).fetchone()
    return None if row is None else PageText.model_validate_json(row[0])


def applied(db: sqlite3.Connection, key: str, page: PageText | None) -> PageText | None:
    """Return a page, as it was read, with its corrections; they are matched to its lines again."""
    db.execute("DELETE FROM pages_as_read WHERE key = ?", (key,))
    corrections = [correction for _, correction in of_page(db, key)]
    if not corrections:
        return page
    db.execute("UPDATE correction_records SET line = NULL WHERE page = ?", (key,))
    lines = matched(page, corrections) if page is not None else {}
    db.executemany(
        "UPDATE correction_records SET line = ? WHERE key = ?", [(line, one.key) for line, one in lines.items()]
    )
    if page is None or not lines:
        return page
    db.execute("INSERT INTO pages_as_read VALUES (?, ?)", (key, page.model_dump_json()))
    return corrected_page(page, lines)
