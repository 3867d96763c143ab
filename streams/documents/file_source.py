"""Files behind file:// and object stores (s3, gs, az: fsspec), copied in threads that cannot hold anybody else up.

A client of an object store blocks for as long as it likes, and no thread can be ended from outside. So a copy that
takes too long is given up: it notices that at its next piece, and until then keeps its slot, not its message.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from urllib.parse import unquote_to_bytes

import fsspec

from models.errors import shown_uri
from streams.documents.fetch_slots import FetchSlots
from streams.documents.source_errors import error_of, too_large
from streams.errors import SourceForbidden, SourceGone, SourceUnavailable, UndecodableMessage

_PIECE_BYTES = 1024 * 1024


class FileSource:
    """Copies files. One per event loop."""

    def __init__(self, folders: Iterable[str], max_bytes: int, timeout_s: float, slots: FetchSlots) -> None:
        """Create a source.

        Args:
            folders: Those that file:// may name files in, at any depth.
            slots: Bounds the copies that run at the same time.
        """
        self._folders = [Path(folder).resolve() for folder in folders]
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._slots = slots
        self._threads = ThreadPoolExecutor(slots.total, thread_name_prefix="fetch")

    async def fetch(self, reference: str, target: Path) -> None:
        """Write the file behind a reference to `target`.

        Raises:
            SourceGone: There is nothing there, or no regular file.
            SourceForbidden: It is outside of the folders, or may not be read.
            SourceTooLarge: It is larger than it may be.
            SourceUnavailable: It cannot be reached now, or not in time.
            SourceUnsupported: There is no client for it here.
            SourceFailed: Its client raised what nobody expected.
            UndecodableMessage: It is chained (`a::b`).
        """
        shown = shown_uri(reference)
        local = _local_path(reference)
        if local is not None:
            self._check_folder(local, shown)
        elif "::" in reference:  # fsspec would open one reference inside another, of any scheme
            raise UndecodableMessage(f"content-ref {shown!r} names more than one place")
        given_up = Event()
        failure = await self._in_thread(
            reference, lambda: _copy(reference, local, target, self._max_bytes, given_up), given_up
        )
        if failure is not None:
            raise error_of(failure, shown) from failure

    def stop(self) -> None:
        """Take no more copies; those that run are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, reference: str, copy: Callable[[], None], given_up: Event) -> BaseException | None:
        """Run a copy in a thread and return what it raised, if anything."""
        release = await self._slots.take(server_of(reference))
        copying = self._threads.submit(copy)
        loop = asyncio.get_running_loop()
        copying.add_done_callback(lambda _: None if loop.is_closed() else loop.call_soon_threadsafe(release))
        waiting = asyncio.wrap_future(copying)
        try:
            done, _ = await asyncio.wait([waiting], timeout=self._timeout_s)
        finally:
            given_up.set()
            waiting.cancel()  # where it still runs, nobody asks for its end
        if not done:
            return SourceUnavailable(f"{shown_uri(reference)} was not fetched within {self._timeout_s:g} s")
        return waiting.exception()

    def _check_folder(self, file: Path, shown: str) -> None:
        if any(map(file.resolve().is_relative_to, self._folders)):
            return
        allowed = ", ".join(map(str, self._folders)) or "none are set"
        raise SourceForbidden(
            f"{shown} is outside of content_ref_folders ({allowed}); name its folder in the workers' "
            "INKSTREAM_CONTENT_REF_FOLDERS if all who may produce messages may have it read, and replay the letter"
        )


def server_of(reference: str) -> str:
    """Return what of a reference is slow where one file of it is: scheme, and host or bucket; `file` for files."""
    scheme, _, rest = shown_uri(reference).partition("://")
    return scheme if scheme == "file" else f"{scheme}://{rest.partition('/')[0]}"


def _local_path(reference: str) -> Path | None:
    """Return the file that a file:// URI means, percent-encoded or as people write it; None for other schemes.

    fsspec takes such a URI for a path as it is: no name with a space or an umlaut would be found.
    """
    if not reference.startswith("file://"):
        return None
    path = reference.removeprefix("file://").removeprefix("localhost")
    decoded = Path(os.fsdecode(unquote_to_bytes(path)))
    return decoded if decoded.exists() else Path(path)


def _copy(reference: str, local: Path | None, target: Path, max_bytes: int, given_up: Event) -> None:
    """Copy a file. Raises SourceGone, SourceTooLarge, and whatever its file system or client raises."""
    if local is not None and local.exists() and not local.is_file():  # opening a pipe would wait
        raise SourceGone(f"{shown_uri(reference)} is not a regular file: nothing else is opened")
    # fsspec takes a file:// URI for a path, see _local_path
    opened = local.open("rb") if local is not None else fsspec.open(reference, "rb")
    with opened as source, target.open("wb") as copy:
        size = 0
        while (piece := source.read(_PIECE_BYTES)) and not given_up.is_set():
            size += len(piece)
            if size > max_bytes:  # some files, of /proc for one, have no end
                raise too_large(shown_uri(reference), max_bytes)
            copy.write(piece)
