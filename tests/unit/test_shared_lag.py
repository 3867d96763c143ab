"""Lags that many ask for at once: one connection, one look, and a connection that died is no failure."""

from __future__ import annotations

import asyncio
from typing import Self

import pytest

from streams.errors import BrokerError
from streams.kafka.lag import LagReader, StageLag
from streams.kafka.shared_lag import SharedLag
from streams.settings import Settings
from tests.unit.test_logs import Clock


class Reader(LagReader):
    """Counts connections and looks; `dead` connections answer no more."""

    opened = looks = 0
    dead = False
    away = False

    async def __aenter__(self) -> Self:
        if Reader.away:
            raise BrokerError("away")
        Reader.opened += 1
        self.dead = False
        return self

    async def __aexit__(self, *_: object) -> None:
        Reader.opened -= 1

    async def stages(self) -> list[StageLag]:
        await asyncio.sleep(0)
        if Reader.away or self.dead:
            raise BrokerError("away")
        Reader.looks += 1
        return [StageLag("split_files", "raw-files", {0: (0, Reader.looks, 9)})]


@pytest.fixture
def clock() -> Clock:
    Reader.opened = Reader.looks = 0
    Reader.away = False
    return Clock()


async def test_whoever_asks_within_a_second_gets_the_same_look_over_the_same_connection(clock: Clock) -> None:
    lags = SharedLag(Settings(), Reader, clock)
    looks = await asyncio.gather(*(lags.look(1.0) for _ in range(20)))
    assert (Reader.opened, Reader.looks, {look.moment_s for look in looks}) == (1, 1, {clock.now_s})
    clock.now_s += 1.1
    later = await lags.look(1.0)
    assert (Reader.opened, Reader.looks) == (1, 2)
    assert later.moment_s - looks[0].moment_s == pytest.approx(1.1)
    await lags.close()
    assert Reader.opened == 0


async def test_a_connection_that_died_is_opened_again_and_kafka_that_is_away_is_an_error(clock: Clock) -> None:
    lags = SharedLag(Settings(), Reader, clock)
    await lags.look(0.0)
    assert isinstance(lags._reader, Reader)
    lags._reader.dead = True
    clock.now_s += 1
    assert (await lags.look(0.0)).stages[0].processed == 2
    Reader.away, clock.now_s = True, clock.now_s + 1
    with pytest.raises(BrokerError):
        await lags.look(0.0)
    assert Reader.opened == 0
    Reader.away = False
    assert (await lags.look(0.0)).stages[0].processed == 3
    await lags.close()
