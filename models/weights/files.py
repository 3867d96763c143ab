"""Files of weights: their digest, what shows at a glance that a file holds none, and writing one whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

_LFS_POINTER = b"version https://git-lfs"


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def fault_of(path: Path) -> str:
    """Return what shows that a file holds no weights, as a clause; nothing where it may hold some."""
    with path.open("rb") as file:
        start = file.read(len(_LFS_POINTER))
    if not start:
        return "it is empty"
    if start == _LFS_POINTER:
        return "it is a Git LFS pointer, not the file itself (run git lfs pull where it comes from)"
    return ""


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yield a path beside the target, for a file or a folder; only what is written whole gets the target's name.

    The path has the process's id in it, so that two processes may write the same target. What the target held
    before is replaced; after an error it stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield part
        if part.is_dir():
            shutil.rmtree(target, ignore_errors=True)  # a folder with files in it cannot be replaced
        part.replace(target)
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        part.unlink(missing_ok=True)
