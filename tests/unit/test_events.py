"""Events of what comes on the topics: filtered, bounded, with ids that lead back to where they were."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, aclosing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.topics import TopicNames
from streams.messages.codec import encode
from streams.messages.records import DocumentRecord, PageText
from streams.settings import Settings
from streams.table.changes import Change, Changes
from streams.web.event_ids import event_id, positions_in
from streams.web.events import EventFilter, EventStream
from streams.web.problems import Refusal
from tests.unit.test_api import DOCUMENT, PAGE

NAMES = TopicNames.of(Settings())
EVERYTHING = EventFilter(frozenset(), "", frozenset(), light=False)


class QuickStream(EventStream):
    heartbeat_s = 0.05
    most = 2


class Log:
    """What stands on a partition of each topic."""

    def __init__(self) -> None:
        self.changes = Changes()
        self.pages = TopicPartition(NAMES.page_text, 0)
        self.documents = TopicPartition(NAMES.documents, 0)
        self.changes.begin({self.pages: 0, self.documents: 0})

    def put(self, record: PageText | DocumentRecord | None, key: str = "", value: bytes | None = None) -> None:
        is_page = isinstance(record, PageText) or "/" in key
        where = self.pages if is_page else self.documents
        offset = self.changes.positions[where]
        if isinstance(record, PageText):
            key = f"{record.document_id}/{record.pagenum}"
        elif record is not None:
            key = record.document_id
        change = Change(where, offset, key, record, is_page, value or (encode(record) if record else b""))
        self.changes.publish([change], {where: offset + 1})


def stream_of(log: Log) -> QuickStream:
    return QuickStream(Settings(), log.changes)


def parsed(piece: bytes) -> dict[str, Any]:
    fields = dict(line.split(": ", 1) for line in piece.decode().strip().split("\n"))
    return {**fields, "data": json.loads(fields["data"])} if "data" in fields else fields


def all_parsed(piece: bytes) -> list[dict[str, Any]]:
    return [parsed(one) for one in piece.split(b"\n\n") if one]


async def received(log: Log, wanted: EventFilter, *records: PageText | DocumentRecord) -> list[dict[str, Any]]:
    """Return the events of a listener that came before these records, up to the first sign of life behind them."""
    found: list[dict[str, Any]] = []
    async with aclosing(stream_of(log).events(wanted, None)) as events:
        await anext(events)
        beginning = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        for record in records:
            log.put(record)
        found += all_parsed(await beginning)
        while "event" in found[-1]:
            found += all_parsed(await anext(events))
    return found[:-1]


async def test_a_listener_gets_what_comes_from_then_on() -> None:
    log = Log()
    log.put(PAGE)
    found = await received(log, EVERYTHING, PAGE, DOCUMENT)
    assert [one["event"] for one in found] == ["page", "document"]
    assert [one["id"] for one in found] == ["2-0", "2-1"]
    assert found[0]["data"] == PAGE.model_dump(mode="json")
    assert found[1]["data"] == DOCUMENT.model_dump(mode="json")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EventFilter(frozenset(["d"]), "", frozenset(), light=False), ["d", "d"]),
        (EventFilter(frozenset(["d", "e"]), "", frozenset(["document"]), light=False), ["d", "e"]),
        (EventFilter(frozenset(), "file:///l", frozenset(["page"]), light=False), ["d"]),
        (EventFilter(frozenset(["none"]), "", frozenset(), light=False), []),
    ],
)
async def test_a_listener_gets_only_what_it_wants(wanted: EventFilter, expected: list[str]) -> None:
    other = {"document_id": "e", "path": "scan://1"}
    records = (PAGE, DOCUMENT, PAGE.model_copy(update=other), DOCUMENT.model_copy(update=other))
    assert [one["data"]["document_id"] for one in await received(Log(), wanted, *records)] == expected


async def test_pages_can_come_without_their_regions() -> None:
    found = await received(Log(), EventFilter(frozenset(), "", frozenset(), light=True), PAGE)
    assert (found[0]["data"]["regions"], found[0]["data"]["text"]) == ([], "an invoice")


async def test_deletions_are_events_too_whatever_their_keys_are() -> None:
    log = Log()
    async with aclosing(stream_of(log).events(EVERYTHING, None)) as events:
        await anext(events)
        pending = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        for key in ("d/3", "d", f"d/{'9' * 6000}", "d/x"):
            log.put(None, key)
        found = all_parsed(await pending)
    assert [(one["event"], one["data"]) for one in found] == [
        ("deleted", {"document_id": "d", "pagenum": number}) for number in (3, None, None, None)
    ]


async def test_a_listener_that_is_behind_gets_many_at_a_time_and_all_get_the_same_bytes() -> None:
    log = Log()
    stream = stream_of(log)
    async with AsyncExitStack() as stack:
        all_events = [await stack.enter_async_context(aclosing(stream.events(EVERYTHING, None))) for _ in range(2)]
        for events in all_events:
            await anext(events)
        pending = [asyncio.ensure_future(anext(events)) for events in all_events]
        await asyncio.sleep(0)
        for _ in range(200):
            log.put(PAGE)
        first, second = [await one for one in pending]
        rest = await anext(all_events[0])
    assert first == second and 64 * 1024 < len(first) < 70 * 1024
    ids = [one["id"] for one in all_parsed(first + rest)]
    assert ids == [f"{number}-0" for number in range(1, len(ids) + 1)]


async def test_a_record_with_line_breaks_cannot_forge_an_event() -> None:
    log = Log()
    async with aclosing(stream_of(log).events(EVERYTHING, None)) as events:
        await anext(events)
        pending = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        log.put(PAGE, value=PAGE.model_dump_json(indent=1).encode() + b"\n\r\nevent: document\ndata: {}\n\n")
        piece = await pending
    assert piece.count(b"\n") == 4 and piece.count(b"\r") == 0
    assert parsed(piece)["data"]["text"] == "an invoice"


async def test_a_listener_that_takes_nothing_is_dropped_with_a_reason() -> None:
    log = Log()
    async with aclosing(stream_of(log).events(EVERYTHING, None)) as events:
        await anext(events)
        pending = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        for _ in range(4100):
            log.put(DOCUMENT)
        pieces = [await pending, *[piece async for piece in events]]
    assert parsed(pieces[-1]) == {
        "event": "dropped", "data": {"reason": "it did not take its events in time"},
    }  # fmt: skip
    assert len(pieces) < 4100


async def test_large_events_fill_a_buffer_earlier() -> None:
    log = Log()
    with log.changes.listening(EVERYTHING.wants) as listener:
        for _ in islice(iter(int, 1), 40):
            log.put(PAGE, value=b" " * 1024 * 1024)
        assert listener.dropped is not None
        assert await listener.next(1) is None


async def test_a_service_that_stops_ends_its_listeners() -> None:
    log = Log()
    async with aclosing(stream_of(log).events(EVERYTHING, None)) as events:
        await anext(events)
        pending = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        log.changes.close()
        assert parsed(await pending)["data"] == {"reason": "the service stops"}


async def test_there_is_room_for_so_many_listeners_and_for_one_more_once_one_has_left() -> None:
    log = Log()
    stream = stream_of(log)
    async with AsyncExitStack() as stack:
        for _ in range(stream.most):
            await anext(await stack.enter_async_context(aclosing(stream.events(EVERYTHING, None))))
        with pytest.raises(Refusal) as refused:
            await anext(stream.events(EVERYTHING, None))
        assert (refused.value.slug, refused.value.status_code) == ("too-many-listeners", 503)
    await anext(stream.events(EVERYTHING, None))


NOW = {TopicPartition(topic, n): 10 for topic in (NAMES.page_text, NAMES.documents) for n in range(12)}


@given(st.lists(st.integers(0, 10), min_size=24, max_size=24))
def test_an_id_leads_back_to_its_positions(offsets: list[int]) -> None:
    positions = dict(zip(NOW, offsets, strict=True))
    assert positions_in(event_id(positions, NAMES), NOW, NAMES) == positions


def test_an_id_of_fewer_partitions_begins_with_the_others_and_none_is_beyond_now() -> None:
    found = positions_in("99-3", NOW, NAMES)
    assert (found[TopicPartition(NAMES.page_text, 0)], found[TopicPartition(NAMES.documents, 0)]) == (10, 3)
    assert sum(found.values()) == 13


@pytest.mark.parametrize("text", ["", "-", "1", "1-", "a-1", "-1-1", "1-1-1", f"{'9' * 5000}-1", "1.1-1\n", "١-1",
                                  f"{'.'.join('1' * 13)}-1"])  # fmt: skip
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        positions_in(text, NOW, NAMES)


def test_the_filter_of_a_path_lets_deletions_pass(tmp_path: Path) -> None:
    wanted = EventFilter(frozenset(), "scan://", frozenset(), light=False)
    assert wanted.wants(Change(TopicPartition(NAMES.documents, 0), 0, "d", None, is_page=False))
