"""The sliding window against batches, as the loop around the same reader on the same pages, in turn, in one run."""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from tests.bench.pages import scanned_pdf
from tests.bench.service import running_service
from tests.bench.throughput import read_all

_ROUNDS, _DOCUMENTS, _PAGES = 3, 8, 4
_WORKERS = {"window": "streams", "batches": "tests.bench.batch_worker"}


async def measure(rounds: int = _ROUNDS) -> float:
    """Print each round's pages per second and return the median ratio window / batches.

    Every fourth document is dense, and its pages take several times as long as the others, as in mixed post.
    """
    cores = os.cpu_count() or 1
    seconds: dict[str, list[float]] = {name: [] for name in _WORKERS}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number in range(_DOCUMENTS):
            files.append(Path(folder, f"{number}.pdf"))
            files[-1].write_bytes(scanned_pdf(_PAGES, seed=number, lines=34 if number % 4 == 0 else 6))
        for round_number in range(rounds):
            for name, module in _WORKERS.items():  # one at a time: both would share the cores
                async with AsyncExitStack() as stack:
                    place = Path(folder, f"{name}-{round_number}")
                    service = running_service(place, module=module, processes=cores, reader="tesseract")
                    settings, _ = await stack.enter_async_context(service)
                    await read_all(settings, files[:1], "warm", _PAGES)
                    seconds[name].append(await read_all(settings, files, "measured", len(files) * _PAGES))
            window, batches = (seconds[name][-1] for name in _WORKERS)
            pages = len(files) * _PAGES
            print(
                f"  window {pages / window:.3f}, batches {pages / batches:.3f} pages/s → {batches / window:.3f}",
                flush=True,
            )
    return statistics.median(b / w for w, b in zip(seconds["window"], seconds["batches"], strict=True))
