"""A folder watcher with its producer and its ledger, ready to run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

from streams.kafka.clients import open_admin
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from streams.sources.deletion import delete_what_is_read
from streams.sources.folder import FolderSource
from streams.sources.ledger import Ledger, Version
from streams.sources.producer import FileProducer, SentFile


@asynccontextmanager
async def watching(
    settings: Settings, delivered: Callable[[Path, SentFile], object] | None = None
) -> AsyncIterator[tuple[FolderSource, asyncio.Task[None]]]:
    """Watch the inbox for the length of the block; `delivered` is called with each file that Kafka has.

    Yields the source and its task, which ends only by failing.
    """
    folder = settings.inbox.absolute()
    async with FileProducer(settings) as producer:
        ledger = Ledger(await _ledger_file(settings, folder))

        async def deliver(file: Path, as_ref: Path, version: Version, supersedes: Sequence[str]) -> SentFile:
            sent = await producer.send(
                file, path=file.as_uri(), as_ref=as_ref, version=version, supersedes=supersedes
            )
            if delivered is not None:
                delivered(file, sent)
            return sent

        source = FolderSource(settings, folder, ledger, deliver)
        task = asyncio.create_task(_run(source, settings, ledger))
        try:
            yield source, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            ledger.close()


async def _run(source: FolderSource, settings: Settings, ledger: Ledger) -> None:
    """Run the watcher and, where files are deleted, what deletes them; ends only by failing, both at once."""
    work = {asyncio.create_task(source.run())}
    if settings.clean == "delete":
        work.add(asyncio.create_task(delete_what_is_read(settings, ledger)))
    try:
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _ledger_file(settings: Settings, folder: Path) -> Path:
    """Return where it is noted what this Kafka got from a folder: another one, or another topic, has got nothing.

    Kafka is known by its cluster id, not by its address: the embedded one has another port each time.
    """
    async with open_admin(settings) as admin:
        cluster = (await admin.describe_cluster()).get("cluster_id") or settings.broker
    stream = f"{cluster}/{TopicNames.of(settings).raw_files}/".encode() + bytes(folder)
    return settings.data_dir / "ledgers" / f"{sha256(stream).hexdigest()[:16]}.db"
