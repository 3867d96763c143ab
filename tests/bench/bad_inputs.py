"""Every file of a folder through a whole service: each must end as records or as a typed dead letter.

python -m tests.bench.bad_inputs FOLDER [PASSWORD …]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import monotonic

from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.bench.service import running_service, tree_memory, until_idle
from tests.integration.harness import Topics, WorkerProcess

_TIMEOUT_S = 30
_PASSES = 2


async def main(folder: Path, passwords: list[str]) -> int:
    """Print what became of each kind; return 1 where a file is unaccounted for."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with tempfile.TemporaryDirectory() as data:
        async with running_service(Path(data), page_timeout_s=_TIMEOUT_S, passwords=passwords) as (
            settings,
            worker,
        ):
            return await _run(settings, worker, files)


async def _run(settings: Settings, worker: WorkerProcess, files: list[Path]) -> int:
    started = monotonic()
    print(f"worker tree {tree_memory(worker.pid) / 2**20:.0f} MB before", flush=True)
    sent = {}
    async with FileProducer(settings) as producer:
        for number in range(
            _PASSES
        ):  # all of it again, as other documents: memory must not grow with what was read
            for file in files:
                delivered = await producer.send(file, path=f"bench:///{number}{file}")
                sent[delivered.document_id] = file
            await until_idle(settings)
            print(f"worker tree {tree_memory(worker.pid) / 2**20:.0f} MB after pass {number + 1}", flush=True)
    topics = Topics(settings)
    documents, letters, pages = await topics.documents(), await topics.dead_letters(), await topics.pages()
    lost = [file for document, file in sent.items() if documents[document].status == "reading"]
    untyped = [letter for letter in letters if letter.reason == "reader-failed"]
    print(f"{len(files)} files, {_PASSES} times, in {monotonic() - started:.0f} s")
    print(f"{len(pages)} page records, {len(letters)} dead letters")
    print(Counter(record.status for record in documents.values()))
    print(Counter(letter.reason for letter in letters))
    for letter in [*untyped, *(le for le in letters if le.reason in ("worker-died", "recognition-timeout"))]:
        print(f"  {letter.reason}: {letter.path} page {letter.pagenum}: {letter.exception[:150]}")
    print(f"worker alive: {worker.alive}; unaccounted for: {len(lost)}", *lost, sep="\n  ")
    return int(bool(lost or not worker.alive))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2:])))
