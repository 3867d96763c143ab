"""Which files of a watched folder were delivered, so that a restart re-reads nothing and loses nothing."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from dataclasses import dataclass, field
from pathlib import Path

from streams.documents.cache import digest_of
from streams.errors import ConfigurationError
from streams.paths import private_file, private_folder
from streams.small_database import open_small_database

_MAX_MOVED = 8  # of one file, between two looks
_63_BITS = 2**63 - 1  # what SQLite's integers hold


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a file: a change of size or time of change makes it a new one.

    Inode and time of the last change of status do not count in comparisons: links, modes and some network file
    systems change them under the same content. `is_surely` compares them as well.
    """

    size: int
    mtime_ns: int
    inode: int = field(default=0, compare=False)
    ctime_ns: int = field(default=0, compare=False)

    def is_surely(self, other: Version) -> bool:
        """Return whether this is the other version without a doubt: nothing has touched the file."""
        return self == other and (self.inode, self.ctime_ns) == (other.inode, other.ctime_ns)

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
        return cls(found.st_size, found.st_mtime_ns, found.st_ino & _63_BITS, found.st_ctime_ns)


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
            self._db = open_small_database(file, "NORMAL", any_thread=True)
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS delivered (path BLOB PRIMARY KEY, size INTEGER NOT NULL,"
                " mtime_ns INTEGER NOT NULL, document_id TEXT NOT NULL, inode INTEGER NOT NULL DEFAULT 0,"
                " ctime_ns INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
            )
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS to_delete (reference TEXT PRIMARY KEY, path BLOB NOT NULL,"
                " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID"
            )
            self._add_columns()
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"the ledger of delivered files, {file}, cannot be used: {error}. Make data_dir writable, or "
                "delete a broken ledger: its folder is then sent once more, which changes no result"
            ) from error

    def has(self, file: Path, version: Version) -> bool:
        """Return whether this version of a file was delivered.

        A file of the same size and time that was replaced or touched is read: its content decides.

        Raises:
            OSError: It cannot be read.
        """
        row = self._db.execute(
            "SELECT size, mtime_ns, inode, ctime_ns, document_id FROM delivered WHERE path = ?", (bytes(file),)
        ).fetchone()
        if row is None or (known := Version(*row[:4])) != version:
            return False
        if known.is_surely(version):
            return True
        if known.ctime_ns and digest_of(file, file.as_uri()).document_id != row[4]:
            return False
        self._db.execute(  # the next look needs not read it
            "UPDATE delivered SET inode = ?, ctime_ns = ? WHERE path = ? AND size = ? AND mtime_ns = ?"
            " AND document_id = ?",
            (version.inode, version.ctime_ns, bytes(file), version.size, version.mtime_ns, row[4]),
        )
        return True

    def record(self, file: Path, version: Version, document_id: str) -> None:
        """Note that this version was delivered."""
        self._db.execute(
            "INSERT OR REPLACE INTO delivered VALUES (?, ?, ?, ?, ?, ?)",
            (bytes(file), version.size, version.mtime_ns, document_id, version.inode, version.ctime_ns),
        )

    def earlier(self, file: Path, version: Version) -> dict[Path, str]:
        """Return the documents whose place this version takes, by their files.

        That is what stood there before, and what was delivered from a path at which it no longer is: it was
        renamed or moved. A file is known again by inode, size and time, and by its content.

        Raises:
            OSError: The file cannot be read.
        """
        rows = self._db.execute(
            "SELECT path, document_id FROM delivered WHERE path = ?"
            " UNION ALL SELECT * FROM (SELECT path, document_id FROM delivered"
            " WHERE inode = ? AND size = ? AND mtime_ns = ? AND ctime_ns != 0 AND path != ? LIMIT ?)",
            (bytes(file), version.inode, version.size, version.mtime_ns, bytes(file), _MAX_MOVED),
        ).fetchall()
        found = {Path(os.fsdecode(path)): str(document_id) for path, document_id in rows}
        return {
            path: document_id
            for path, document_id in found.items()
            if path == file or (not path.exists() and digest_of(file, path.as_uri()).document_id == document_id)
        }

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

    def _add_columns(self) -> None:
        """Give a ledger of an earlier version the columns that it lacks; its files are not read again for that."""
        there = {row[1] for row in self._db.execute("PRAGMA table_info(delivered)")}
        for name in ("inode", "ctime_ns"):
            if name not in there:
                self._db.execute(f"ALTER TABLE delivered ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0")
        self._db.execute("CREATE INDEX IF NOT EXISTS delivered_by_inode ON delivered (inode)")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
