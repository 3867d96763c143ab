"""What a worker reports of itself."""

from __future__ import annotations

import asyncio
import logging

import pytest

from streams.monitoring.health import Health, observed
from tests.unit.test_logs import Clock


def test_a_kafka_that_no_longer_answers_makes_the_worker_unhealthy_until_it_does() -> None:
    clock = Clock()
    health = Health(60, clock)
    assert health.report().healthy  # nobody asks Kafka yet
    health.kafka_answered()
    clock.now_s = 7.0
    assert (health.report().healthy, health.report().detail) == (False, "Kafka has not answered for 7 s")
    health.kafka_answered()
    assert health.report().healthy


async def test_observed_work_that_ends_breaks_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    health = Health(60)
    async with observed(fail(), "the table follows its topics", health):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert health.report().detail == "the table follows its topics no longer: ZeroDivisionError()"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_observed_work_that_the_block_outlives_is_ended_in_silence() -> None:
    health = Health(60)
    running = asyncio.Event()

    async def work() -> None:
        running.set()
        await asyncio.Event().wait()

    async with observed(work(), "work goes on", health):
        await running.wait()
    assert health.report().healthy
