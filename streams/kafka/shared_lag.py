"""How far each stage is behind, for all who ask: they share one connection, and looks that are a moment old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from time import monotonic

from streams.errors import BrokerError
from streams.kafka.lag import LagReader, StageLag
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Look:
    """Every stage's lag at a moment, in seconds of a monotonic clock."""

    moment_s: float
    stages: list[StageLag]


class SharedLag:
    """Connects with the first look and stays connected until it is closed. Lives on one event loop."""

    def __init__(
        self,
        settings: Settings,
        reader: Callable[[Settings], AbstractAsyncContextManager[LagReader]] = LagReader,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._settings = settings
        self._make_reader = reader
        self._clock = clock
        self._reader: LagReader | None = None
        self._connection = AsyncExitStack()
        self._one_at_a_time = asyncio.Lock()
        self._last: Look | None = None

    async def look(self, max_age_s: float) -> Look:
        """Return a look that is no older than that; whoever comes while one is taken waits for it.

        Raises:
            BrokerError: Kafka does not answer; the next look connects again.
        """
        async with self._one_at_a_time:
            now_s = self._clock()
            if self._last is None or now_s - self._last.moment_s > max_age_s:
                stages = await self._stages()
                self._last = Look(self._clock(), stages)
            return self._last

    async def close(self) -> None:
        """Close the connection; a later look opens it again."""
        self._reader = None
        await self._connection.aclose()

    async def _stages(self) -> list[StageLag]:
        if self._reader is not None:
            try:
                return await self._reader.stages()
            except BrokerError:
                await self.close()  # it may have been idle for so long that it is dead: not Kafka's fault
        self._reader = await self._connection.enter_async_context(self._make_reader(self._settings))
        return await self._reader.stages()
