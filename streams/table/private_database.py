"""A SQLite database in memory that nobody else can see: one connection writes, several read beside it.

SQLite's own `:memory:` is one connection's alone, and its shared variants make a writer wait for every reader. So
this is a file without a name on a file system that lies in memory (/dev/shm on Linux), in write-ahead mode.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

from streams.errors import ConfigurationError
from streams.table.sql_guard import restrict

_PREFIX = "inkstream-table-"
_LOCKED_WITHIN_S = 10.0  # a folder this young may not be locked yet
_SHARED_MEMORY = Path("/dev/shm")
_MIN_FREE_BYTES = 1024**3  # containers give /dev/shm 64 MB by default: some 10,000 pages of text
_PAGE_BYTES = 8192
# Pages, 200 MB, in the write-ahead log. It starts over whenever no reader holds it; where readers never pause, the
# writer waits for them once the log is this long.
_MAX_LOG_PAGES = 25_000
_KEPT_LOG_BYTES = 64 * 1024**2  # a log that grew longer gives its memory back
_CACHE_KIB = 65_536  # of the writer


def memory_folder(otherwise: Path) -> Path:
    """Return a folder in memory that a table fits into; `otherwise` where the system has none."""
    if not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
        return otherwise
    return _SHARED_MEMORY if shutil.disk_usage(_SHARED_MEMORY).free >= _MIN_FREE_BYTES else otherwise


class PrivateDatabase:
    """A database of its own process, in write-ahead mode: readers and the writer do not wait for each other.

    The file is unlinked as soon as every connection has it open, so nothing is left of it, whatever ends the
    process. On a disk its pages live in the operating system's cache; nothing is ever synced.
    """

    def __init__(
        self, folder: Path, schema: str, *, readers: int, longest_value: int, timeout_s: float, opening: str
    ) -> None:
        """Open the connections.

        Args:
            schema: SQL that creates what the database holds; it never changes after.
            longest_value: Bytes of the longest value, or row, that is taken, or that a reader may make.
            timeout_s: How long the writer waits for readers where the log is long.
            opening: A SELECT that touches every virtual table. A reader runs it each time it is lent: SQLite opens
                a virtual table with statements of its own, which somebody's guard would refuse.

        Raises:
            ConfigurationError: The folder cannot hold a database.
        """
        self._folder, self._mark = _own_folder(folder)
        self._opening = opening
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._all: list[sqlite3.Connection] = []
        try:
            file = self._folder.absolute() / "table.db"
            self.writer = _connect(file, "rwc", timeout_s)
            _tune(self.writer)
            self.writer.executescript(schema)
            self.writer.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest_value)  # what is longer nobody could read
            for _ in range(readers):
                self._all.append(_connect(file, "ro", timeout_s))
                restrict(self._all[-1], longest_value)
                self._all[-1].execute(opening).fetchone()  # opens the log, while it is there
                self._idle.put(self._all[-1])
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"{folder} cannot hold the SQL table ({error}); name another folder with INKSTREAM_TABLE_DIR"
            ) from error
        finally:
            self._unlink()

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """Yield a read-only connection that no other thread uses; wait for one where all are in use."""
        connection = self._idle.get()
        try:
            connection.execute(self._opening).fetchone()
            yield connection
        finally:
            self._idle.put(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the writer in a transaction: all of it counts or, after an error, nothing. One thread at a time."""
        self.writer.execute("BEGIN")
        try:
            yield self.writer
            self.writer.execute("COMMIT")
        except MemoryError as error:  # queries have the rest of what SQLite may take: tried again, it fits
            self._roll_back()
            raise sqlite3.OperationalError("SQLite's memory is used up by queries") from error
        except BaseException:
            self._roll_back()
            raise
        # what was committed stands; where it does not fit outside of the log, the next COMMIT fails
        with suppress(sqlite3.OperationalError):
            self._shorten_log()

    def close(self) -> None:
        """End what runs on the connections and close them; the memory is free then."""
        for connection in self._all:
            connection.interrupt()
        for _ in self._all:
            self._idle.get().close()
        self.writer.close()
        self._unlink()
        os.close(self._mark)

    def _roll_back(self) -> None:
        if self.writer.in_transaction:  # a full disk has rolled back already
            self.writer.execute("ROLLBACK")

    def _shorten_log(self) -> None:
        _, length, _ = self.writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if length > _MAX_LOG_PAGES:
            self.writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _unlink(self) -> None:
        # NFS keeps the names of open files until they are closed: there it succeeds the second time only
        shutil.rmtree(self._folder, ignore_errors=True)


def _own_folder(parent: Path) -> tuple[Path, int]:
    """Return a new folder, for this user alone, and a descriptor that is locked while its process lives."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(parent)
        folder = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
        mark = os.open(folder, os.O_RDONLY)
        fcntl.flock(mark, fcntl.LOCK_EX)
        return Path(folder), mark
    except OSError as error:
        raise ConfigurationError(
            f"{parent} cannot hold the SQL table ({error.strerror}); name another folder with INKSTREAM_TABLE_DIR"
        ) from error


def _remove_leftovers(parent: Path) -> None:
    """Remove the folders of processes that were killed while they opened theirs."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, another process's, or gone
            mark = os.open(folder, os.O_RDONLY)
            try:
                if time.time() - os.fstat(mark).st_mtime > _LOCKED_WITHIN_S:
                    fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            finally:
                os.close(mark)


def _connect(file: Path, mode: str, timeout_s: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{file.as_uri()}?mode={mode}", uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False
    )


def _tune(writer: sqlite3.Connection) -> None:
    writer.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute(f"PRAGMA journal_size_limit = {_KEPT_LOG_BYTES}")
    writer.execute("PRAGMA synchronous = OFF")  # it is built again at each start
    writer.execute("PRAGMA secure_delete = OFF")
    writer.execute("PRAGMA wal_autocheckpoint = 0")  # done after each transaction, which returns the log's length
    writer.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
