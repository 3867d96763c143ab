"""Many clients at once: uploads and reads while others listen, over a table of many pages.

`python -m tests.bench.load --pages 5000 --seconds 10` is a small run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import httpx
import psutil

from streams.kafka.clients import open_producer
from streams.kafka.topics import TopicNames, partition_for
from streams.messages.codec import encode
from streams.messages.page_parts import RegionRecord
from streams.messages.records import DocumentRecord, PageText, page_key
from streams.settings import Settings
from tests.bench.service import running_service
from tests.integration.harness import Service, WorkerProcess, eventually, text_pdf

_PAGES_OF_DOCUMENT, _LINES_OF_PAGE = 10, 12
_WORDS = [f"{first}{last}" for first in ("quay", "rent", "clerk", "amber", "fold") for last in range(400)]
_ABOVE = "Whoever scans for a living has letters of many pages, and each of them counts."  # a layer that is trusted
_MIB = 2**20
_QUERIES = (
    ("SELECT path, pagenum, snippet(result, -1, '', '', '…', 9) FROM result WHERE result MATCH ? LIMIT 50", True),
    ("SELECT document_id, count(*) FROM result WHERE result MATCH ? GROUP BY 1 ORDER BY 2 DESC LIMIT 20", True),
    ("SELECT path, status FROM documents ORDER BY started DESC LIMIT 50", False),
    ("SELECT status, count(*) FROM documents GROUP BY status", False),
)


@dataclass
class Found:
    """What was measured: seconds by kind of request, what failed, events that came, megabytes of the worker."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    events: int = 0
    listening: int = 0
    memory_mb: list[float] = field(default_factory=list)

    async def timed(self, kind: str, request: Awaitable[httpx.Response]) -> httpx.Response | None:
        """Make a request, note how long it took, and whether it failed."""
        begun = perf_counter()
        try:
            answer = await request
        except httpx.HTTPError as error:
            self.failures.append(f"{kind}: {error!r}")
            return None
        self.seconds[kind].append(perf_counter() - begun)
        if answer.is_success:
            return answer
        self.failures.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
        return None

    def print(self, title: str) -> None:
        """Print the percentiles of each kind of request, and forget them."""
        for kind, seconds in self.seconds.items():
            cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else seconds * 99
            print(
                f"  {title}: {kind}: {len(seconds)} requests, median {cuts[49] * 1000:.1f} ms, "
                f"p95 {cuts[94] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms",
                flush=True,
            )
        self.seconds.clear()


async def measure(pages: int = 100_000, clients: int = 50, listeners: int = 200, seconds: float = 60.0) -> Found:
    """Print figures of a service under load, and return them."""
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        async with running_service(Path(folder)) as (settings, worker), _client(settings, worker) as client:
            begun = perf_counter()
            await _fill(settings, pages)
            await eventually(lambda: _has(client, pages), 600, worker.log)
            print(f"  {pages} pages are in the table after {perf_counter() - begun:.0f} s", flush=True)
            for number in range(400):
                await found.timed("query", _query(client, random.Random(number)))
            found.print("alone")
            async with _listening(client, found, listeners):
                end, computed_s = perf_counter() + seconds, _computed_s(worker.pid)
                tasks = [asyncio.create_task(_work(client, found, n, end)) for n in range(clients)]
                while perf_counter() < end:
                    found.memory_mb.append(await asyncio.to_thread(_memory, worker.pid))
                    await asyncio.sleep(seconds / 12)
                await asyncio.gather(*tasks)
                computed_s = _computed_s(worker.pid) - computed_s
                if found.listening != listeners:
                    found.failures.append(f"{listeners - found.listening} of {listeners} listeners were dropped")
            sent = len(found.seconds["upload and wait"])
            found.print(f"{clients} clients, {listeners} listeners")
            each_ms = computed_s / max(sent, 1) * 1000
            print(f"  the worker itself computed for {computed_s:.1f} s: {each_ms:.0f} ms an upload")
    print(f"  {found.events} events came; failures: {len(found.failures)} {found.failures[:5]}")
    print(f"  memory of the worker: {', '.join(f'{one:.0f}' for one in found.memory_mb)} MB", flush=True)
    return found


@asynccontextmanager
async def _client(settings: Settings, worker: WorkerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        Service(settings, worker).client() as known,
        httpx.AsyncClient(base_url=known.base_url, timeout=60, limits=httpx.Limits(max_connections=None)) as client,
    ):
        yield client


