"""A watched folder: every file in it is delivered once it is whole, and only then.

File system events only name files to look at; what is delivered is decided by looking. A rescan now and then finds
what events missed (an inotify queue overflows, a network file system sends none).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from streams.errors import BrokerError, FileUnreadable
from streams.settings import Settings
from streams.sources.clean import leave_to_archive, place_in_archive
from streams.sources.events import FolderEvents
from streams.sources.ledger import Ledger, Version
from streams.sources.listing import PassedOver, check_link, files_in, ignored_names
from streams.sources.producer import SentFile
from streams.sources.stability import event_or, until_whole

logger = logging.getLogger(__name__)

# deliver(file, where a large file will be found, the version meant, documents whose place it takes) → what was
# sent; FileUnreadable where the file is another version by then, so that what Kafka gets is what was found whole
Deliver = Callable[[Path, Path, Version, Sequence[str]], Awaitable[SentFile]]

_RESCAN_S = 30.0  # beside events
# After so many events in a row some may be missing: Linux queues 16,384, and a file gives three or four. A burst of
# 10,000 files, whose queue overflowed, was complete after 31 s without this and after 5 s with it.
_BURST_EVENTS = 1000
_BURST_PAUSE_S = 1.0
_FOLDER_CHECK_S = 1.0  # whether the folder itself is still the same: no event comes of a new one
_RETRY_S = 2.0  # while Kafka is away
_FALLBACK_POLL_S = 5.0  # where the file system sends no events
_MAX_SENDING = 8  # files at once, each of them in memory
_MAX_TURN_S = 0.5  # a file that is not whole yet does not hold up those after it for longer


@dataclass(slots=True)
class _Attention:
    """A file that is being looked after."""

    written: asyncio.Event = field(default_factory=asyncio.Event)  # a writer is done with it
    again: bool = False  # something happened to it meanwhile
    task: asyncio.Task[None] | None = None


class FolderSource:
    """Watches one folder and its subfolders. `run` until cancelled; counters and `idle` may be read any time.

    Attributes:
        scans: How often the whole folder has been looked through.
        broken: Delivered files that stayed incomplete for `broken_after_s`.
        unreadable: Files that could not be read or put in the archive; each rescan and each change tries again.
    """

    def __init__(self, settings: Settings, folder: Path, ledger: Ledger, deliver: Deliver) -> None:
        self._settings = settings
        self._folder = folder.absolute()
        self._ledger = ledger
        self._deliver = deliver
        self._ignored = ignored_names(settings)
        self._passed_over = PassedOver(self._folder)
        self._waiting: dict[Path, _Attention] = {}
        self._events, self._burst = 0, asyncio.Event()
        self._slots = asyncio.Semaphore(_MAX_SENDING)
        self._kafka_away = False
        self.scans = 0
        self.broken = 0
        self.unreadable: set[Path] = set()

    @property
    def idle(self) -> bool:
        """Whether everything that is in the folder and can be read has been delivered."""
        return self.scans > 0 and not self._waiting

    def has_delivered(self, name: str) -> bool:
        """Return whether a file of that name is in the folder, and this version of it was delivered."""
        file = self._folder / name
        try:
            return self._ledger.has(file, Version.of(file))
        except OSError:
            return False

    async def run(self) -> None:
        """Deliver what is there and what comes, until cancelled."""
        loop, events = asyncio.get_running_loop(), None
        if self._settings.watch_polling_s is None:
            events = FolderEvents(self._folder, lambda *event: loop.call_soon_threadsafe(self._notice, *event))
        try:
            while True:
                # each file waits, a moment at most, for the one before it, so that they arrive in the scan's order
                before: asyncio.Task[None] | None = None
                for file in await asyncio.to_thread(self._scan):
                    before = self._look_after(file, before)
                self.scans += 1
                await self._pause(events)
        finally:
            tasks = [attention.task for attention in self._waiting.values() if attention.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if events is not None:
                await asyncio.to_thread(events.close)

    async def _pause(self, events: FolderEvents | None) -> None:
        """Return when the folder is to be looked through again."""
        pause_s = self._settings.watch_polling_s or (_RESCAN_S if events and events.come else _FALLBACK_POLL_S)
        deadline = monotonic() + pause_s
        while (left_s := deadline - monotonic()) > 0:
            await event_or(self._burst, min(left_s, _FOLDER_CHECK_S))
            if self._burst.is_set():  # let it end before the next scan, which finds what the queue dropped
                await asyncio.sleep(_BURST_PAUSE_S)
                self._events = 0
                self._burst.clear()
                return
            if events is not None and await asyncio.to_thread(events.renew):
                self.unreadable.discard(self._folder)
                logger.info("%s was made again and is watched again", self._folder)
                return

    def _scan(self) -> list[Path]:
        """Return the files still to be delivered, in that order: by age, or the newest first."""
        found: list[tuple[int, Path]] = []
        for file, version in files_in(self._folder, self._ignored, self._not_read, self._passed_over.add):
            try:
                is_delivered = self._ledger.has(file, version)
            except OSError:
                is_delivered = False  # whoever looks after it logs that it cannot be read
            if not is_delivered:
                found.append((version.mtime_ns, file))
        self._passed_over.report()
        return [file for _, file in sorted(found, reverse=self._settings.latest_first)]

    def _notice(self, file: Path, written: bool) -> None:
        """Take up an event: look after the file, or look at it again once that is done."""
        self._events += 1
        if self._events >= _BURST_EVENTS:
            self._burst.set()
        if attention := self._waiting.get(file):
            attention.again = True
            if written:
                attention.written.set()
        elif not any(map(self._ignored, file.relative_to(self._folder).parts)):
            self._look_after(file)

    def _look_after(self, file: Path, before: asyncio.Task[None] | None = None) -> asyncio.Task[None] | None:
        """Start to look after a file, unless somebody does; return the task.

        Args:
            before: Whose turn is first, where the order matters.
        """
        attention = self._waiting.setdefault(file, _Attention())
        if attention.task is None:
            attention.task = asyncio.create_task(self._try_to_deliver(file, attention, before))
            attention.task.add_done_callback(lambda task: self._done(file, attention, task))
        return attention.task

    def _done(self, file: Path, attention: _Attention, task: asyncio.Task[None]) -> None:
        del self._waiting[file]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            logger.error("%s is left for the next scan", file, exc_info=error)
        elif attention.again:
            self._look_after(file)

    async def _try_to_deliver(self, file: Path, attention: _Attention, before: asyncio.Task[None] | None) -> None:
        try:
            await self._deliver_when_whole(file, attention, before)
            self.unreadable.discard(file)
        except (FileNotFoundError, NotADirectoryError):
            self.unreadable.discard(file)
            logger.debug("%s went before it was delivered", file)
        except (OSError, FileUnreadable) as error:
            self._not_read(error, file)

    def _not_read(self, error: Exception, file: Path | None = None) -> None:
        """Warn once that something cannot be read; every rescan tries it again."""
        where = file or Path(getattr(error, "filename", None) or self._folder)
        if where not in self.unreadable:
            self.unreadable.add(where)
            logger.warning("%s is tried again until it can be read: %s", where, error)

    async def _deliver_when_whole(
        self, file: Path, attention: _Attention, before: asyncio.Task[None] | None
    ) -> None:
        """Deliver one file once it rests and is whole; a file that goes on changing is waited for."""
        version = Version.of(file)
        if await asyncio.to_thread(self._ledger.has, file, version):
            return
        version, whole = await until_whole(
            file, version, attention.written, self._settings.stable_s, self._settings.broken_after_s
        )
        if before is not None:
            await asyncio.wait([before], timeout=_MAX_TURN_S)
        async with self._slots:
            earlier = await asyncio.to_thread(self._ledger.earlier, file, version)
            sent = await self._sent(file, version, list(earlier.values()))
        if sent is None:
            attention.again = True  # it was written to meanwhile: the new content is what counts
            return
        # noted before it is cleaned away: a crash between the two sends nothing again
        self._ledger.record(file, version, sent.document_id)
        for moved in earlier.keys() - {file}:
            self._ledger.forget(moved)
        self.broken += not whole
        if self._settings.clean == "archive":
            if await asyncio.to_thread(leave_to_archive, file, version):
                self._ledger.forget(file)
        elif self._settings.clean == "delete" and sent.inline:
            self._ledger.delete_later(sent.reference, file, version)
        elif self._settings.clean == "delete":
            logger.info("%s is kept: it is read by reference", file)

    async def _sent(self, file: Path, version: Version, supersedes: Sequence[str]) -> SentFile | None:
        """Return what was sent; None where the file is another version by now. Kafka is waited for."""
        if Version.of(file) != version:
            return None
        if not self._settings.follow_links:  # now: a file may have become a link while it was waited for
            check_link(file, self._folder)
        target = file
        if self._settings.clean == "archive":
            target = await asyncio.to_thread(place_in_archive, file, self._folder)
        while True:
            try:
                sent = await self._deliver(file, target, version, supersedes)
            except FileUnreadable:
                # a file that was replaced meanwhile is no fault: its new version comes next
                if Version.of(file) != version:
                    return None
                raise
            except BrokerError as error:
                if not self._kafka_away:
                    logger.warning("%s; trying again until it does", error.message)
                self._kafka_away = True
                await asyncio.sleep(_RETRY_S)
            else:
                self._kafka_away = False
                return sent
