"""What is left in memory of databases whose process was killed."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from streams.table.private_database import PrivateDatabase


def opened(folder: Path) -> PrivateDatabase:
    return PrivateDatabase(
        folder, "CREATE TABLE t (a)", readers=1, longest_value=1000, timeout_s=1, opening="SELECT * FROM t"
    )


def aged(folder: Path) -> Path:
    folder.mkdir()
    (folder / "table.db").touch()
    os.utime(folder, (0, 0))
    return folder


def test_a_database_removes_what_killed_processes_left_and_nothing_else(tmp_path: Path) -> None:
    left, used, other = (aged(tmp_path / name) for name in ("inkstream-table-a", "inkstream-table-b", "b"))
    young = tmp_path / "inkstream-table-c"
    young.mkdir()
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    opened(tmp_path).close()
    assert not left.exists()
    assert sorted(tmp_path.iterdir()) == [other, used, young]
    os.close(lock)