async def _fill(settings: Settings, pages: int) -> None:
    """Write the records of documents that were read."""
    names, words = TopicNames.of(settings), random.Random(0)
    async with open_producer(settings) as producer:
        partitions = len(await producer.partitions_for(names.page_text))
        for number in range(pages // _PAGES_OF_DOCUMENT):
            document, sent = f"bench{number:07}", []
            where = partition_for(document, partitions)
            for page in range(_PAGES_OF_DOCUMENT):
                value, key = encode(_page(document, page, words)), page_key(document, page).encode()
                sent.append(await producer.send(names.page_text, value, key=key, partition=where))
            value = encode(_document(document))
            sent.append(await producer.send(names.documents, value, key=document.encode(), partition=where))
            if number % 100 == 0:
                await asyncio.gather(*sent)
        await producer.flush()


def _page(document: str, number: int, words: random.Random) -> PageText:
    lines = [" ".join(words.choices(_WORDS, k=9)) for _ in range(_LINES_OF_PAGE)]
    regions = [
        RegionRecord(
            polygon=[(100, y), (900, y), (900, y + 20), (100, y + 20)], kind="printed", text=line, confidence=0.9,
            recogniser="tesseract",
        )
        for y, line in zip(range(100, 2000, 30), lines, strict=False)
    ]  # fmt: skip
    return PageText(
        timestamp="2026-11-20T19:30:00.123Z", pagenum=number, path=f"bench:///{document}.pdf", document_id=document,
        text="\n".join(lines), total_pages=_PAGES_OF_DOCUMENT,
        confidence=0.9, method="ocr", width=1000, height=2000,
        dpi=300, rotation=0.0, language="eng", models={}, reference=f"bench:///{document}.pdf", exception=None,
        timings_ms={}, regions=regions,
    )  # fmt: skip


def _document(document: str) -> DocumentRecord:
    return DocumentRecord(
        document_id=document, path=f"bench:///{document}.pdf", reference=f"bench:///{document}.pdf",
        total_pages=_PAGES_OF_DOCUMENT, pages_read=_PAGES_OF_DOCUMENT, pages_failed=0, status="done",
        started="2026-11-20T19:30:00.123Z", finished="2026-11-20T19:31:00.123Z",
    )  # fmt: skip


async def _has(client: httpx.AsyncClient, pages: int) -> bool:
    asked = {"sql": "SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM documents)"}
    answer = (await client.post("/query", json=asked)).json()
    return bool(answer["rows"] == [[pages, pages // _PAGES_OF_DOCUMENT]])


def _query(client: httpx.AsyncClient, chosen: random.Random) -> Awaitable[httpx.Response]:
    sql, searches = chosen.choice(_QUERIES)
    word = " ".join(chosen.choices(_WORDS, k=2))
    return client.post("/query", json={"sql": sql, "parameters": [word] if searches else []})


async def _work(client: httpx.AsyncClient, found: Found, number: int, end: float) -> None:
    """Send documents, wait for their texts and look at what there is, again and again."""
    chosen, sent = random.Random(number), 0
    while perf_counter() < end:
        sent += 1
        name = f"c{number}-{sent}"
        files = {"file": (f"{name}.pdf", text_pdf(2, name, above=_ABOVE))}
        answer = await found.timed("upload and wait", client.post("/files?wait=60", files=files))
        if answer is None:
            continue
        document = answer.json()["documents"][0]
        if f"This is {name} number 1." not in (document["text"] or ""):
            found.failures.append(f"{name}: {document}")
        for kind, request in (
            ("query", _query(client, chosen)),
            ("document", client.get(document["url"])),
            ("page", client.get(f"{document['url']}/pages/0")),
            ("list", client.get("/documents", params={"limit": 20})),
            ("progress", client.get("/progress", params={"interval_s": 0.5})),
        ):
            await found.timed(kind, request)


@asynccontextmanager
async def _listening(client: httpx.AsyncClient, found: Found, count: int) -> AsyncIterator[None]:
    """Have so many connections listen to events for the length of the block."""
    begun = asyncio.Semaphore(0)

    async def listen() -> None:
        async with client.stream("GET", "/events", params={"regions": "false"}, timeout=None) as answer:
            if answer.status_code == 200:
                found.listening += 1
            begun.release()
            async for piece in answer.aiter_raw():
                found.events += piece.count(b"\nevent: ")
                if b"event: dropped" in piece:
                    break
        found.listening -= 1

    tasks = [asyncio.create_task(listen()) for _ in range(count)]
    for _ in tasks:
        await begun.acquire()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _computed_s(pid: int) -> float:
    """Return the processor time that a process has taken, without its children."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _memory(pid: int) -> float:
    return float(psutil.Process(pid).memory_full_info().pss / _MIB)


def main() -> None:
    """Measure with what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    asyncio.run(measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
