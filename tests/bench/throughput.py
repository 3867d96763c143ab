"""Pages per second of the whole service against the bare loop: 32 scanned pages in 8 PDFs, in turn, in one run."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

from streams.kafka.follower import topic_consumer
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.bench.bare_loop import BareLoop
from tests.bench.pages import scanned_pdf
from tests.bench.service import running_service

_DOCUMENTS, _PAGES, _ROUNDS = 8, 4, 5


async def measure(rounds: int = _ROUNDS) -> float:
    """Print each round's pages per second and return the median ratio service / bare loop."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number in range(_DOCUMENTS):
            files.append(Path(folder, f"{number}.pdf"))
            files[-1].write_bytes(scanned_pdf(_PAGES, seed=number))
        jobs = [(file, page) for file in files for page in range(_PAGES)]
        ratios = []
        async with running_service(Path(folder, "service"), processes=cores, reader="tesseract") as (settings, _):
            bare = BareLoop(cores)
            await asyncio.to_thread(bare.read, jobs[:4])  # warm both
            await read_all(settings, files[:1], "warm", _PAGES)
            for number in range(rounds):
                alone = await asyncio.to_thread(bare.read, jobs)
                whole = await read_all(settings, files, f"round-{number}", len(jobs))
                ratios.append(alone / whole)
                served = len(jobs) / whole
                print(
                    f"  bare loop {len(jobs) / alone:.3f} pages/s, service {served:.3f} → {ratios[-1]:.3f}",
                    flush=True,
                )
            bare.close()
    return statistics.median(ratios)


async def read_all(settings: Settings, files: list[Path], name: str, wanted: int) -> float:
    """Send the files and return the seconds from the first send to the last of so many records."""
    page_text = TopicNames.of(settings).page_text
    async with (
        topic_consumer(settings, [page_text], from_beginning=False) as consumer,
        FileProducer(settings) as producer,
    ):
        started = perf_counter()
        for file in files:
            await producer.send(file, path=f"bench:///{name}/{file.name}")
        for _ in range(wanted):
            await consumer.getone()
        return perf_counter() - started
