"""How many fetches run at a time, in all and from one server: one that is slow leaves slots to the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class FetchSlots:
    """Slots for fetches. Lives on one event loop."""

    def __init__(self, total: int, per_server: int) -> None:
        self.total = total
        self._per_server = per_server
        self._all = asyncio.Semaphore(total)
        # a server's slots live as long as somebody has one or waits for one
        self._servers: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def take(self, server: str) -> Callable[[], None]:
        """Wait for a slot and return the function that gives it back; call it once."""
        of_server = self._servers.setdefault(server, asyncio.Semaphore(self._per_server))
        await of_server.acquire()  # first: those who wait for a slow server hold no slot of the others
        try:
            await self._all.acquire()
        except asyncio.CancelledError:
            of_server.release()
            raise

        def give_back() -> None:
            self._all.release()
            of_server.release()

        return give_back

    @asynccontextmanager
    async def taken(self, server: str) -> AsyncIterator[None]:
        """Hold a slot for the length of the block."""
        give_back = await self.take(server)
        try:
            yield
        finally:
            give_back()
