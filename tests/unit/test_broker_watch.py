from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from streams.kafka import broker_watch
from streams.settings import Settings


class LateAdmin:
    """Answers at the moment at which it is given up: wait_for of Python 3.11 returns such an answer."""

    async def describe_cluster(self) -> dict[str, object]:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        return {}


class Answers:
    """Counts them."""

    kafka_away_s = 0.0

    def __init__(self) -> None:
        self.count = 0
        self.enough = asyncio.Event()

    def kafka_answered(self) -> None:
        self.count += 1
        if self.count == 3:
            self.enough.set()


async def test_an_answer_that_comes_as_it_is_given_up_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def admin(settings: Settings) -> AsyncIterator[LateAdmin]:
        yield LateAdmin()

    monkeypatch.setattr(broker_watch, "open_admin", admin)
    monkeypatch.setattr(broker_watch, "_ANSWER_S", 0.01)
    monkeypatch.setattr(broker_watch, "_INTERVAL_S", 0.0)
    health = Answers()
    watching = asyncio.create_task(broker_watch.watch_broker(Settings(), health))
    ended = asyncio.create_task(health.enough.wait())
    await asyncio.wait([watching, ended], return_when=asyncio.FIRST_COMPLETED)
    assert not watching.done(), watching.exception()
    watching.cancel()
