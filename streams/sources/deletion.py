"""`clean=delete`: a delivered file is deleted once its document is done. One that failed stays in the folder."""

from __future__ import annotations

import asyncio
import logging

from streams.errors import BrokerError
from streams.kafka.follower import follow
from streams.kafka.topics import TopicNames
from streams.messages.records import DocumentRecord
from streams.settings import Settings
from streams.sources.ledger import Ledger, Version

logger = logging.getLogger(__name__)

_RETRY_S = 2.0  # while Kafka is away


async def delete_what_is_read(settings: Settings, ledger: Ledger) -> None:
    """Follow the documents topic, from its beginning for what was read meanwhile, until cancelled."""
    topic = TopicNames.of(settings).documents
    while True:
        try:
            async for record in follow(settings, topic, DocumentRecord, from_beginning=True):
                await asyncio.to_thread(delete_if_read, record, ledger)
        except BrokerError as error:
            logger.warning("read files are deleted later: %s", error.message)
        await asyncio.sleep(_RETRY_S)


def delete_if_read(record: DocumentRecord, ledger: Ledger) -> None:
    """Delete the file whose message a record names, where every page of it was read.

    A file that has changed since it was sent is another one, and stays.
    """
    if record.status == "reading" or (waiting := ledger.to_delete(record.reference)) is None:
        return
    file, version = waiting
    if record.status != "done":
        logger.warning("%s is kept, for not all of it was read: %s", file, record.exception)
        return
    try:
        current = Version.of(file)
        if current == version and ledger.has(file, current):
            file.unlink()
    except FileNotFoundError:
        logger.debug("%s has gone by itself", file)
    except OSError as error:
        logger.warning("%s was read and cannot be deleted: %s", file, error.strerror)
        return
    ledger.deleted(record.reference, file)
