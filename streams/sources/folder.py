"""A watched folder: every file in it is delivered once it is whole, and only then.

Events of the file system say where to look; what is delivered is decided by looking. A rescan now and then finds
what events missed (an inotify queue overflows, a network share sends none).
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Iterable
from fnmatch import fnmatch
from pathlib import Path
from time import monotonic

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from streams.errors import BrokerError, FileUnreadable
from streams.settings import Settings
from streams.sources.clean import clean, place_in_archive
from streams.sources.ledger import Ledger, Version
from streams.sources.producer import SentFile
from streams.sources.readiness import is_whole

logger = logging.getLogger(__name__)

# deliver(file, where a large file will be found) → what was sent
Deliver = Callable[[Path, Path], Awaitable[SentFile]]

_RESCAN_S = 30.0
_RETRY_S = 2.0
_POLL_INSTEAD_S = 5.0
_AT_ONCE = 8
_TURN_S = 0.5  # a file that is not whole yet does not hold up those after it for longer


class FolderSource:
    """Watches one folder and its subfolders. `run` until cancelled; counters and `idle` may be read any time."""

    def __init__(self, settings: Settings, folder: Path, ledger: Ledger, deliver: Deliver) -> None:
        self._settings = settings
        self._folder = folder.absolute()
        self._ledger = ledger
        self._deliver = deliver
        self._waiting: dict[Path, asyncio.Task[None]] = {}
        self._again: set[Path] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._scanned = False
        self.delivered = 0
        self.broken = 0

    @property
    def idle(self) -> bool:
        """Whether everything that is in the folder has been delivered."""
        return self._scanned and not self._waiting

    async def run(self) -> None:
        """Deliver what is there and what comes, until cancelled."""
        observer = self._observe(self._settings.watch_polling_s)
        try:
            while True:
                before: asyncio.Task[None] | None = None
                for _, file in await asyncio.to_thread(self._scan):
                    self._notice(file, before)
                    before = self._waiting.get(file, before)
                self._scanned = True
                await asyncio.sleep(_RESCAN_S)
        finally:
            observer.stop()
            for task in self._waiting.values():
                task.cancel()
            await asyncio.gather(*self._waiting.values(), return_exceptions=True)
            await asyncio.to_thread(observer.join)

    def _observe(self, polling_s: float | None) -> BaseObserver:
        """Return a running observer of the folder; where the system has no watches left, one that polls."""
        loop = asyncio.get_running_loop()
        observer = PollingObserver(timeout=polling_s) if polling_s else Observer()
        handler = _Events(lambda path: loop.call_soon_threadsafe(self._notice, path))
        try:
            observer.schedule(handler, str(self._folder), recursive=True)
            observer.start()
        except OSError as error:
            if polling_s:
                raise
            logger.warning("%s cannot be watched by events (%s): polling instead", self._folder, error.strerror)
            return self._observe(_POLL_INSTEAD_S)
        return observer

    def _scan(self) -> list[tuple[int, Path]]:
        """Return every file with its modification time, in nanoseconds, in the order in which to deliver them."""
        found: list[tuple[int, Path]] = []
        for folder, folders, names in os.walk(self._folder):
            folders[:] = [name for name in folders if not self._ignored(name)]
            for file in (Path(folder, name) for name in names if not self._ignored(name)):
                try:
                    state = file.stat()
                except OSError:
                    continue  # gone again, or a link to nowhere
                if stat.S_ISREG(state.st_mode):
                    found.append((state.st_mtime_ns, file))
        return sorted(found, reverse=self._settings.latest_first)

    def _ignored(self, name: str) -> bool:
        return any(fnmatch(name.lower(), pattern.lower()) for pattern in self._settings.ignore)

    def _notice(self, file: Path, before: asyncio.Task[None] | None = None) -> None:
        """Look after a file; one that is looked after already is looked at again when that is done.

        Args:
            before: Whose turn is first, where the order matters.
        """
        if file in self._waiting:
            self._again.add(file)
            return
        if any(map(self._ignored, file.relative_to(self._folder).parts)):
            return
        task = asyncio.create_task(self._look_after(file, before))
        self._waiting[file] = task
        task.add_done_callback(lambda _: self._done(file))

    def _done(self, file: Path) -> None:
        task = self._waiting.pop(file)
        if not task.cancelled() and task.exception() is not None:
            logger.error("%s is left for the next scan", file, exc_info=task.exception())
        if file in self._again:
            self._again.discard(file)
            if not task.cancelled():
                self._notice(file)

    async def _look_after(self, file: Path, before: asyncio.Task[None] | None) -> None:
        """Deliver one file once it rests and is whole; a file that goes on changing is waited for."""
        try:
            version = Version.of(file)
            if self._ledger.has(file, version):
                return
            version = await self._at_rest(file, version)
            version, whole = await self._until_whole(file, version)
            if self._ledger.has(file, version):
                return
            if before is not None:
                await asyncio.wait([before], timeout=_TURN_S)
            async with self._slots:
                sent = await self._delivered(file)
            if Version.of(file) != version:
                self._again.add(file)  # it was written to while it was sent: the new content follows
                return
        except FileNotFoundError:
            logger.debug("%s went before it was delivered", file)
            return
        self._ledger.record(file, version, sent.document_id)
        self.delivered += 1
        self.broken += not whole
        if await asyncio.to_thread(clean, file, self._settings.clean, inline=sent.inline):
            self._ledger.forget(file)

    async def _at_rest(self, file: Path, version: Version) -> Version:
        """Return the file's version once it has not changed for `stable_s`."""
        since = monotonic()
        while (left := since + self._settings.stable_s - monotonic()) > 0:
            await asyncio.sleep(min(left, 0.25))
            current = Version.of(file)
            if current != version:
                version, since = current, monotonic()
        return version

    async def _until_whole(self, file: Path, version: Version) -> tuple[Version, bool]:
        """Return the file's version and whether its structure is complete; a change starts the wait again."""
        deadline, wait_s = monotonic() + self._settings.broken_after_s, 0.1
        while True:
            try:
                if await asyncio.to_thread(is_whole, file):
                    return version, True
            except PermissionError as error:
                logger.warning("%s cannot be read yet: %s", file, error.strerror)
            if monotonic() >= deadline:
                logger.warning("%s is delivered as it is: it stayed incomplete", file)
                return version, False
            await asyncio.sleep(min(wait_s, max(0.01, deadline - monotonic())))
            wait_s = min(2 * wait_s, 2.0)
            current = Version.of(file)
            if current != version:
                version = await self._at_rest(file, current)
                deadline = monotonic() + self._settings.broken_after_s

    async def _delivered(self, file: Path) -> SentFile:
        """Deliver a file; one that may not be read now is tried again for as long as it is there."""
        target = file
        if self._settings.clean == "archive":
            target = await asyncio.to_thread(place_in_archive, file, self._folder)
        while True:
            try:
                return await self._deliver(file, target)
            except FileUnreadable as error:
                Version.of(file)  # raises FileNotFoundError where it is gone
                logger.warning("%s; trying again", error.message)
            except BrokerError as error:
                logger.warning("%s; trying again", error.message)
            await asyncio.sleep(_RETRY_S)


class _Events(FileSystemEventHandler):
    """Passes on where something was created, written, closed or moved to; called on the observer's thread."""

    def __init__(self, notice: Callable[[Path], object]) -> None:
        self._notice = notice

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("created", "modified", "moved", "closed"):
            for path in self._files(event):
                self._notice(path)

    def _files(self, event: FileSystemEvent) -> Iterable[Path]:
        where = event.dest_path if event.event_type == "moved" else event.src_path
        path = Path(where.decode() if isinstance(where, bytes) else where)
        if not event.is_directory:
            return (path,)
        if event.event_type == "moved" or event.event_type == "created":  # a folder with files already in it
            return (file for file in path.rglob("*") if file.is_file())
        return ()
