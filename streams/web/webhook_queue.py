"""Calls of webhooks that are still to be made, in a small SQLite file: a restart forgets none of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from streams.small_database import open_small_database

_FIRST_RETRY_S, _LONGEST_RETRY_S = 5.0, 3600.0
_SLOWER = 4  # times as long as before the try before


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        id: The same for all tries, and for nothing else.
        url: Sealed.
        created_s: When the document was finished, seconds since 1970.
    """

    id: str
    url: str
    document_id: str
    path: str
    body: bytes
    created_s: float
    attempts: int = 0


class CallQueue:
    """The calls of one worker. Lives on one thread; each method takes some 20 microseconds."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = open_small_database(file, "NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS calls (id TEXT PRIMARY KEY, url TEXT NOT NULL, document_id TEXT NOT NULL,"
            " path TEXT NOT NULL, body BLOB NOT NULL, created REAL NOT NULL, attempts INTEGER NOT NULL,"
            " due REAL NOT NULL) WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS calls_by_time ON calls (due)")

    def put(self, calls: Iterable[Call]) -> None:
        """Add calls that are due at once; those that are there already stay as they are."""
        rows = [(c.id, c.url, c.document_id, c.path, c.body, c.created_s, c.attempts, c.created_s) for c in calls]
        self._db.executemany("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def due(self, now_s: float, most: int) -> list[Call]:
        """Return calls whose time has come, the one that has waited longest first."""
        found = self._db.execute(
            "SELECT id, url, document_id, path, body, created, attempts FROM calls"
            " WHERE due <= ? ORDER BY due LIMIT ?",
            (now_s, most),
        )
        return [Call(*row) for row in found]

    def again(self, call: Call, now_s: float) -> None:
        """Have a call that failed made again: after 5 s, 20 s, … up to an hour."""
        wait_s = min(_FIRST_RETRY_S * _SLOWER**call.attempts, _LONGEST_RETRY_S)
        self._db.execute(
            "UPDATE calls SET attempts = attempts + 1, due = ? WHERE id = ?", (now_s + wait_s, call.id)
        )

    def remove(self, call: Call) -> None:
        """Forget a call: it was made, or given up."""
        self._db.execute("DELETE FROM calls WHERE id = ?", (call.id,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
