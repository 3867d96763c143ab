"""Lists of documents, newest first and in parts, and of a document's pages: what the API asks for beside SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from streams.table import supersession
from streams.table.columns import DOCUMENT_COLUMNS
from streams.table.sql_functions import Value

INDEX = """
CREATE INDEX document_records_by_start ON document_records (started, document_id);
CREATE INDEX document_records_by_successor ON document_records (superseded_by);
"""
_SUPERSEDED_BY = "SELECT * FROM all_documents WHERE superseded_by = ?"
_ID_COLUMN = DOCUMENT_COLUMNS.index("document_id")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which documents a list has.

    Attributes:
        status: Only documents of this status; None: all but those that are superseded.
        path: What their paths begin with.
        after: `started` and id of the last document of the part before; None for the first part.
        limit: The most documents of a part.
    """

    status: str | None
    path: str
    after: tuple[str, str] | None
    limit: int


def rows_of(db: sqlite3.Connection, listing: Listing) -> list[Sequence[Value]]:
    """Return the rows of all_documents that a part of a list has, newest first."""
    values: list[Value] = []
    if listing.status is None:
        conditions = ["superseded_by IS NULL"]
    else:
        conditions, values = ["status = ?"], [listing.status]
    if listing.path:
        conditions.append("substr(path, 1, length(?)) = ?")
        values += [listing.path, listing.path]
    if listing.after is not None:
        conditions.append("(started, document_id) < (?, ?)")
        values += listing.after
    where = " AND ".join(conditions)
    sql = f"SELECT * FROM all_documents WHERE {where} ORDER BY started DESC, document_id DESC LIMIT ?"
    return db.execute(sql, [*values, listing.limit]).fetchall()


def superseded_by(db: sqlite3.Connection, document_id: str) -> list[Sequence[Value]]:
    """Return the rows of the documents whose place one has taken, and of those whose place these had, and so on."""
    found, successors, seen = list[Sequence[Value]](), [document_id], {document_id}
    for successor in successors:  # it grows meanwhile
        for row in db.execute(_SUPERSEDED_BY, (successor,)).fetchall():
            if (one := str(row[_ID_COLUMN])) not in seen:
                seen.add(one)
                successors.append(one)
                found.append(row)
    return found


def page_numbers(db: sqlite3.Connection, document_id: str) -> list[int]:
    """Return the numbers of a document's pages that have a record, ascending; of a superseded document too."""
    keys = {key for table in ("page_keys", "superseded") for key in supersession.keys_of(db, table, document_id)}
    split = (key.rpartition("/") for key in keys)
    return sorted(int(number) for document, _, number in split if document == document_id)
