"""Dead letters put back on the topic they came from. Keys are deterministic, so a replay overwrites its failure."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Self

from aiokafka import AIOKafkaProducer, ConsumerRecord

from streams.errors import SourceGone, UndecodableMessage
from streams.kafka.clients import broker_errors, open_producer
from streams.kafka.follower import stored_records
from streams.kafka.record_reader import RecordReader
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import DeadLetter, now, page_key
from streams.messages.seal import PREFIX, Seal
from streams.settings import Settings

_REPLAYED, _AT = "replayed", "replayed-at"  # headers of the mark that a replay leaves behind its letter
_OFFSET_DIGITS = 20

REPLAYED_STAGES = ("split_files", "read_pages")  # whose letters have a message that can be sent again


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A dead letter and its offset on the dead-letters topic, by which commands name it."""

    offset: int
    letter: DeadLetter


async def stored_letters(settings: Settings, replays: dict[int, str] | None = None) -> AsyncIterator[StoredLetter]:
    """Yield every dead letter there is now, oldest first.

    Args:
        replays: Gets when each letter was last replayed, by its offset: complete after the last letter.

    Raises BrokerError.
    """
    topic = TopicNames.of(settings).dead_letters
    async with aclosing(stored_records(settings, topic)) as messages:
        async for message in messages:
            if not message.value:
                if replays is not None:
                    replays.update(replays_in(message))
                continue
            try:
                yield StoredLetter(message.offset, decode(DeadLetter, message.value))
            except UndecodableMessage:
                continue  # not one of ours


def replays_in(mark: ConsumerRecord[bytes, bytes]) -> Iterator[tuple[int, str]]:
    """Yield the offset of the letter that a mark is of, and when it was replayed; nothing where it is no mark."""
    headers = {name: value.decode("ascii", "replace") for name, value in mark.headers if value is not None}
    offset, moment = headers.get(_REPLAYED, ""), headers.get(_AT, "")
    if offset.isdecimal() and len(offset) < _OFFSET_DIGITS and int(offset) < mark.offset:
        yield int(offset), moment


class Replayer:
    """Sends dead letters' messages again. An async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._records = RecordReader(settings)
        self._connections = AsyncExitStack()
        self._producer: AIOKafkaProducer

    async def __aenter__(self) -> Self:
        self._producer = await self._connections.enter_async_context(open_producer(self._settings))
        self._connections.push_async_callback(self._records.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connections.aclose()

    async def stored(self, offset: int) -> StoredLetter:
        """Return the letter at an offset.

        Raises:
            SourceGone, SourceUnavailable: It is not there, or Kafka does not answer.
            UndecodableMessage: It is none of ours.
        """
        record = await self._records.read(TopicNames.of(self._settings).dead_letters, 0, offset)
        return StoredLetter(offset, decode(DeadLetter, record.value))

    async def mark(self, stored: StoredLetter) -> None:
        """Record on the dead-letters topic that a letter has been replayed. Raises BrokerError."""
        headers = [(_REPLAYED, str(stored.offset).encode()), (_AT, now().encode())]
        with broker_errors(self._settings, "does not take it"):
            topic = TopicNames.of(self._settings).dead_letters
            await self._producer.send_and_wait(topic, key=_REPLAYED.encode(), headers=headers)

    async def replay(self, letter: DeadLetter) -> str:
        """Send the message behind a letter again and return where it is now.

        Raises:
            SourceGone: Neither the topic nor the letter still has the message.
            SealedElsewhere: It was sealed with a key that is not known here.
            UndecodableMessage: The letter is none of ours: nothing but files and page tasks is replayed.
            BrokerError: Kafka does not take it.
        """
        self._check(letter)
        headers = [("replay-of", f"{letter.topic}/{letter.partition}/{letter.offset}".encode())]
        # a page task travels in its letter; a file is fetched from raw-files, where it may have expired
        if letter.payload_base64 is not None:
            value: bytes | None = self._payload(letter.payload_base64)
            key: bytes | None = None
            if letter.document_id is not None and letter.pagenum is not None:
                key = page_key(letter.document_id, letter.pagenum).encode()
        elif letter.stage == "split_files":
            record = await self._records.read(letter.topic, letter.partition, letter.offset)
            value, key = record.value, record.key
            headers = [*record.headers, *headers]
        else:
            raise SourceGone("the letter does not carry its message; send the file again")
        with broker_errors(self._settings, "does not take it"):
            sent = await self._producer.send_and_wait(letter.topic, value, key=key, headers=headers)
        return f"{sent.topic}/{sent.partition}/{sent.offset}"

    def _check(self, letter: DeadLetter) -> None:
        """Refuse a letter that would have something else sent, or sent elsewhere: anybody may have written it."""
        names = TopicNames.of(self._settings)
        if letter.stage == "webhooks":
            raise UndecodableMessage("a webhook's call is not sent again; send the document again, with `again`")
        topic = {"split_files": names.raw_files, "read_pages": names.pages}.get(letter.stage)
        if letter.topic != topic:
            raise UndecodableMessage(
                f"{letter.stage} takes nothing from {letter.topic[:249]}: the letter is forged"
            )

    def _payload(self, encoded: str) -> bytes:
        """Return the message in a letter, opened where it is sealed as a whole."""
        try:
            value = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise UndecodableMessage("the letter's payload is no base64; nobody can send it again") from error
        return Seal.of(self._settings).opened_bytes(value) if value.startswith(PREFIX.encode()) else value
