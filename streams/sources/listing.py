"""Which files of a folder are documents: by their names, and by what they are."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from pathlib import Path

from streams.errors import FileUnreadable
from streams.settings import Settings
from streams.sources.clean import ARCHIVE
from streams.sources.ledger import Version


def ignored_names(settings: Settings) -> Callable[[str], object]:
    """Return a function: is a file or folder of this name ignored? Upper and lower case are the same to it."""
    patterns = (*settings.ignore, ARCHIVE)
    return re.compile("|".join(map(translate, patterns)), re.IGNORECASE).match


def files_in(
    root: Path, ignored: Callable[[str], object], not_read: Callable[[OSError], object] | None = None
) -> Iterator[tuple[Path, Version]]:
    """Yield the regular files in a folder and below, links to files included; links to folders are not followed.

    Args:
        not_read: Called for folders that cannot be listed.
    """
    for folder, folders, names in os.walk(root, onerror=not_read):
        folders[:] = [name for name in folders if not ignored(name)]
        for file in (Path(folder, name) for name in names if not ignored(name)):
            try:
                yield file, Version.of(file)
            except OSError:
                continue  # gone again, a link to nowhere, or a pipe


def check_link(file: Path, folder: Path) -> None:
    """Refuse a link out of the folder: who may write there need not be one who may read all that this process may.

    Raises:
        FileUnreadable: It is one.
    """
    if file.is_symlink() and not file.resolve().is_relative_to(folder.resolve()):
        raise FileUnreadable(
            f"{file} is a link that leads out of the folder; put the file itself there, or set follow_links"
        )
