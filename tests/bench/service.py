"""A whole service for measuring: an embedded Kafka and a worker process, on data of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from streams.broker.embedded import EmbeddedKafka
from streams.kafka.lag import LagReader
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.integration.harness import WorkerProcess, eventually


@asynccontextmanager
async def running_service(
    folder: Path, *, module: str = "streams", **values: Any
) -> AsyncIterator[tuple[Settings, WorkerProcess]]:
    """Yield the settings and the worker of a service that is warm and idle."""
    with EmbeddedKafka(folder) as kafka:
        settings = Settings(broker=kafka.bootstrap, data_dir=folder / "data", api_port=0, **values)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        await create_topics(settings)
        with WorkerProcess(settings, module=module) as worker:
            await eventually(lambda: _reports_ready(worker), log=worker.log)
            yield settings, worker


async def _reports_ready(worker: WorkerProcess) -> bool:
    return "worker ready" in worker.log.read_text()


async def until_idle(settings: Settings) -> None:
    """Return once every stage has processed what there is."""
    async with LagReader(settings) as lags:
        calm = 0
        while calm < 3:
            await asyncio.sleep(0.2)
            calm = calm + 1 if not any(stage.lag for stage in await lags.stages()) else 0


def tree_memory(pid: int) -> int:
    """Return the resident bytes of a process and all its children; what they share counts once (PSS)."""
    root = psutil.Process(pid)
    return sum(process.memory_full_info().pss for process in [root, *root.children(recursive=True)])
