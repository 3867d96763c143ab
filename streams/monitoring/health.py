"""A health check that sees a stalled worker: what is in work, and since when; and whether Kafka answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

logger = logging.getLogger(__name__)

_AWAY_AFTER_S = 6.0  # without an answer of Kafka, which is asked every two seconds


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Whether the worker moves, and why not."""

    healthy: bool
    in_flight: int
    oldest_s: float
    detail: str


class Health:
    """Knows the messages in work. A message in work for longer than any time limit allows is a stall."""

    def __init__(self, stalled_after_s: float, clock: Callable[[], float] = monotonic) -> None:
        self._stalled_after_s = stalled_after_s
        self._clock = clock
        self._since: dict[str, float] = {}
        self._kafka_answered_s: float | None = None
        self.broken: str | None = None
        """Why the worker cannot go on, once it cannot."""

    def begin(self, message: str) -> None:
        """Note that a message is in work."""
        self._since[message] = self._clock()

    def end(self, message: str) -> None:
        """Note that it no longer is."""
        self._since.pop(message, None)

    def kafka_answered(self) -> None:
        """Note that Kafka answers now. From then on it is expected to answer again and again."""
        self._kafka_answered_s = self._clock()

    @property
    def kafka_away_s(self) -> float:
        """Seconds since Kafka last answered, where they are too many; else 0."""
        silent_s = 0.0 if self._kafka_answered_s is None else self._clock() - self._kafka_answered_s
        return silent_s if silent_s > _AWAY_AFTER_S else 0.0

    def report(self) -> HealthReport:
        """Return how the worker is."""
        return self._report(waiting_for_kafka_is_healthy=False)

    def report_for_restarts(self) -> HealthReport:
        """Return how the worker is, where no restart would help while Kafka is away: it waits, and goes on."""
        return self._report(waiting_for_kafka_is_healthy=True)

    def _report(self, waiting_for_kafka_is_healthy: bool) -> HealthReport:
        if self.broken is not None:
            return HealthReport(False, len(self._since), 0.0, self.broken)
        if away_s := self.kafka_away_s:
            detail = f"Kafka has not answered for {away_s:.0f} s"
            return HealthReport(waiting_for_kafka_is_healthy, len(self._since), 0.0, detail)
        if not self._since:
            return HealthReport(True, 0, 0.0, "idle")
        message, since = min(self._since.items(), key=lambda item: item[1])
        age_s = self._clock() - since
        healthy = age_s <= self._stalled_after_s
        detail = "working" if healthy else f"{message} has been in work for {age_s:.0f} s"
        return HealthReport(healthy, len(self._since), round(age_s, 3), detail)


def note_end(task: asyncio.Task[object], what: str, health: Health) -> None:
    """Note, as `observed` does, that a task ended; not where it was cancelled."""
    if not task.cancelled():
        health.broken = f"{what} no longer: {task.exception()!r}"
        logger.error("%s", health.broken, exc_info=task.exception())


@asynccontextmanager
async def observed(work: Coroutine[object, object, object], what: str, health: Health) -> AsyncIterator[None]:
    """Run work that never ends beside the block. Where it ends all the same, the worker is broken from then on.

    Args:
        what: What no longer goes on then, as a clause: "the SQL table follows its topics".
    """

    task = asyncio.create_task(work)
    task.add_done_callback(lambda ended: note_end(ended, what, health))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
