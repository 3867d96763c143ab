"""Server-sent events: records of pages and documents as they come, from now on or from where a listener stopped."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any, ClassVar

import orjson
from aiokafka import TopicPartition
from fastapi import APIRouter, Header, Query, Response

from streams.kafka.topics import TopicNames
from streams.messages.codec import encode
from streams.settings import Settings
from streams.table.changes import Change, ChangeKind, Changes, Event, Listener
from streams.table.history import history
from streams.web.event_ids import event_id, positions_in
from streams.web.export import ExportResponse
from streams.web.parts import ApiParts
from streams.web.problems import Problem, Refusal

EVENT_STREAM = "text/event-stream"
_RECONNECT_MS = 2000
_NUMBER = re.compile(r"[0-9]{1,7}")  # of a page; anybody may have written the key
_PIECE_BYTES = 64 * 1024
# Events wait so long, for each that listens, to be sent with those that come meanwhile: 0.1 s where 200 listen, and
# next to nothing where one does. Sending takes some 0.1 ms, whatever is sent.
_GATHER_S = 0.0005
_MAX_MISSED = 1000  # changes that are read from Kafka while others already wait in the listener's buffer
_LEFT_OUT: dict[str, list[object]] = {"regions": [], "paragraphs": [], "tables": []}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "events without an end", "content": {EVENT_STREAM: {"schema": {"type": "string"}}}},
    503: {"model": Problem, "description": "too many others listen"},
}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which changes a listener wants, and how much of them.

    Attributes:
        documents: Only those of these documents; empty: of all.
        path: What the paths of their documents begin with. A deletion has no path, and is wanted.
        light: Pages without their regions, paragraphs and tables.
    """

    documents: frozenset[str]
    path: str
    kinds: frozenset[ChangeKind]
    light: bool

    def wants(self, change: Change) -> bool:
        """Return whether a change passes."""
        if self.kinds and change.kind not in self.kinds:
            return False
        if self.documents and change.document_id not in self.documents:
            return False
        return change.record is None or change.record.path.startswith(self.path)


def event_routes(parts: ApiParts) -> APIRouter:
    """Return the route of events."""
    routes = APIRouter(tags=["what was read"])
    stream = EventStream(parts.settings, parts.table.changes)

    @routes.get(
        "/events", summary="Records as they come, as server-sent events",
        response_class=Response, responses=_RESPONSES,
    )  # fmt: skip
    async def events(
        document: Annotated[list[str] | None, Query(description="only these documents", max_length=100)] = None,
        path: Annotated[str, Query(description="what their paths begin with", max_length=4096)] = "",
        kind: Annotated[list[ChangeKind] | None, Query(description="only these kinds of events")] = None,
        regions: Annotated[
            bool, Query(description="false: pages without `regions`, `paragraphs`, `tables`")
        ] = True,
        after: Annotated[str | None, Query(description="begin behind this event's id; or `beginning`")] = None,
        last_event_id: Annotated[str | None, Header(description="as `after`, and goes before it")] = None,
    ) -> Response:
        wanted = EventFilter(frozenset(document or ()), path, frozenset(kind or ()), not regions)
        pieces = stream.events(wanted, last_event_id or after)
        answer = ExportResponse(pieces, await anext(pieces), EVENT_STREAM)
        answer.headers["cache-control"] = "no-store"
        answer.headers["x-accel-buffering"] = "no"  # nginx would hold events back
        return answer

    return routes


