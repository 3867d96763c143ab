"""Which files of a folder are documents: by their names, and by what they are."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from pathlib import Path

from streams.errors import FileUnreadable
from streams.settings import Settings
from streams.sources.clean import ARCHIVE
from streams.sources.ledger import Version

logger = logging.getLogger(__name__)

_MAX_NAMES = 5  # in one line of the log


def ignored_names(settings: Settings) -> Callable[[str], object]:
    """Return a function: is a file or folder of this name ignored? Upper and lower case are the same to it."""
    patterns = (*settings.ignore, ARCHIVE)
    return re.compile("|".join(map(translate, patterns)), re.IGNORECASE).match


def files_in(
    root: Path,
    ignored: Callable[[str], object],
    not_read: Callable[[OSError], object] | None = None,
    passed_over: Callable[[Path], object] | None = None,
) -> Iterator[tuple[Path, Version]]:
    """Yield the regular files in a folder and below, links to files included; links to folders are not followed.

    Args:
        not_read: Called for folders that cannot be listed.
        passed_over: Called for ignored names and for links to folders.
    """
    for folder, folders, names in os.walk(root, onerror=not_read):
        if passed_over is not None:
            for name in (*folders, *names):
                if ignored(name) or (name in folders and Path(folder, name).is_symlink()):
                    passed_over(Path(folder, name))
        folders[:] = [name for name in folders if not ignored(name)]
        for file in (Path(folder, name) for name in names if not ignored(name)):
            try:
                yield file, Version.of(file)
            except OSError:
                continue  # gone again, a link to nowhere, or a pipe


class PassedOver:
    """Logs once what a folder has and nobody reads. A name that goes and comes back is logged again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[Path] = set()
        self._found: set[Path] = set()

    def add(self, path: Path) -> None:
        """Note that a look at the folder found something that is not read."""
        self._found.add(path)

    def report(self) -> None:
        """Log what was added since the last report and was not there before that."""
        new = sorted(self._found - self._known)
        self._known, self._found = self._found, set()
        links = [path for path in new if path.is_symlink() and path.is_dir()]
        for link in links:
            logger.warning("%s is a link to a folder and is not followed: put the folder itself there", link)
        names = [str(path.relative_to(self._folder)) for path in new if path not in links and path.name != ARCHIVE]
        if names:
            shown = ", ".join(names[:_MAX_NAMES]) + (", …" if len(names) > _MAX_NAMES else "")
            logger.info("not read, for the setting `ignore` has such names: %s (%d in all)", shown, len(names))


def check_link(file: Path, folder: Path) -> None:
    """Refuse a link out of the folder: who may write there need not be one who may read all that this process may.

    Raises:
        FileUnreadable: It is one.
    """
    if file.is_symlink() and not file.resolve().is_relative_to(folder.resolve()):
        raise FileUnreadable(
            f"{file} is a link that leads out of the folder; put the file itself there, or set follow_links"
        )
