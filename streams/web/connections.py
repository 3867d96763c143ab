"""Connections that may be slow, but not for long, and not too many: uvicorn waits for a request for ever."""

from __future__ import annotations

import asyncio
import resource
from time import monotonic
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

_MAX_CONNECTIONS = 512  # half of them may listen to events; each upload is up to 32 MiB on disk until it is whole
_SHARE_OF_FILES = 4  # connections take one in so many of the files that the process may have open


def max_connections() -> int:
    """Return how many connections are served at a time: Kafka's clients and the readers need open files as well."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MAX_CONNECTIONS, files // _SHARE_OF_FILES)


class BoundedConnection(H11Protocol):
    """One HTTP connection. It ends where its next request does not come.

    Clients keep connections for requests to come: httpx for 5 s, aiohttp for 15 s. One that ends here while a
    request is on its way costs that request.

    Above `most` connections, the one that has waited longest for a whole request makes room for a new one.

    Attributes:
        headers_within_s: By then the headers must be whole, however many bytes of them have come.
        kept_for_s: The first byte of a further request may take so long.
        body_stalls_for_s: A body may pause for so long.
        body_within_s: By then a body must be whole: 33 MB at 0.3 Mbit/s.
        check_s: Between two looks at that.
        most: Connections at a time.
    """

    headers_within_s: ClassVar[float] = 10.0
    kept_for_s: ClassVar[float] = 75.0
    body_stalls_for_s: ClassVar[float] = 30.0
    body_within_s: ClassVar[float] = 900.0
    check_s: ClassVar[float] = 2.0
    most: ClassVar[int] = _MAX_CONNECTIONS

    _since = 0.0  # what is waited for has been waited for since then
    _kept = False  # for a further request, of which nothing has come
    _request: object = None  # the last request, and when it began
    _began = 0.0
    _check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, and end another one for it where there are too many."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._since = monotonic()
        self._check = self.loop.call_later(self.check_s, self._end_if_late)
        if len(self.connections) > self.most:
            waiting = [one for one in self.connections if isinstance(one, BoundedConnection) and one.waits]
            min(waiting, key=lambda one: one._since).transport.abort()  # itself, where no other one waits

    @property
    def waits(self) -> bool:
        """Whether it has no whole request that is being answered."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a body show that it goes on."""
        if self._kept:
            self._kept, self._since = False, monotonic()
        super().data_received(data)
        if self._in_request:
            self._since = monotonic()
            if self._request is not self.cycle:
                self._request, self._began = self.cycle, self._since

    def on_response_complete(self) -> None:
        """Wait for the next request from now on."""
        self._kept, self._since = True, monotonic()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    @property
    def _in_request(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _end_if_late(self) -> None:
        limit_s = self.kept_for_s if self._kept else self.headers_within_s
        if self._in_request:
            limit_s = self.body_stalls_for_s
        waited_s = monotonic() - self._since
        # where the server has paused reading, it is not the client that is late
        late = self.waits and not self.flow.read_paused and waited_s > limit_s
        late |= self._in_request and self.waits and monotonic() - self._began > self.body_within_s
        # closed from here, and the client does not take what was written before
        if late or (self.transport.is_closing() and waited_s > self.body_stalls_for_s):
            self.transport.abort()
            return
        self._check = self.loop.call_later(self.check_s, self._end_if_late)
