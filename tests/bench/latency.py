"""From a file's drop on an idle, warm service to its record, less the engine's own time and the stability delay."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

from streams.kafka.follower import topic_consumer
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import PageText
from streams.sources.watching import watching
from tests.bench.pages import scanned_pdf
from tests.bench.service import running_service

_DROPS = 40


async def measure(drops: int = _DROPS) -> list[float]:
    """Print the overheads in ms and return them, ascending."""
    with tempfile.TemporaryDirectory() as folder:
        inbox = Path(folder, "inbox")
        inbox.mkdir()
        overheads = []
        async with running_service(Path(folder), inbox=inbox, stable_s=0.0) as (settings, _):
            topic = TopicNames.of(settings).page_text
            async with watching(settings), topic_consumer(settings, [topic], from_beginning=False) as consumer:
                for number in range(drops):
                    partial = inbox / f"{number}.part"
                    partial.write_bytes(scanned_pdf(1, seed=1000 + number, lines=4))
                    await asyncio.sleep(0.7)
                    started = perf_counter()
                    partial.rename(inbox / f"{number}.pdf")
                    record = decode(PageText, (await consumer.getone()).value)
                    total_ms = (perf_counter() - started) * 1000
                    overheads.append(total_ms - sum(record.timings_ms.values()))
    overheads = sorted(overheads[2:])  # the first two warm what only a page warms
    median, ninth = statistics.median(overheads), overheads[int(len(overheads) * 0.9)]
    print(f"  overhead of one page: median {median:.0f} ms, 90th percentile {ninth:.0f} ms")
    return overheads
