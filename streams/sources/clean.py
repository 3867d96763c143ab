"""What becomes of a file once Kafka has it: nothing, the archive, or deletion (Spark's cleanSource)."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Literal

logger = logging.getLogger(__name__)

Clean = Literal["off", "archive", "delete"]
ARCHIVE = ".archive"


def place_in_archive(file: Path, folder: Path) -> Path:
    """Make a file appear under .archive as well (sub path kept, numbered where taken) and return where.

    This comes before the file is sent: a large one is sent by reference, and the reference names the archive. A
    crash after it leaves the file in the folder, to be sent again, and at worst a second name in the archive.
    """
    wanted = folder / ARCHIVE / file.relative_to(folder)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    target, number = wanted, 1
    while True:
        try:
            os.link(file, target)
            return target
        except FileExistsError:
            target = wanted.with_stem(f"{wanted.stem}-{number}")
            number += 1
        except PermissionError:  # a file system without hard links
            shutil.copy2(file, target)
            return target


def clean(file: Path, how: Clean, *, inline: bool) -> bool:
    """Clean a delivered file away and return whether it is gone from the folder.

    A file that was sent by reference is read from where it lies, maybe days later: it is not deleted.
    """
    if how == "off":
        return False
    if how == "delete" and not inline:
        logger.info("%s is kept: it is read by reference", file)
        return False
    file.unlink(missing_ok=True)
    return True
