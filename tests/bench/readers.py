"""Readers side by side, pages a second and accuracy: `python -m tests.bench.readers [FOLDER[:SPLIT][=PAGES] …]`.

Folders have documents with ground truth, as for `inkstream evaluate`; where none is named, clean print is drawn.
Readers take turns with a few items each, so that whatever else runs on the machine slows all alike. Ours and
Tesseract run in a process for each core; plain rapidocr runs as its users call it, in one process on all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from models.evaluation.datasets import load_datasets, sample
from models.evaluation.items import Dataset, Item
from models.evaluation.measure import ItemResult, measure_item
from models.evaluation.readers.registry import ReaderSpec
from models.evaluation.readers.types import DocumentReader
from models.evaluation.summary import summarise
from models.options import ReadOptions
from tests.bench.pages import scanned_pages
from tests.bench.readers_plot import draw

OURS, PEERS = ("auto", "ppocr"), ("rapidocr", "tesseract")
_PAGES = 8  # of a set whose sample is not given
_COLUMNS = {  # of the table: what is shown, and with how many digits
    "pages": ("pages", 0), "pages/s": ("pages_per_s", 3), "CPU s/page": ("cpu_s_per_page", 2), "CER": ("cer", 4),
    "word F1": ("word_f1", 4), "passages": ("passages", 3), **{f"× {peer}": (f"x_{peer}", 2) for peer in PEERS},
}  # fmt: skip
_loaded: DocumentReader  # of a child process


@dataclass(slots=True)
class Lane:
    """One reader with its processes, and what it has read of a set."""

    name: str
    processes: int
    pool: ProcessPoolExecutor
    results: list[ItemResult] = field(default_factory=list)

    def read(self, items: Sequence[Item], folder: Path) -> None:
        """Read some items, as many at a time as there are processes."""
        self.results += self.pool.map(_read, items, [folder] * len(items))

    def figures(self, dataset: Dataset) -> dict[str, Any]:
        """Return the figures of the set: pages a second of all processes, and those of `inkstream evaluate`."""
        found = summarise(dataset, self.name, self.results).to_json()
        alone = found["pages_per_s"]
        return {
            **{name: found[name] for name in ("dataset", "reader", "items", "failed", "pages", "cpu_s_per_page")},
            "processes": self.processes, "pages_per_s": alone and alone * self.processes,
            **{name: found[name] for name in ("cer", "word_f1", "passages")},
        }  # fmt: skip


def measure(datasets: Sequence[Dataset], readers: Sequence[str]) -> list[dict[str, Any]]:
    """Return the figures of each reader on each set, with their ratios to the peers that were read beside."""
    cores = os.cpu_count() or 1
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OMP_NUM_THREADS"] = "1"  # children inherit it; rapidocr has others
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        lanes = [_lane(name, 1 if name == "rapidocr" else cores) for name in readers]
        for lane in lanes:  # each process loads its reader, and reads a page that is not counted
            lane.read(datasets[0].items[:1] * 2 * lane.processes, Path(folder))
        for dataset in datasets:
            for lane in lanes:
                lane.results = []
            for turn, start in enumerate(range(0, len(dataset.items), 2 * cores)):
                for lane in lanes[turn % len(lanes) :] + lanes[: turn % len(lanes)]:
                    lane.read(dataset.items[start : start + 2 * cores], Path(folder))
            rows += with_ratios([lane.figures(dataset) for lane in lanes])
        for lane in lanes:
            lane.pool.shutdown()
    return rows


def with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of one set, each with how many times a peer's pages a second it has."""
    speeds = {row["reader"]: row["pages_per_s"] for row in rows}
    return [
        row | {f"x_{peer}": row["pages_per_s"] / speeds[peer] for peer in PEERS if speeds.get(peer)} for row in rows
    ]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as text."""
    cells = [["set", "reader", *_COLUMNS]]
    for row in rows:
        shown = (_number(row.get(name), digits) for name, digits in _COLUMNS.values())
        cells.append([row["dataset"], row["reader"], *shown])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _lane(name: str, processes: int) -> Lane:
    ours = name in OURS
    options = ReadOptions.model_validate({"reader": name, "force_ocr": True}) if ours else ReadOptions()
    spec = ReaderSpec("ours" if ours else name, name, options)
    return Lane(name, processes, ProcessPoolExecutor(processes, get_context("spawn"), _load, (spec,)))


def _load(spec: ReaderSpec) -> None:
    global _loaded
    _loaded = spec.create()
    _loaded.warm_up()


def _read(item: Item, folder: Path) -> ItemResult:
    return measure_item(item, _loaded, folder)


def _sets(named: Sequence[str], drawn: Path) -> list[Dataset]:
    """Return the sets that arguments name; clean print where there are none."""
    if not named:
        for number in range(_PAGES):
            document, (text,) = scanned_pages(1, seed=number)
            (drawn / f"{number}.pdf").write_bytes(document)
            (drawn / f"{number}.gt.txt").write_text(text)
        return load_datasets(drawn)
    found: list[Dataset] = []
    for one in named:
        place, _, pages = one.partition("=")
        folder, _, split = place.partition(":")
        for dataset in load_datasets(Path(folder), split=split or None):
            chosen = replace(dataset, name=split or dataset.name)
            found.append(sample(chosen, int(pages) if pages else _PAGES))
    return found


def main() -> None:
    """Measure what the command line names; print the table, write JSON and plot."""
    parser = argparse.ArgumentParser(prog="tests.bench.readers", description=__doc__)
    parser.add_argument("folders", nargs="*", metavar="FOLDER[:SPLIT][=PAGES]", help="documents with ground truth")
    parser.add_argument("--readers", default=",".join(OURS + PEERS))
    parser.add_argument("--out", type=Path, help="folder for readers.json and readers.svg")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as drawn:
        (folder := Path(drawn, "clean-print")).mkdir()
        rows = measure(_sets(given.folders, folder), given.readers.split(","))
    print(table(rows))
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "readers.json").write_text(json.dumps(rows, indent=1) + "\n")
        (given.out / "readers.svg").write_text(draw(rows))


if __name__ == "__main__":
    main()
