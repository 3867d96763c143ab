"""Which files of a watched folder were delivered, so that a restart re-reads nothing and loses nothing."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path

from streams.errors import ConfigurationError
from streams.paths import private_file, private_folder


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a file: a change of either makes it a new one."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, file: Path) -> Version:
        """Return the version that is there now.

        Raises:
            FileNotFoundError: There is no regular file: nothing, a folder, or a pipe, which must never be opened.
        """
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(errno.ENOENT, "not a regular file", str(file))
        return cls.from_stat(found)

    @classmethod
    def from_stat(cls, found: os.stat_result) -> Version:
        return cls(found.st_size, found.st_mtime_ns)


class Ledger:
    """A SQLite file of delivered versions. Written after Kafka's acknowledgement, before anything is cleaned.

    A kill loses nothing that was recorded; a power cut may lose the last records, whose files are then sent again.
    May be used from any thread.

    Raises:
        ConfigurationError: The file cannot be opened, or is no ledger.
    """

    def __init__(self, file: Path) -> None:
        try:
            private_folder(file.parent)
            private_file(file)  # SQLite gives the files beside it the same mode
            # SQLite itself takes turns between threads; every statement here is a transaction of its own
            self._db = sqlite3.connect(file, isolation_level=None, timeout=10, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS delivered (path BLOB PRIMARY KEY, size INTEGER NOT NULL,"
                " mtime_ns INTEGER NOT NULL, document_id TEXT NOT NULL) WITHOUT ROWID"
            )
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS to_delete (reference TEXT PRIMARY KEY, path BLOB NOT NULL,"
                " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"the ledger of delivered files, {file}, cannot be used: {error}. Make data_dir writable, or "
                "delete a broken ledger: its folder is then sent once more, which changes no result"
            ) from error

    def has(self, file: Path, version: Version) -> bool:
        """Return whether this version of a file was delivered."""
        row = self._db.execute("SELECT size, mtime_ns FROM delivered WHERE path = ?", (bytes(file),)).fetchone()
        return bool(row == (version.size, version.mtime_ns))

    def record(self, file: Path, version: Version, document_id: str) -> None:
        """Note that this version was delivered."""
        self._db.execute(
            "INSERT OR REPLACE INTO delivered VALUES (?, ?, ?, ?)",
            (bytes(file), version.size, version.mtime_ns, document_id),
        )

    def forget(self, file: Path) -> None:
        """Forget a file that was cleaned away: one of the same name is a new one."""
        self._db.execute("DELETE FROM delivered WHERE path = ?", (bytes(file),))

    def delete_later(self, reference: str, file: Path, version: Version) -> None:
        """Note that a file is to be deleted once the message at that reference is read."""
        self._db.execute(
            "INSERT OR REPLACE INTO to_delete VALUES (?, ?, ?, ?)",
            (reference, bytes(file), version.size, version.mtime_ns),
        )

    def to_delete(self, reference: str) -> tuple[Path, Version] | None:
        """Return the file that is to be deleted once the message at that reference is read."""
        row = self._db.execute(
            "SELECT path, size, mtime_ns FROM to_delete WHERE reference = ?", (reference,)
        ).fetchone()
        return None if row is None else (Path(os.fsdecode(row[0])), Version(row[1], row[2]))

    def deleted(self, reference: str, file: Path) -> None:
        """Forget a file that was deleted: one of the same name is a new one."""
        self._db.execute("DELETE FROM to_delete WHERE reference = ?", (reference,))
        self.forget(file)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
