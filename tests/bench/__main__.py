"""The service measured against its peers: `python -m tests.bench [WHAT …]`, everything where nothing is named.

WHAT: throughput, loops, reading, latency, cold-start, long-document, memory, load.
"""

from __future__ import annotations

import asyncio
import statistics
import sys

from tests.bench import cold_start, latency, load, long_document, loops, memory, reading, throughput


def main(wanted: list[str]) -> None:
    """Measure what is named, everything where nothing is."""
    if not wanted or "throughput" in wanted:
        print("throughput: whole service / bare loop over the same engine, 32 scanned pages in 8 PDFs")
        print(f"  median ratio {asyncio.run(throughput.measure()):.3f}")
    if not wanted or "loops" in wanted:
        print("loops: the sliding window / batches around the same reader, pages of mixed length")
        print(f"  median ratio {asyncio.run(loops.measure()):.3f}")
    if not wanted or "reading" in wanted:
        print("reading: our readers, a process per core / plain rapidocr on all cores, 8 scanned pages")
        print(f"  median ratios {reading.measure()}")
    if not wanted or "latency" in wanted:
        print("latency: drop of a one-page file to its record, engine time and stability delay not counted")
        asyncio.run(latency.measure())
    if not wanted or "cold-start" in wanted:
        print("cold start: `inkstream up` on empty data")
        print(f"  median {statistics.median(cold_start.measure()):.1f} s")
    if not wanted or "long-document" in wanted:
        print("a 1,000-page PDF with text layers, idle and warm service")
        asyncio.run(long_document.measure())
    if not wanted or "memory" in wanted:
        print("memory of the worker tree over 2,000 pages")
        found = asyncio.run(memory.measure())
        print(f"  last / after the first 400 pages: {found[-1] / found[1]:.3f}")
    if not wanted or "load" in wanted:
        print("load: 50 clients upload and read, 200 listen, 100,000 pages are in the table")
        asyncio.run(load.measure())


if __name__ == "__main__":
    main(sys.argv[1:])
