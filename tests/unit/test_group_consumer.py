"""Faust's consumer as we run it."""

from __future__ import annotations

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types.tuples import TP

from streams.kafka.group_consumer import GroupConsumer


class FullAtFirst(GroupConsumer):
    """A consumer whose buffers have room after some looks."""

    flow_active = True
    should_stop = False

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def _get_active_partitions(self) -> set[TP]:
        self.looks -= 1
        return {TP("raw-files", 0)} if self.looks <= 0 else set()


async def test_records_are_fetched_as_soon_as_a_buffer_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []

    async def fetch(consumer: FullAtFirst, timeout: float) -> object:
        left.append(consumer.looks)
        return {}, None

    monkeypatch.setattr(Consumer, "_wait_next_records", fetch)
    await FullAtFirst(3)._wait_next_records(5.0)
    await FullAtFirst(1)._wait_next_records(5.0)
    assert left == [0, 0]


async def test_a_consumer_that_is_stopped_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []

    async def fetch(consumer: FullAtFirst, timeout: float) -> object:
        left.append(consumer.looks)
        return None, None

    monkeypatch.setattr(Consumer, "_wait_next_records", fetch)
    for attribute in ("should_stop", "flow_active"):
        stopped = FullAtFirst(1000)
        setattr(stopped, attribute, attribute == "should_stop")
        await stopped._wait_next_records(5.0)
    assert left == [999, 999]
