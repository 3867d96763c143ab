"""The message of a document that was read, found again on raw-files, and sent once more to be read again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from models.errors import shown_uri
from streams.errors import SourceGone, UndecodableMessage
from streams.kafka.clients import broker_errors, open_consumer, open_producer
from streams.kafka.record_reader import RecordReader, address_in
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode_headers, overlaid
from streams.messages.records import time_of
from streams.settings import Settings

_REPLACED = ("path", "document-id", "options", "again", "traceparent", "tracestate")  # of a message's headers


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document as its record has it: what is needed to find its message."""

    document_id: str
    path: str
    reference: str
    sent: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """What is sent for a document.

    Attributes:
        is_rebuilt: Its own message is gone from raw-files, and with it the options that came with the document.
    """

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes | None], ...]
    is_rebuilt: bool = False

    @property
    def content_ref(self) -> str | None:
        """Where the bytes are, where that is not in the message; secrets of its URI included."""
        return decode_headers(self.headers).content_ref


class AgainSender:
    """Finds documents' messages and sends them again. An async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._raw_files = TopicNames.of(settings).raw_files
        self._records = RecordReader(settings)
        self._connections = AsyncExitStack()
        self._producer: AIOKafkaProducer
        self._consumer: AIOKafkaConsumer

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opened:
            self._producer = await opened.enter_async_context(open_producer(self._settings))
            self._consumer = await opened.enter_async_context(open_consumer(self._settings))
            opened.push_async_callback(self._records.close)
            self._connections = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connections.aclose()

    async def stored(self, document: ReadDocument, options: Mapping[str, object]) -> StoredMessage:
        """Return the message that has a document read again, under its id and its path.

        Args:
            options: Reading options that go before those that came with it.

        Raises:
            SourceGone, SourceUnavailable: Its bytes are no longer on raw-files, or Kafka does not answer.
            UndecodableMessage: Its reference names another topic or file, or its message's headers do not decode.
            BrokerError: Kafka does not answer.
        """
        address = address_in(document.reference)
        if address is None:
            record = await self._by_time(document)
        elif address.topic != self._raw_files:
            raise UndecodableMessage(f"{document.reference} is not on {self._raw_files}; send the file again")
        else:
            record = await self._records.read(*address)
            if document.sha256 not in (None, hashlib.sha256(record.value or b"").hexdigest()):
                raise UndecodableMessage(f"{document.reference} has another file; send the document's own again")
        kept = () if record is None else tuple(one for one in record.headers if one[0] not in _REPLACED)
        headers = decode_headers(() if record is None else record.headers)
        if record is None:
            kept = (("content-ref", document.reference.encode()),)
        both = overlaid(headers.options, options)
        more: list[tuple[str, bytes | None]] = [("again", b"true")]
        if both:
            more.append(("options", orjson.dumps(both)))
        key = document.document_id.encode()
        path = (headers.path or document.path).encode()
        return StoredMessage(
            key, (record.value or b"") if record is not None else b"",
            (("path", path), ("document-id", key), *kept, *more), is_rebuilt=record is None,
        )  # fmt: skip

    async def send(self, message: StoredMessage) -> str:
        """Send a message; return when Kafka took it, as its document's records will have it. Raises BrokerError."""
        with broker_errors(self._settings, "does not take it"):
            sent = await self._producer.send_and_wait(
                self._raw_files, message.value, key=message.key, headers=list(message.headers)
            )
        return time_of(sent.timestamp / 1000) or ""

    async def _by_time(self, document: ReadDocument) -> ConsumerRecord[bytes, bytes] | None:
        """Return the message that brought a document by reference; None where raw-files no longer has it."""
        if document.sent is None:
            return None
        try:
            moment_ms = round(datetime.fromisoformat(document.sent).timestamp() * 1000)
        except ValueError:
            return None
        with broker_errors(self._settings, "does not answer"):
            numbers = await self._producer.partitions_for(self._raw_files)
            found = await self._consumer.offsets_for_times(
                {TopicPartition(self._raw_files, number): moment_ms for number in numbers}
            )
        for where, first in found.items():
            offset = None if first is None else first.offset
            while offset is not None:
                try:
                    record = await self._records.read(self._raw_files, where.partition, offset)
                except SourceGone:
                    break
                if record.timestamp != moment_ms:
                    break
                if _names(record, document):
                    return record
                offset += 1
        return None


def _names(record: ConsumerRecord[bytes, bytes], document: ReadDocument) -> bool:
    """Return whether a message has a document's bytes where the document's record has them."""
    try:
        headers = decode_headers(record.headers)
    except UndecodableMessage:
        return False
    return headers.content_ref is not None and shown_uri(headers.content_ref) == document.reference
