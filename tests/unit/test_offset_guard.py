from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from streams.agents.offset_guard import Available, Deleted, Gap, OffsetGuard, SkippedMessages
from streams.errors import BrokerError
from tests.unit.fake_faust import FakeApp, FakeConsumer, FakeEvent, FakeMessage

PARTITION = ("pages", 0)


@dataclass
class FakeLog:
    """A partition with records at given offsets, which cannot be reached for the first looks."""

    offsets: list[int]
    log_start: int = 0
    failures: int = 0
    committed: int = 0
    looks: list[int] = field(default_factory=list)

    async def available(self, topic: str, partition: int, offset: int) -> Available:
        self.looks.append(offset)
        if self.failures:
            self.failures -= 1
            raise BrokerError("away")
        there = [at for at in self.offsets if at >= max(offset, self.log_start)]
        return Available(self.log_start, min(there, default=None))

    async def deleted(self, partitions: Collection[tuple[str, int]]) -> dict[tuple[str, int], Deleted]:
        lost = self.log_start > self.committed
        return {where: Deleted(self.committed, self.log_start) for where in partitions} if lost else {}


@dataclass
class Case:
    log: FakeLog
    resumed_from: int | None = 0
    expired: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        resumed: dict[tuple[str, int], int] = {} if self.resumed_from is None else {PARTITION: self.resumed_from}
        self.consumer = FakeConsumer(resumed)
        self.guard = OffsetGuard(FakeApp(consumer=self.consumer), self.log, self.note)

    async def note(self, gap: Gap) -> None:
        self.expired.append(gap)

    async def check(self, *offsets: int, generation_id: int = 1) -> None:
        for offset in offsets:
            await self.guard.check(FakeEvent(FakeMessage(0, offset, generation_id=generation_id)))


async def test_consecutive_offsets_from_the_committed_one_ask_nothing() -> None:
    case = Case(FakeLog([]), resumed_from=7)
    await case.check(7, 8, 9)
    assert case.log.looks == []


async def test_a_first_offset_past_the_committed_one_is_refused_where_kafka_has_messages_between() -> None:
    with pytest.raises(SkippedMessages, match="pages/0: 9 was delivered after 6, and Kafka has 7 between them"):
        await Case(FakeLog([7, 8, 9]), resumed_from=7).check(9)


async def test_a_gap_in_the_middle_is_refused_where_kafka_has_messages_in_it() -> None:
    with pytest.raises(SkippedMessages):
        await Case(FakeLog(list(range(10)))).check(0, 1, 4)


async def test_offsets_that_no_record_has_are_passed_over() -> None:
    case = Case(FakeLog([0, 1, 3, 5]))  # 2 and 4 are the markers of a producer's transactions
    await case.check(0, 1, 3, 5)
    assert case.log.looks == [2, 4]
    assert case.expired == []


async def test_what_expired_before_it_was_read_is_reported() -> None:
    case = Case(FakeLog([400, 401], log_start=400), resumed_from=3)
    await case.check(400, 401)
    assert case.expired == [Gap("pages", 0, 3, 399)]


async def test_what_is_delivered_again_is_no_gap() -> None:
    case = Case(FakeLog([]))
    await case.check(0, 1, 2, 1, 2, 3)
    assert case.log.looks == []


async def test_a_message_of_an_earlier_generation_is_not_checked() -> None:
    case = Case(FakeLog([0, 1, 2]))
    await case.check(2, generation_id=0)
    assert case.log.looks == []


async def test_kafka_is_asked_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.agents.offset_guard._ASK_AGAIN_S", 0)
    case = Case(FakeLog([5], log_start=5, failures=2))
    await case.check(5)
    assert case.log.looks == [0, 0, 0]
    assert case.expired == [Gap("pages", 0, 0, 4)]


async def test_what_expired_with_nothing_behind_it_is_reported_once_and_committed() -> None:
    case = Case(FakeLog([], log_start=9, committed=4), resumed_from=4)
    await case.guard.look()
    assert case.expired == [Gap("pages", 0, 4, 8)]
    assert case.consumer.committed == {PARTITION: 9}
    await case.guard.look()
    await case.check(9)
    assert case.expired == [Gap("pages", 0, 4, 8)]


async def test_a_gap_behind_messages_in_work_is_committed_once_they_are_acked() -> None:
    case = Case(FakeLog([], log_start=9, committed=4), resumed_from=4)
    await case.check(4, 5)
    await case.guard.look()
    assert case.expired == [Gap("pages", 0, 6, 8)]
    assert case.consumer.committed == {}
    case.log.committed = 6
    await case.guard.look()
    assert case.expired == [Gap("pages", 0, 6, 8)]
    assert case.consumer.committed == {PARTITION: 9}


async def test_a_gap_that_a_message_has_shown_is_not_reported_again() -> None:
    case = Case(FakeLog([9], log_start=9, committed=4), resumed_from=4)
    await case.check(9)
    await case.guard.look()
    assert case.expired == [Gap("pages", 0, 4, 8)]
    assert case.consumer.committed == {}, "the message's ack commits it"


async def test_nothing_is_reported_where_all_that_is_gone_was_committed() -> None:
    case = Case(FakeLog([], log_start=9, committed=9), resumed_from=4)
    await case.guard.look()
    assert case.expired == []
