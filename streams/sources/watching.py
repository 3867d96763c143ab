"""A folder watcher with its producer and its ledger, ready to run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path

from streams.settings import Settings
from streams.sources.folder import FolderSource
from streams.sources.ledger import Ledger
from streams.sources.producer import FileProducer, SentFile


@asynccontextmanager
async def watching(
    settings: Settings, delivered: Callable[[Path, SentFile], object] | None = None
) -> AsyncIterator[tuple[FolderSource, asyncio.Task[None]]]:
    """Watch the inbox for the length of the block; `delivered` is told of each file that Kafka has.

    Yields the source and its task, which ends only by failing.
    """
    folder = settings.inbox.absolute()
    ledger = Ledger(settings.data_dir / "ledgers" / f"{sha256(bytes(folder)).hexdigest()[:16]}.db")
    async with FileProducer(settings) as producer:

        async def deliver(file: Path, as_ref: Path) -> SentFile:
            sent = await producer.send(file, path=file.as_uri(), as_ref=as_ref)
            if delivered is not None:
                delivered(file, sent)
            return sent

        source = FolderSource(settings, folder, ledger, deliver)
        task = asyncio.create_task(source.run())
        try:
            yield source, task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task
            ledger.close()
