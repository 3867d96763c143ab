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
