"""Room for what is sent to this service: how many uploads at a time, and how many bytes of them are here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streams.web.problems import Refusal

# A form keeps a file's first MiB in memory and the rest in a temporary file: with 100 files in each of 512 requests
# there was no bound but the machine's.
MAX_UPLOADS = 128
_RETRY_AFTER_S = "5"


class Share:
    """The bytes that one upload holds."""

    def __init__(self, room: UploadRoom) -> None:
        self._room = room
        self.bytes = 0

    def take(self, count: int) -> None:
        """Hold so many more bytes. Raises Refusal where there is no room for them."""
        if self._room.bytes + count > self._room.most_bytes:
            raise _no_room(f"{self._room.bytes} bytes of others are being taken")
        self._room.bytes += count
        self.bytes += count


class UploadRoom:
    """Counts uploads from their first byte to their answer. Lives on one event loop.

    Attributes:
        most: Uploads at a time.
        most_bytes: What they hold together, in memory and on disk.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.uploads = self.bytes = 0

    @contextmanager
    def upload(self) -> Iterator[Share]:
        """Count one more upload for the length of the block. Raises Refusal where there are too many."""
        if self.uploads >= self.most:
            raise _no_room(f"{self.uploads} others are being taken")
        self.uploads += 1
        try:
            with self.share() as share:
                yield share
        finally:
            self.uploads -= 1

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Yield a share of the bytes, given back with the block."""
        share = Share(self)
        try:
            yield share
        finally:
            self.bytes -= share.bytes


def _no_room(why: str) -> Refusal:
    return Refusal("too-many-uploads", f"{why}; send it again in a moment", {"Retry-After": _RETRY_AFTER_S})
