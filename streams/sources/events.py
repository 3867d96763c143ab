"""File system events of a folder. They arrive on the observer's thread."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

logger = logging.getLogger(__name__)

# notice(file, whether its writer is done with it)
Notice = Callable[[Path, bool], object]


def observe(folder: Path, notice: Notice) -> BaseObserver | None:
    """Return a running observer of a folder and all below it, or None where the system has no watches left."""
    observer = Observer()
    try:
        observer.schedule(_Events(notice), str(folder), recursive=True)
        observer.start()
    except OSError as error:
        logger.warning(
            "%s cannot be watched by events (%s) and is looked through instead; on Linux, raise "
            "fs.inotify.max_user_watches and max_user_instances", folder, error.strerror,
        )  # fmt: skip
        return None
    return observer


class FolderEvents:
    """Events of a folder and all below it; `renew` now and then, for a folder may be removed and made again."""

    def __init__(self, folder: Path, notice: Notice) -> None:
        self._folder = folder
        self._notice = notice
        self._observer: BaseObserver | None = None
        self._observed: tuple[int, int] | None = None  # device and inode
        self.renew()

    @property
    def come(self) -> bool:
        """Whether changes are noticed; else the folder has to be looked through."""
        return self._observer is not None

    def renew(self) -> bool:
        """Observe the folder anew where another one has come to its place; return whether one has. Blocks."""
        there = _identity(self._folder)
        # a removed folder's inode may be the new one's again; but the threads that observed it have ended
        alive = self._observer is None or all(emitter.is_alive() for emitter in self._observer.emitters)
        if there == self._observed and alive:
            return False
        self.close()
        self._observed = there
        self._observer = observe(self._folder, self._notice) if there else None
        return there is not None

    def close(self) -> None:
        """Stop to observe. Blocks."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class _Events(FileSystemEventHandler):
    """Passes on where something was created, written, closed or moved to."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("created", "modified", "moved", "closed"):
            for path in _files(event):
                self._notice(path, event.event_type in ("moved", "closed"))


def _files(event: FileSystemEvent) -> Iterator[Path]:
    where = os.fsdecode(event.dest_path if event.event_type == "moved" else event.src_path)
    if not event.is_directory:
        yield Path(where)
    elif event.event_type in ("moved", "created"):  # a folder with files already in it
        for folder, _, names in os.walk(where):
            yield from (Path(folder, name) for name in names)
