"""From typing `inkstream up` with no Kafka running to the first record, with one page waiting in the inbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench.pages import scanned_pdf


def measure(rounds: int = 3) -> list[float]:
    """Print and return the seconds of each start, each on empty data."""
    found = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            inbox = Path(folder, "inbox")
            inbox.mkdir()
            (inbox / "a.pdf").write_bytes(scanned_pdf(1, seed=number, lines=4))
            started = perf_counter()
            up = subprocess.Popen(
                [sys.executable, "-m", "streams", "up", str(inbox), "--data-dir", str(Path(folder, "data")),
                 "--api-port", "0", "--json"],
                stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
            assert up.stdout is not None
            up.stdout.readline()
            found.append(perf_counter() - started)
            up.send_signal(signal.SIGTERM)
            up.wait(60)
            up.stdout.close()
    print(f"  cold start to first record: {', '.join(f'{seconds:.1f} s' for seconds in found)}")
    return found
