"""split_files pauses while `pages` is too far behind, so that a backlog waits as files, which are smaller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from streams.errors import BrokerError

logger = logging.getLogger(__name__)

_LAG_MAX_AGE_S = 1.0


class Backpressure:
    """Holds callers while a lag is above its limit. The lag is asked for at most once a second."""

    def __init__(
        self, lag: Callable[[], Awaitable[int]], limit: int, clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        """Ask for nothing yet.

        Args:
            lag: Of the topic that is filled; raises BrokerError while Kafka is away.
            limit: Above which callers are held.
            clock: Seconds; never goes back.
            sleep: Waits for so many seconds.
        """
        self._lag = lag
        self._limit = limit
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()  # one caller asks for the lag, the others wait with it
        self._checked_at = clock() - _LAG_MAX_AGE_S
        self._behind = 0

    async def wait(self) -> None:
        """Return once the lag is at or below the limit."""
        async with self._lock:
            while await self._current_lag() > self._limit:
                logger.info("pages is %d behind (limit %d): splitting waits", self._behind, self._limit)
                await self._sleep(_LAG_MAX_AGE_S)

    async def _current_lag(self) -> int:
        if self._clock() - self._checked_at >= _LAG_MAX_AGE_S:
            try:
                self._behind = await self._lag()
            except BrokerError as error:  # what is split now could not be delivered either
                logger.warning("%s; splitting waits", error.message)
                self._behind = self._limit + 1
            self._checked_at = self._clock()
        return self._behind
