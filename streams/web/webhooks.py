"""Webhooks: URLs that are called once a document is finished, beside the stream and never in its way.

1. A consumer group of its own reads `documents`. Each finished document becomes a call of every URL that is set,
   and of the document's own, in a file on disk; then its offset is committed.
2. Calls are made from there: several at a time, two for one server, through the same guard as content-refs.
3. One that fails is made again, ever less often. After `webhook_retry_s` it is a dead letter.

At least once: a receiver knows a call that comes again by its `webhook-id`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Iterator
from itertools import chain
from time import time
from typing import Literal

import orjson
from aiokafka import ConsumerRecord, TopicPartition

from models.errors import InkstreamError
from streams.documents.references import SourceFetcher
from streams.errors import BrokerError, SourceUnavailable, UndecodableMessage, WebhookRefused
from streams.kafka.clients import follow_for_ever, open_consumer, open_producer
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode, encode
from streams.messages.records import DeadLetter, DocumentRecord, now
from streams.messages.seal import Seal
from streams.monitoring.metrics import Metrics
from streams.settings import Settings
from streams.web.webhook_queue import Call, CallQueue

logger = logging.getLogger(__name__)

Outcome = Literal["sent", "retried", "dead-lettered"]

_FINISHED = ("done", "partial", "failed")
_POLL_MS = 200
_LOOK_S = 0.5  # between two looks at what is due
_AT_A_TIME = 16
_ANSWERS_WITHIN_S = 15.0
_NEVER = (404, 410)  # nothing is there, and trying again does not help


class Webhooks:
    """Calls webhooks. `run` until cancelled; lives on one event loop."""

    def __init__(
        self,
        settings: Settings,
        seal: Seal,
        sources: SourceFetcher,
        metrics: Metrics,
        clock: Callable[[], float] = time,
    ) -> None:
        """Open the file of calls; `settings` has a webhook_secret."""
        assert settings.webhook_secret is not None
        self._settings = settings
        self._names = TopicNames.of(settings)
        self._secret = settings.webhook_secret.get_secret_value().encode()
        self._seal = seal
        self._sources = sources
        self._metrics = metrics
        self._clock = clock
        self._urls = [seal.seal(url) for url in settings.webhook_urls]
        self._calling: set[str] = set()
        self.queue = CallQueue(settings.data_dir / "webhooks.db")

    async def run(self) -> None:
        """Follow `documents` and make calls; a broker that is away is waited for."""
        tasks = [asyncio.create_task(follow_for_ever(self._follow)), asyncio.create_task(self._call_on())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.queue.close()

    async def _follow(self) -> None:
        group = f"{self._settings.topic_prefix}inkstream-webhooks"
        opening = open_consumer(self._settings, self._names.documents, group=group, auto_offset_reset="latest")
        begun: set[TopicPartition] = set()
        async with opening as consumer:
            while True:
                found = await consumer.getmany(timeout_ms=_POLL_MS)
                for message in chain.from_iterable(found.values()):
                    self.queue.put(self._calls_of(message))
                # at the beginning too, before anything comes: what is not committed begins at the end again
                if found or begun != consumer.assignment():
                    begun = set(consumer.assignment())
                    await consumer.commit({where: await consumer.position(where) for where in begun})

    def _calls_of(self, message: ConsumerRecord[bytes, bytes]) -> Iterator[Call]:
        """Yield the calls of a record: none but of a document that is finished."""
        try:
            record = decode(DocumentRecord, message.value)
        except UndecodableMessage:
            return  # the SQL table has a line in the log about it
        if record.status not in _FINISHED:
            return
        event = f"{message.topic}/{message.partition}/{message.offset}"
        data = record.model_dump(mode="json", exclude={"webhook"})
        body = orjson.dumps({"type": f"document.{record.status}", "timestamp": now(), "data": data})
        for number, url in enumerate([*self._urls, *([record.webhook] if record.webhook else [])]):
            yield Call(f"{event}/{number}", url, record.document_id, record.path, body, self._clock())

    async def _call_on(self) -> None:
        async with asyncio.TaskGroup() as calls:
            while True:
                for call in self.queue.due(self._clock(), _AT_A_TIME):
                    if call.id not in self._calling and len(self._calling) < _AT_A_TIME:
                        self._calling.add(call.id)
                        calls.create_task(self._make(call))
                await asyncio.sleep(_LOOK_S)

    async def _make(self, call: Call) -> None:
        try:
            self._metrics.webhook_calls.labels(outcome=await self._outcome(call)).inc()
        finally:
            self._calling.discard(call.id)

    async def _outcome(self, call: Call) -> Outcome:
        """Make a call, and settle whether it is made again; return what became of it."""
        with self._metrics.webhook_seconds.time():
            error = await self.called(call)
        if error is None:
            self.queue.remove(call)
            return "sent"
        if error.retriable and self._clock() - call.created_s < self._settings.webhook_retry_s:
            self.queue.again(call, self._clock())
            return "retried"
        try:
            await self._give_up(call, error)
        except BrokerError as failure:  # the letter is not sent yet
            logger.warning("%s; trying again", failure.message)
            self.queue.again(call, self._clock())
            return "retried"
        self.queue.remove(call)
        self._metrics.failed.labels(stage="webhooks", reason=error.reason).inc()
        return "dead-lettered"

    async def _give_up(self, call: Call, error: InkstreamError) -> None:
        """Send the dead letter of a call. Raises BrokerError."""
        logger.warning("the webhook of %s is given up: %s", call.id, error.summary)
        async with open_producer(self._settings) as producer:
            letter = encode(_letter(call, error))
            await producer.send_and_wait(self._names.dead_letters, letter, call.document_id.encode())

    async def called(self, call: Call) -> InkstreamError | None:
        """Make a call; return what went wrong, None where the receiver took it."""
        try:
            url = self._seal.open(call.url)
            headers = signature(self._secret, call.id, int(self._clock()), call.body)
            status = await self._sources.call_web(url, call.body, headers, timeout_s=_ANSWERS_WITHIN_S)
        except InkstreamError as error:
            return error
        if status in _NEVER:
            return WebhookRefused(f"its server answers {status}; send the document again with a URL that is there")
        return None if 200 <= status < 300 else SourceUnavailable(f"its server answers {status}")


def signature(secret: bytes, call_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the headers that a receiver checks a call by, as Standard Webhooks has them (standardwebhooks.com)."""
    signed = b".".join([call_id.encode(), str(timestamp_s).encode(), body])
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": call_id, "webhook-timestamp": str(timestamp_s), "webhook-signature": f"v1,{digest}"}


def _letter(call: Call, error: InkstreamError) -> DeadLetter:
    topic, partition, offset, _ = call.id.rsplit("/", 3)
    return DeadLetter(
        timestamp=now(), reason=error.reason, stage="webhooks", exception=error.summary, traceback="", topic=topic,
        partition=int(partition), offset=int(offset), attempts=call.attempts + 1, path=call.path,
        document_id=call.document_id,
    )  # fmt: skip
