"""SQLite files in which one process keeps what must outlive it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal


def open_small_database(
    file: Path, synchronous: Literal["OFF", "NORMAL"], *, any_thread: bool = False
) -> sqlite3.Connection:
    """Return a connection to a file whose folder is there; every statement is a transaction of its own.

    Args:
        synchronous: OFF: what was written outlives the process, not the machine. NORMAL: a power cut may lose the
            last statements, and breaks nothing.
        any_thread: Whether it is used from other threads than this one; SQLite takes turns between them.

    Raises:
        sqlite3.Error: It cannot be opened, or is no database.
    """
    database = sqlite3.connect(file, isolation_level=None, timeout=10, check_same_thread=not any_thread)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(f"PRAGMA synchronous={synchronous}")
    return database
