"""Resident memory of the whole worker tree over 2,000 pages."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from streams.sources.producer import FileProducer
from tests.bench.pages import scanned_pdf
from tests.bench.service import running_service, tree_memory, until_idle

_BATCHES, _DOCUMENTS, _PAGES = 10, 10, 20


async def measure() -> list[float]:
    """Print and return the megabytes (PSS) after each 200 pages."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_service(Path(folder), recycle_after=10_000, reader="tesseract") as (settings, worker):
            found = []
            async with FileProducer(settings) as producer:
                for batch in range(_BATCHES):
                    for number in range(_DOCUMENTS):
                        content = scanned_pdf(_PAGES, seed=batch * 100 + number, lines=2)
                        await producer.send_bytes(content, f"bench:///{batch}/{number}")
                    await until_idle(settings)
                    found.append(await asyncio.to_thread(tree_memory, worker.pid) / 2**20)
                    print(f"  after {(batch + 1) * _DOCUMENTS * _PAGES} pages: {found[-1]:.0f} MB", flush=True)
    return found