class EventStream:
    """Makes the streams of all listeners. Lives on one event loop.

    Attributes:
        heartbeat_s: Between two signs of life. Proxies end connections on which nothing comes, mostly after 60 s.
        most: Listeners at a time.
    """

    heartbeat_s: ClassVar[float] = 15.0
    most: ClassVar[int] = 256

    def __init__(self, settings: Settings, changes: Changes) -> None:
        self._settings = settings
        self._changes = changes
        self._names = TopicNames.of(settings)
        self._listeners = 0

    async def events(self, wanted: EventFilter, after: str | None) -> AsyncGenerator[bytes]:
        """Yield events as they are written to a client, until it is dropped.

        1. What was missed is read from Kafka, as fast as the client takes it.
        2. Once little is left, the listener gets what comes, and the rest is read meanwhile.
        3. From then on it gets what comes. Nothing is left out, and nothing comes twice.

        Raises:
            Refusal: Too many others listen, or `after` is no id.
            BrokerError: Kafka, where what was missed is read, does not answer.
        """
        if self._listeners >= self.most:
            raise Refusal("too-many-listeners", f"{self.most} others listen; come again", {"Retry-After": "5"})
        begin = self._begin(after)
        self._listeners += 1
        try:
            yield f"retry: {_RECONNECT_MS}\nid: {event_id(begin, self._names)}\n\n".encode()
            while _distance(begin, self._changes.positions) > _MAX_MISSED:  # 1
                end = dict(self._changes.positions)
                async with aclosing(self._missed(wanted, begin, end)) as missed:
                    async for piece in missed:
                        yield piece
                begin = end
            with self._changes.listening(wanted.wants) as listener:  # 2
                async with aclosing(self._missed(wanted, begin, dict(self._changes.positions))) as missed:
                    async for piece in missed:
                        yield piece
                while listener.dropped is None:  # 3
                    event = await listener.next(self.heartbeat_s)
                    if event is not None:
                        await asyncio.sleep(self._listeners * _GATHER_S)
                        yield self._piece(event, listener, wanted)
                    elif listener.dropped is None:
                        yield self._heartbeat(self._changes.positions)
                yield _dropped(listener.dropped)
        finally:
            self._listeners -= 1

    def _begin(self, after: str | None) -> dict[TopicPartition, int]:
        now = self._changes.positions
        if after is None:
            return dict(now)
        if after == "beginning":
            return dict.fromkeys(now, 0)
        return positions_in(after, now, self._names)

    async def _missed(
        self, wanted: EventFilter, begin: Mapping[TopicPartition, int], end: Mapping[TopicPartition, int]
    ) -> AsyncGenerator[bytes]:
        """Yield what stands on the topics from one position to another."""
        positions, written_s = dict(begin), monotonic()
        async with aclosing(history(self._settings, begin, end, wanted.documents or None)) as batches:
            async for batch in batches:
                for change in batch:
                    positions[change.where] = change.offset + 1
                    if wanted.wants(change):
                        yield self._written(Event(change, positions), wanted)
                        written_s = monotonic()
                if monotonic() - written_s > self.heartbeat_s:
                    yield self._heartbeat(positions)
                    written_s = monotonic()

    def _heartbeat(self, positions: Mapping[TopicPartition, int]) -> bytes:
        """Return an event without data: nobody sees it, and the client notes its id."""
        return f"id: {event_id(positions, self._names)}\n\n".encode()

    def _piece(self, event: Event, listener: Listener, wanted: EventFilter) -> bytes:
        """Return an event and those that came meanwhile."""
        piece = bytearray(self._written_once(event, wanted))
        while len(piece) < _PIECE_BYTES and (more := listener.next_now()) is not None:
            piece += self._written_once(more, wanted)
        return bytes(piece)

    def _written_once(self, event: Event, wanted: EventFilter) -> bytes:
        """Return an event as it is written; made once, however many listen."""
        if (written := event.written.get(wanted.light)) is None:
            written = event.written[wanted.light] = self._written(event, wanted)
        return written

    def _written(self, event: Event, wanted: EventFilter) -> bytes:
        change = event.change
        head = f"id: {event_id(event.positions, self._names)}\nevent: {change.kind}\ndata: "
        return b"".join([head.encode(), _data(change, light=wanted.light), b"\n\n"])


def _distance(begin: Mapping[TopicPartition, int], end: Mapping[TopicPartition, int]) -> int:
    return sum(offset - begin.get(where, 0) for where, offset in end.items())


def _data(change: Change, *, light: bool) -> bytes:
    """Return a change as one line of JSON."""
    if change.record is None:
        pagenum = change.key.rpartition("/")[2] if change.is_page else ""
        return orjson.dumps(
            {"document_id": change.document_id, "pagenum": int(pagenum) if _NUMBER.fullmatch(pagenum) else None}
        )
    if light and change.is_page:
        return encode(change.record.model_copy(update=_LEFT_OUT))
    if b"\n" in change.value or b"\r" in change.value:  # would end the event; anybody may have written it so
        return encode(change.record)
    return change.value


def _dropped(why: str) -> bytes:
    """Return the last event: the client connects again, and begins behind the last one that it got."""
    return b"event: dropped\ndata: " + orjson.dumps({"reason": why}) + b"\n\n"
