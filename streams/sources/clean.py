"""What becomes of a file once Kafka has it: nothing, the archive, or deletion (Spark's cleanSource)."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Literal

from streams.sources.ledger import Version

logger = logging.getLogger(__name__)

Clean = Literal["off", "archive", "delete"]
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


def clean(file: Path, version: Version, how: Clean, *, inline: bool) -> bool:
    """Clean a delivered version away and return whether it is gone from the folder.

    A file that was sent by reference is read from where it lies, maybe days later: it is not deleted. Neither is
    one that has changed since it was sent.

    Raises:
        OSError: It may not be deleted.
    """
    if how == "off":
        return False
    if how == "delete" and not inline:
        logger.info("%s is kept: it is read by reference", file)
        return False
    if Version.of(file) != version:
        return False
    file.unlink()
    return True
