"""Sends files to raw-files: small ones inline, large ones by reference. Deletes what was read of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError

from streams.documents.cache import digest_of
from streams.errors import BrokerError, FileUnreadable, RecordTooLarge
from streams.kafka.clients import broker_errors, open_producer
from streams.kafka.record_reader import kafka_reference
from streams.kafka.topics import TopicNames, partition_for
from streams.messages.codec import encode
from streams.messages.corrections import Correction
from streams.messages.digests import ContentDigest
from streams.messages.records import page_key
from streams.messages.seal import SECRET_OPTIONS, Seal
from streams.settings import Settings
from streams.sources.ledger import Version

logger = logging.getLogger(__name__)

_ACCEPT_S = 8.0
_DELETED_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that Kafka has acknowledged."""

    document_id: str
    path: str
    topic: str
    partition: int
    offset: int
    inline: bool

    @property
    def reference(self) -> str:
        """The message's own reference, which its document's record has where the file went inline."""
        return kafka_reference(self.topic, self.partition, self.offset)


@dataclass(frozen=True, slots=True)
class _Document:
    """What the headers of a record name: the document, and how it is to be read."""

    path: str
    document_id: str
    options: Mapping[str, object]
    supersedes: Sequence[str] = ()
    again: bool = False


class FileProducer:
    """Sends files, and deletes documents, and waits until Kafka has that.

    An async context manager; lives on one event loop.
    """

    def __init__(self, settings: Settings, seal: Seal | None = None) -> None:
        """Open nothing yet; `seal` is the service's: without it a password stands on raw-files as it is given."""
        self._settings = settings
        self._seal = seal
        self._topic = TopicNames.of(settings).raw_files
        self._connection = AsyncExitStack()
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._producer = await self._connection.enter_async_context(open_producer(self._settings))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.aclose()

    async def _working_producer(self) -> AIOKafkaProducer:
        """Return the producer; a new one where the task that sends for it died, which nothing else would notice."""
        async with self._opening:
            if self._producer is None:
                raise BrokerError("the producer is not started")
            if self._producer._sender.sender_task.done():
                logger.warning("the Kafka producer has ended and is opened again")
                await self._connection.aclose()
                self._producer = await self._connection.enter_async_context(open_producer(self._settings))
            return self._producer

    async def send(
        self,
        file: Path,
        *,
        path: str | None = None,
        options: Mapping[str, object] | None = None,
        again: bool = False,
        as_ref: Path | None = None,
        version: Version | None = None,
        supersedes: Sequence[str] = (),
    ) -> SentFile:
        """Send one file and return once Kafka has it. An empty file is sent too: it ends as a dead letter.

        A file too large for the topic goes by reference, as one above `inline_limit` does.

        Args:
            path: What the records call the file; its file:// URI where None.
            options: Fields of ReadOptions for this document.
            again: Read it, though the same was read before.
            as_ref: Where a file too large to go inline will be found, where that is not `file` itself.
            version: The version meant; any where None.
            supersedes: Documents whose place it takes.

        Raises:
            FileUnreadable: It is not there, not a file, may not be read, or changed while it was.
            BrokerError: Kafka does not take it.
        """
        path = path or file.absolute().as_uri()
        value, digest = await asyncio.to_thread(_load, file, path, self._settings.inline_limit, version)
        document_id = digest.document_id
        earlier = [one for one in supersedes if one != document_id]
        document = _Document(path, document_id, options or {}, earlier, again)
        if value is not None:
            try:
                return await self._send(document, value)
            except RecordTooLarge as error:
                logger.warning("%s is sent by reference: %s", file, error.message)
        return await self._send(document, b"", content_ref=(as_ref or file).absolute().as_uri())

    async def send_bytes(
        self, content: bytes, path: str, options: Mapping[str, object] | None = None, *, again: bool = False
    ) -> SentFile:
        """Send a file that is in memory; it goes inline, whatever its size. Somebody waits: not for long.

        Args:
            again: Read it, though the same was read before.

        Raises:
            RecordTooLarge: The topic takes no record of this size.
            BrokerError: Kafka does not take it, or has not within some seconds. It may arrive later all the same;
                sent again, it is the same document.
        """
        digest = ContentDigest(path)
        digest.update(content)
        try:
            async with asyncio.timeout(_ACCEPT_S):
                return await self._send(_Document(path, digest.document_id, options or {}, again=again), content)
        except TimeoutError:
            raise BrokerError(
                f"Kafka at {self._settings.broker} has not taken {path} within {_ACCEPT_S:g} s; send it again"
            ) from None

    async def delete(self, document_id: str, pagenums: Sequence[int], known: Collection[int] = ()) -> None:
        """Delete the records of a document's pages, then its own; return once Kafka has that.

        Args:
            known: Partitions on which the document has records, beside the one that its id leads to now: it led to
                another one before partitions were added.

        Raises:
            BrokerError: Kafka does not take it: try again, for nothing is deleted twice.
        """
        producer, names = await self._working_producer(), TopicNames.of(self._settings)
        keys = [page_key(document_id, number).encode() for number in pagenums]
        with broker_errors(self._settings, "does not take deletions"):
            now_on = partition_for(document_id, len(await producer.partitions_for(names.page_text)))
            for where in sorted({now_on, *known}):
                for first in range(0, len(keys), _DELETED_AT_A_TIME):
                    some = keys[first : first + _DELETED_AT_A_TIME]
                    sent = [await producer.send(names.page_text, None, key=key, partition=where) for key in some]
                    await asyncio.gather(*sent)
                await producer.send_and_wait(names.documents, None, key=document_id.encode(), partition=where)

    async def correct(self, key: str, correction: Correction | None) -> None:
        """Write a correction, or take it back; return once Kafka has that. Raises BrokerError."""
        await self._write_corrections([(key, encode(correction) if correction is not None else None)])

    async def forget_corrections(self, keys: Sequence[str]) -> None:
        """Take corrections back; return once Kafka has that. Raises BrokerError."""
        await self._write_corrections([(key, None) for key in keys])

    async def _write_corrections(self, records: Sequence[tuple[str, bytes | None]]) -> None:
        producer, topic = await self._working_producer(), TopicNames.of(self._settings).corrections
        with broker_errors(self._settings, "does not take corrections"):
            await asyncio.gather(*[await producer.send(topic, value, key=key.encode()) for key, value in records])

    async def _send(self, document: _Document, value: bytes, content_ref: str | None = None) -> SentFile:
        """Send one record: the document's bytes, or nothing and the URI where they are."""
        producer = await self._working_producer()
        key = document.document_id.encode()
        headers = [("path", document.path.encode()), ("document-id", key)]
        if content_ref is not None:
            headers.append(("content-ref", content_ref.encode()))
        if document.again:
            headers.append(("again", b"true"))
        if document.options:
            headers.append(("options", json.dumps(self._sealed(document.options)).encode()))
        if document.supersedes:
            headers.append(("supersedes", "/".join(document.supersedes).encode()))
        try:
            with broker_errors(self._settings, f"does not take {document.path}"):
                sent = await producer.send_and_wait(self._topic, value, key=key, headers=headers)
        except BrokerError as error:
            if isinstance(error.__cause__, MessageSizeTooLargeError | RecordListTooLargeError):
                raise RecordTooLarge(
                    f"{self._topic} takes no record of {len(value)} bytes: raise its max.message.bytes"
                ) from error
            raise
        inline = content_ref is None
        return SentFile(document.document_id, document.path, sent.topic, sent.partition, sent.offset, inline)

    def _sealed(self, options: Mapping[str, object]) -> Mapping[str, object]:
        if self._seal is None:
            return options
        given = {name: options.get(name) for name in SECRET_OPTIONS}
        return {**options, **{name: self._seal.seal(one) for name, one in given.items() if isinstance(one, str)}}


def _load(file: Path, path: str, inline_limit: int, version: Version | None) -> tuple[bytes | None, ContentDigest]:
    """Return the content of a file that goes inline, None for a larger one; and its digest."""
    try:
        found = Version.of(file)  # before it is opened: opening a pipe would wait for a writer
        if found.size > inline_limit:
            content, digest = None, digest_of(file, path)
        else:
            content, digest = file.read_bytes(), ContentDigest(path)
            digest.update(content)
        same = Version.of(file) == found == (version or found) and digest.size == found.size
    except OSError as error:
        raise FileUnreadable(f"{file} cannot be read: {error.strerror}") from error
    if not same:
        raise FileUnreadable(f"{file} changed while it was read; send it once it is finished")
    return content, digest
