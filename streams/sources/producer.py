"""Sends files to raw-files: small ones inline, large ones by reference."""

from __future__ import annotations

import asyncio
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.document_cache import digest_of
from streams.errors import BrokerError, FileUnreadable
from streams.records import ContentDigest
from streams.settings import Settings
from streams.topics import TopicNames

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that Kafka has acknowledged."""

    document_id: str
    path: str
    topic: str
    partition: int
    offset: int
    inline: bool


class FileProducer:
    """Sends files and waits until Kafka has them. An async context manager; lives on one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = TopicNames.of(settings).raw_files
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        producer = AIOKafkaProducer(
            **self._settings.kafka_client(),
            acks="all",
            enable_idempotence=True,
            max_request_size=self._settings.max_message_bytes,
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise BrokerError(f"Kafka at {self._settings.broker} cannot be reached: {error}") from error
        self._producer = producer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def send(
        self,
        file: Path,
        *,
        path: str | None = None,
        options: dict[str, Any] | None = None,
        as_ref: Path | None = None,
    ) -> SentFile:
        """Send one file and return once Kafka has it. An empty file is sent too: it ends as a dead letter.

        Args:
            path: What the records call the file; its file:// URI where None.
            options: Fields of ReadOptions for this document.
            as_ref: Where a file too large to go inline will be found, where that is not `file` itself.

        Raises:
            FileUnreadable: It is not there, not a file, or may not be read.
            BrokerError: Kafka does not take it.
        """
        path = path or file.absolute().as_uri()
        value, digest = await asyncio.to_thread(_load, file, path, self._settings.inline_limit)
        headers: Headers = [("path", path.encode())]
        if value is None:
            headers.append(("content-ref", (as_ref or file).absolute().as_uri().encode()))
        return await self._send(value or b"", value is not None, digest, path, options, headers)

    async def send_bytes(self, content: bytes, path: str, options: dict[str, Any] | None = None) -> SentFile:
        """Send a file that is in memory; it goes inline, whatever its size. Raises BrokerError."""
        digest = ContentDigest(path)
        digest.update(content)
        return await self._send(content, True, digest, path, options, [("path", path.encode())])

    async def _send(
        self, value: bytes, inline: bool, digest: ContentDigest, path: str, options: dict[str, Any] | None,
        headers: Headers,
    ) -> SentFile:  # fmt: skip
        if self._producer is None:
            raise BrokerError("the producer is not started")
        headers.append(("document-id", digest.document_id.encode()))
        if options:
            headers.append(("options", json.dumps(options).encode()))
        try:
            sent = await self._producer.send_and_wait(
                self._topic, value, key=digest.document_id.encode(), headers=headers
            )
        except KafkaError as error:
            raise BrokerError(f"Kafka does not take {path}: {error!r}") from error
        return SentFile(digest.document_id, path, sent.topic, sent.partition, sent.offset, inline)


def _load(file: Path, path: str, inline_limit: int) -> tuple[bytes | None, ContentDigest]:
    """Return the content of a file that goes inline, None for a larger one; and its digest."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileUnreadable(f"{file} is not a file")
        if found.st_size > inline_limit:
            return None, digest_of(file, path)
        content = file.read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{file} cannot be read: {error.strerror}") from error
    digest = ContentDigest(path)
    digest.update(content)
    return content, digest
