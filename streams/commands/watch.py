"""`inkstream watch`: the folder watcher alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import Broker, CreateTopics, DataDir, Prefix

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.sources.producer import SentFile


def watch(
    folder: Annotated[Path, typer.Argument(help="Folder to watch, with its subfolders.")],
    clean: Annotated[
        str | None,
        typer.Option(help="Delivered files: off (keep), archive (to .archive), delete (once they are read)."),
    ] = None,
    latest_first: Annotated[bool | None, typer.Option(help="Newest file first, not oldest.")] = None,
    polling: Annotated[float | None, typer.Option(help="Look every so many seconds: for NFS and SMB.")] = None,
    broker: Broker = None,
    prefix: Prefix = None,
    data_dir: DataDir = None,
    create_topics: CreateTopics = False,
) -> None:
    """Deliver every file in a folder to raw-files once it is whole, until Ctrl-C. A restart re-reads nothing.

    Example: inkstream watch /mnt/scans --broker kafka:9092 --polling 5 --clean archive
    """
    import asyncio

    from streams.commands.connection import agree_to_topics, settings_for
    from streams.errors import ConfigurationError
    from streams.monitoring.logs import configure_logging
    from streams.paths import private_data_dir

    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder; make it first: mkdir -p {folder}")
    settings = settings_for(
        broker,
        prefix,
        inbox=folder,
        clean=clean,
        latest_first=latest_first,
        watch_polling_s=polling,
        data_dir=data_dir,
    )
    configure_logging(settings.log_level, settings.log_format)
    agree_to_topics(settings, create=create_topics)
    private_data_dir(settings.data_dir)
    asyncio.run(_watch(settings))


async def _watch(settings: Settings) -> None:
    import asyncio
    import os
    import sys

    from streams.kafka.topics import wait_for_topics
    from streams.signals import stop_on_signals
    from streams.sources.watching import watching
    from streams.terminal import printable

    with stop_on_signals() as stop:
        await wait_for_topics(settings, timeout_s=10)

        def show(file: Path, sent: SentFile) -> None:
            try:
                print(f"{printable(file)} → {sent.document_id}", flush=True)
            except BrokenPipeError:  # whoever read along has left, as `head` does; the file itself is delivered
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                stop.set()

        async with watching(settings, show) as (_, watcher):
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({stopped, watcher}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if watcher.done():
                watcher.result()
