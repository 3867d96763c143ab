"""Where a document's bytes are, and how they get from there to a file: kafka://topic/partition/offset or fsspec."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import fsspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import SourceGone, SourceUnavailable, UndecodableMessage
from streams.kafka.header_patch import new_consumer
from streams.settings import Settings

_KAFKA = re.compile(r"kafka://(?P<topic>[^/]+)/(?P<partition>\d+)/(?P<offset>\d+)")
_FETCH_TIMEOUT_S = 30.0


def kafka_reference(topic: str, partition: int, offset: int) -> str:
    """Return the reference of a Kafka record's value."""
    return f"kafka://{topic}/{partition}/{offset}"


class References:
    """Fetches what references point at. One per event loop; Kafka records come through one consumer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._known: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    def fetcher(self, reference: str) -> Callable[[Path], Awaitable[None]]:
        """Return a function that writes what the reference points at to the path it is given."""

        async def fetch(target: Path) -> None:
            await self.fetch(reference, target)

        return fetch

    async def fetch(self, reference: str, target: Path) -> None:
        """Write the bytes behind a reference to a file.

        Raises:
            SourceGone: There is nothing there, or no longer.
            SourceUnavailable: It cannot be reached now; trying later may help.
            UndecodableMessage: settings.content_ref_schemes or content_ref_folders do not allow it.
        """
        found = _KAFKA.fullmatch(reference)
        if found:
            record = await self.record(found["topic"], int(found["partition"]), int(found["offset"]))
            await asyncio.to_thread(target.write_bytes, record.value or b"")
        else:
            self._check_scheme(reference)
            await asyncio.to_thread(self._copy, reference, target)

    async def record(self, topic: str, partition: int, offset: int) -> Any:
        """Return one Kafka record (aiokafka's ConsumerRecord). Raises SourceGone or SourceUnavailable."""
        where = kafka_reference(topic, partition, offset)
        async with self._one_at_a_time:
            try:
                record = await asyncio.wait_for(self._seek(topic, partition, offset), _FETCH_TIMEOUT_S)
            except (KafkaError, TimeoutError) as error:
                await self._close()
                raise SourceUnavailable(f"{where} cannot be fetched now: {error!r}") from error
        if record is None or record.offset != offset:
            raise SourceGone(f"{where} is no longer there: its retention has passed; send the file again")
        return record

    async def stop(self) -> None:
        """Close the connection to Kafka."""
        await self._close()

    async def _seek(self, topic: str, partition: int, offset: int) -> Any:
        """Return the first record at or after an offset, or None where the log does not hold it."""
        consumer = await self._started()
        where = TopicPartition(topic, partition)
        if topic not in self._known:
            self._known = await consumer.topics()
            if topic not in self._known:
                return None
        consumer.assign([where])
        first = (await consumer.beginning_offsets([where]))[where]
        end = (await consumer.end_offsets([where]))[where]
        if not first <= offset < end:
            return None
        consumer.seek(where, offset)
        return await consumer.getone(where)

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            # a partition fetch limit of one byte returns one record batch at a time, however large: Kafka never
            # holds back the first, and documents that nobody asked for are not sent along
            consumer = new_consumer(self._settings, max_partition_fetch_bytes=1, auto_offset_reset="none")
            try:
                await consumer.start()
            except KafkaError:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    async def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    def _check_scheme(self, reference: str) -> None:
        scheme = reference.partition("://")[0] if "://" in reference else ""
        if scheme not in self._settings.content_ref_schemes:
            allowed = ", ".join(self._settings.content_ref_schemes)
            raise UndecodableMessage(f"content-ref {reference!r} must be a URI of one of the schemes {allowed}")

    def _copy(self, reference: str, target: Path) -> None:
        local = _local_path(reference)
        folders = [Path(folder).resolve() for folder in self._settings.content_ref_folders]
        if local is not None and folders and not any(map(local.resolve().is_relative_to, folders)):
            allowed = ", ".join(map(str, folders))
            raise UndecodableMessage(f"content-ref {reference!r} is outside of content_ref_folders ({allowed})")
        _copy(reference, local, target)


def _local_path(reference: str) -> Path | None:
    """Return the file that a file:// URI means, percent-encoded or as people write it; None for other schemes.

    fsspec takes such a URI for a path as it is: no name with a space or an umlaut would be found.
    """
    if not reference.startswith("file://"):
        return None
    path = reference.removeprefix("file://").removeprefix("localhost")
    decoded = Path(os.fsdecode(unquote_to_bytes(path)))
    return decoded if decoded.exists() else Path(path)


def _copy(reference: str, local: Path | None, target: Path) -> None:
    try:
        if local is not None and local.exists() and not local.is_file():
            raise FileNotFoundError(errno.ENOENT, "not a regular file", str(local))  # opening a pipe would wait
        opened = local.open("rb") if local is not None else fsspec.open(reference, "rb")
        with opened as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1024 * 1024)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise SourceGone(f"{reference} cannot be read here: {error.strerror or error}") from error
    except OSError as error:
        raise SourceUnavailable(f"{reference} cannot be fetched now: {error}") from error
    except (ImportError, ValueError) as error:
        raise UndecodableMessage(f"content-ref {reference!r}: {error}") from error
