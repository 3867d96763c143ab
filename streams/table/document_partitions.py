"""On which partitions a document has records: on one, unless the topics got more partitions since it was read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

SCHEMA = """
CREATE TABLE document_partitions (
    document_id TEXT NOT NULL, partition INTEGER NOT NULL, PRIMARY KEY (document_id, partition)
) WITHOUT ROWID;
"""


class Placed(NamedTuple):
    """That a partition's last record of a document is there, or is a tombstone."""

    document_id: str
    partition: int
    is_there: bool


def note(db: sqlite3.Connection, placed: Iterable[Placed]) -> None:
    """Take over what came on `documents`, in its order."""
    for one in placed:
        if one.is_there:
            db.execute("INSERT OR IGNORE INTO document_partitions VALUES (?, ?)", one[:2])
        else:
            db.execute("DELETE FROM document_partitions WHERE document_id = ? AND partition = ?", one[:2])


def of_document(db: sqlite3.Connection, document_id: str) -> list[int]:
    """Return the partitions of a document, ascending."""
    sql = "SELECT partition FROM document_partitions WHERE document_id = ? ORDER BY partition"
    return [int(row[0]) for row in db.execute(sql, (document_id,))]
