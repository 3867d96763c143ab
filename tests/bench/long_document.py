"""A 1,000-page PDF on an idle, warm service: its first record, its page tasks, and the memory while it is read."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

from streams.kafka.follower import topic_consumer
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.records import PageTask, PageText
from streams.sources.producer import FileProducer
from tests.bench.service import running_service, tree_memory
from tests.integration.harness import text_pdf

_PAGES = 1000


async def measure() -> None:
    """Print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_service(Path(folder)) as (settings, worker):
            names, content = TopicNames.of(settings), text_pdf(_PAGES)
            async with FileProducer(settings) as producer:
                await producer.send_bytes(text_pdf(2), "bench:///warm")
                await asyncio.sleep(3)
                topics = [names.pages, names.page_text]
                async with topic_consumer(settings, topics, from_beginning=False) as consumer:
                    started = perf_counter()
                    await producer.send_bytes(content, "bench:///long")
                    first = engine = tasks = last = 0.0
                    memory, seen = [tree_memory(worker.pid)], {topic: 0 for topic in topics}
                    while seen[names.page_text] < _PAGES:
                        message = await consumer.getone()
                        is_rest = message.topic == names.pages and decode(PageTask, message.value).rest
                        seen[message.topic] += not is_rest
                        last = perf_counter() - started
                        if seen[names.pages] == _PAGES and not tasks:
                            tasks = last
                        if message.topic == names.page_text and not first:
                            first, engine = last, sum(decode(PageText, message.value).timings_ms.values()) / 1000
                        if message.topic == names.page_text and seen[message.topic] % 250 == 0:
                            memory.append(await asyncio.to_thread(tree_memory, worker.pid))
    print(f"  first record after {first:.2f} s, {engine:.3f} s of it the engine's")
    print(f"  all page tasks sent after {tasks:.2f} s, all pages read after {last:.1f} s")
    print("  memory of the worker tree: " + ", ".join(f"{size / 2**20:.0f}" for size in memory) + " MB")
