"""How often the worker took up each message without finishing it, kept outside the process that may die of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streams.errors import DiskFull
from streams.small_database import open_small_database

# A document that killed the worker and is dropped again next day is tried again: something may have been mended.
_MEMORY_S = 3600.0


class Attempts:
    """A small SQLite file of the messages in flight. It survives kill -9 of the worker, which is its purpose.

    Two writes of some 20 microseconds a message, on the event loop's thread: nothing is synced to disk, because
    only the process may die, not the machine (after a power cut the counts start again, which is harmless).
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = open_small_database(file, "OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS attempts"
            " (message TEXT PRIMARY KEY, count INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID"
        )
        self._db.execute("DELETE FROM attempts WHERE at < ?", (_since(),))

    def is_suspect(self, message: str) -> bool:
        """Return whether the worker died while this message was in work: it, or one beside it, is the reason."""
        found = self._db.execute("SELECT 1 FROM attempts WHERE message = ? AND at >= ?", (message, _since()))
        return found.fetchone() is not None

    def begin(self, message: str) -> int:
        """Count one more attempt at a message and return how many there were of late, this one included.

        Raises:
            DiskFull: There is no room to note it.
        """
        # an attempt older than the memory does not count: the count starts again at 1
        with _full_disk_as_ours():
            row = self._db.execute(
                "INSERT INTO attempts VALUES (?1, 1, ?2) ON CONFLICT DO UPDATE"
                " SET count = CASE WHEN at < ?3 THEN 1 ELSE count + 1 END, at = ?2 RETURNING count",
                (message, time.time(), _since()),
            ).fetchone()
        return int(row[0])

    def finish(self, message: str) -> None:
        """Forget a message: it was processed, or given back by an orderly stop.

        Where the disk has no room even for that, it stays known for a while, which costs nothing but company.
        """
        with suppress(DiskFull), _full_disk_as_ours():
            self._db.execute("DELETE FROM attempts WHERE message = ?", (message,))

    def take_back(self, message: str) -> None:
        """Uncount the last attempt at a message: it is not in work for a while, and no crash is of its making."""
        with suppress(DiskFull), _full_disk_as_ours():
            self._db.execute("UPDATE attempts SET count = count - 1 WHERE message = ?", (message,))
            self._db.execute("DELETE FROM attempts WHERE message = ? AND count <= 0", (message,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


@contextmanager
def _full_disk_as_ours() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        # SQLite's primary code is the low byte; a write beyond a quota of some kinds is an I/O error to it
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise DiskFull(f"no room to note what is in work: {error}; free some, or lower cache_bytes") from error
        raise


def _since() -> float:
    return time.time() - _MEMORY_S
