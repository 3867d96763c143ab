"""Documents by content on the local disk, shared by every reader on the machine, bounded in bytes.

A file's name is the sha256 of its content, so two readers that fetch the same document write the same file, and
a rename makes the later one harmless. A reader holds a shared lock on a file while it uses it; eviction takes
an exclusive lock first and passes over what is in use. The kernel drops the locks of a process that dies: a
partial file that nobody holds is of one, and is removed.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from weakref import WeakValueDictionary

from streams.errors import SourceGone
from streams.messages.digests import ContentDigest

Fetch = Callable[[Path], Awaitable[None]]
Waiting = Callable[[], AbstractAsyncContextManager[None]]
"""Entered around what waits for somebody else's server, and for nothing that computes."""

_READ_BYTES = 1024 * 1024
_PARTIAL = ".partial"


class DocumentCache:
    """A folder of documents. One per event loop; several processes may share the folder."""

    def __init__(self, folder: Path, max_bytes: int, on_lookup: Callable[[bool], object] = lambda _: None) -> None:
        """Open the folder, and create it where it is missing.

        Args:
            on_lookup: Called for each document that is asked for, with whether it was here.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._on_lookup = on_lookup
        # a lock lives as long as somebody fetches or waits for that document
        self._fetching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        folder.mkdir(parents=True, exist_ok=True)
        self._evict()

    @asynccontextmanager
    async def document(self, sha256: str, fetch: Fetch, waiting: Waiting = nullcontext) -> AsyncIterator[Path]:
        """Yield the path of a document, fetched if it is not here; it stays until the block ends.

        Args:
            fetch: Writes the document to the path it is given.
            waiting: Entered while it is fetched, by whoever asked for it.

        Raises:
            SourceGone: What was fetched is not the content that was announced.
        """
        held = self._hold(sha256)
        self._on_lookup(held is not None)
        if held is None:
            async with waiting():
                held = await self._fetched(sha256, fetch)
        try:
            yield self._folder / sha256
        finally:
            self.release(held)

    async def _fetched(self, sha256: str, fetch: Fetch) -> int:
        """Fetch a document, unless another page of it just has, and return a descriptor that holds it."""
        # pages of one document wait here for one fetch; pages of others pass
        async with self._fetching.setdefault(sha256, asyncio.Lock()):
            held = self._hold(sha256)
            if held is not None:
                return held
            async with self.incoming() as partial:
                await fetch(partial)
                fetched = await asyncio.to_thread(digest_of, partial, "")
                if fetched.sha256 != sha256:
                    raise SourceGone("the file changed after it was announced; send it again")
                return self.adopt(partial, sha256)

    @asynccontextmanager
    async def incoming(self) -> AsyncIterator[Path]:
        """Yield the path of a new partial file in the cache; it is gone after the block unless adopted."""
        held, name = tempfile.mkstemp(suffix=_PARTIAL, dir=self._folder)
        partial = Path(name)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield partial
        finally:
            os.close(held)
            _forget(partial)

    def adopt(self, partial: Path, sha256: str) -> int:
        """Make a partial file the document of that content and return a descriptor that holds it."""
        target = self._folder / sha256
        # held before it has its name: eviction, here or in another process, passes over it from the start
        held = os.open(partial, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_SH)
        partial.replace(target)
        self._evict()
        return held

    def release(self, held: int) -> None:
        """Let go of a document held by `adopt`."""
        os.close(held)

    def forget(self, sha256: str) -> None:
        """Remove a document, unless somebody uses it now."""
        path = self._folder / sha256
        with _exclusively(path) as mine:
            if mine:
                path.unlink(missing_ok=True)

    def _hold(self, sha256: str) -> int | None:
        """Return a descriptor with a shared lock on a cached document, or None where it is not here."""
        path = self._folder / sha256
        try:
            held = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        fcntl.flock(held, fcntl.LOCK_SH)
        if not path.exists():  # evicted between opening and locking
            os.close(held)
            return None
        # used last: evicted last. Its time of change stays, by which readers know what they have open
        os.utime(path, ns=(time.time_ns(), os.fstat(held).st_mtime_ns))
        return held

    def _evict(self) -> None:
        """Remove what killed processes left, then the documents unused for longest until the bound holds.

        What is in use is passed over.
        """
        entries = sorted(self._entries(), key=lambda entry: entry[0])
        excess = sum(size for _, size, _ in entries) - self._max_bytes
        for _, size, path in entries:
            if excess <= 0 and path.suffix != _PARTIAL:
                continue
            with _exclusively(path) as mine:
                if mine:
                    path.unlink(missing_ok=True)
                    excess -= size

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        for path in self._folder.iterdir():
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield found.st_atime, found.st_size, path


def _forget(partial: Path) -> None:
    partial.unlink(missing_ok=True)


@contextmanager
def _exclusively(path: Path) -> Iterator[bool]:
    """Yield whether nobody else uses the file; nobody starts to while the block lasts."""
    try:
        held = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(held)


def digest_of(file: Path, path: str) -> ContentDigest:
    """Return the digests of a file that came from `path`, read in pieces."""
    digest = ContentDigest(path)
    with file.open("rb") as stream:
        while piece := stream.read(_READ_BYTES):
            digest.update(piece)
    return digest
