"""The archive: where files go once Kafka has them, with `clean=archive` (Spark's cleanSource)."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from streams.sources.ledger import Version

logger = logging.getLogger(__name__)

ARCHIVE = ".archive"


def place_in_archive(file: Path, folder: Path) -> Path:
    """Make a file appear under .archive as well (sub path kept, numbered where taken) and return where.

    This comes before the file is sent: a large one is sent by reference, and the reference names the archive. A
    crash after it leaves the file in the folder, to be sent again with the path that it already has in the archive.

    Raises:
        OSError: The archive cannot be written.
    """
    wanted = folder / ARCHIVE / file.relative_to(folder)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    target, number = wanted, 1
    while True:
        try:
            _appear(file, target)
        except FileExistsError:
            if target.exists() and target.samefile(file):
                return target
            target = wanted.with_stem(f"{wanted.stem}-{number}")
            number += 1
        else:
            return target


def _appear(file: Path, target: Path) -> None:
    """Link a file, or copy what a symbolic link leads to, and files where links cannot be made."""
    if not file.is_symlink():
        try:
            os.link(file, target)
            return
        except FileExistsError:
            raise
        except OSError as error:  # each file system refuses in its own words
            logger.debug("%s cannot be linked to the archive (%s) and is copied", file, error.strerror)
    with file.open("rb") as source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())  # the original is deleted next
    shutil.copystat(file, target)


def leave_to_archive(file: Path, version: Version) -> bool:
    """Remove a delivered file that is in the archive as well, and return whether it is gone from the folder.

    One that has changed since it was sent is another file, and stays.

    Raises:
        OSError: It may not be deleted.
    """
    current = Version.of(file)
    if current != version or current.inode != version.inode:
        return False
    file.unlink()
    return True
