"""TrOCR as we run it against transformers on the same lines, checkpoint and cores: `python -m tests.bench.trocr`.

Theirs: `generate` in single precision on all cores, one line at a time and in batches of 8. Ours: a process per
core, each with one thread, as the reader's children are. Exits with 1 where a token differs.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import psutil
import torch

from models.arrays import ImageU8
from models.recognition.trocr.config import TrocrConfig, read_config
from models.recognition.trocr.export.convert import export_trocr
from models.recognition.trocr.exported import read_description
from models.recognition.trocr.greedy import read_greedily
from models.recognition.trocr.onnx_network import OnnxTrocr
from models.recognition.trocr.picture import patches, square
from tests.bench.trocr_lines import TOKENS, draw_lines, write_checkpoint
from tests.bench.trocr_work import Work, rates, work_of
from tests.torch.trocr_checkpoints import BASE, SMALL, pixel_values

_LINES, _ROUNDS, _BATCH = 32, 1, 8
_SHAPES = {"base": BASE, "small": SMALL}
_reader: tuple[OnnxTrocr, TrocrConfig] | None = None


def main(names: list[str]) -> int:
    """Print the ratios of each shape, all of them in the last line; return 1 where tokens differ, else 0."""
    warnings.simplefilter("ignore")
    ratios, wrong = [], 0
    for name in names or list(_SHAPES):
        with tempfile.TemporaryDirectory() as folder:
            one, eight, differing = measure(name, Path(folder))
        ratios.append(f"{name} ×{one:.2f} and ×{eight:.2f}")
        wrong += differing
    outcome = f"{wrong} tokens differ" if wrong else "every token the same"
    print(f"ours / transformers, one line at a time and in batches of 8: {', '.join(ratios)}; {outcome}")
    return 1 if wrong else 0


def measure(name: str, folder: Path) -> tuple[float, float, int]:
    """Print what one shape takes; return both ratios, and how many tokens differ."""
    lines = draw_lines(_LINES)
    model = write_checkpoint(_SHAPES[name], lines, folder / f"trocr-{name}")
    exported = export_trocr(folder / f"trocr-{name}", folder / "cache", os.environ.get("TROCR_PRECISION", "int8"))
    config = read_config(folder / f"trocr-{name}")
    pixels = pixel_values([square(line, config) for line in lines])
    cores = os.cpu_count() or 1
    torch.set_num_threads(cores)
    ones, eights = [], []
    with ProcessPoolExecutor(cores, get_context("spawn"), _load, (exported,)) as pool:
        shares = [lines[core::cores] for core in range(cores)]
        list(pool.map(_read, [share[:2] for share in shares]))
        _generate(model, pixels[:1])
        for _ in range(_ROUNDS):
            started = perf_counter()
            ours = list(pool.map(_read, shares))
            ours_s = perf_counter() - started
            theirs, ones_s = _timed(model, pixels, 1)
            _, eights_s = _timed(model, pixels, _BATCH)
            ones.append(ones_s / ours_s)
            eights.append(eights_s / ours_s)
            per_line = [1e3 * taken / _LINES for taken in (ours_s, ones_s, eights_s)]
            times = f"ours {per_line[0]:.0f} ms a line, theirs {per_line[1]:.0f} alone, {per_line[2]:.0f} by 8"
            print(f"  {name}: {times}", flush=True)
        _print_floor(work_of(config), *pool.submit(rates).result(), per_line[0] * cores)
        memory = max(pool.map(_memory_mb, range(cores)))
    tokens = [read for pair in zip(*(hypotheses for hypotheses, _ in ours), strict=True) for read in pair]
    differing = sum(_differences(one, other) for one, other in zip(tokens, theirs, strict=True))
    sure = statistics.mean(probability for _, probability in ours)
    print(f"    {memory:.0f} MB a process; mean probability of a token {sure:.3f}; {differing} tokens differ")
    return statistics.median(ones), statistics.median(eights), differing


def _timed(model: Any, pixels: torch.Tensor, batch: int) -> tuple[list[list[int]], float]:
    started = perf_counter()
    read = [
        row for first in range(0, len(pixels), batch) for row in _generate(model, pixels[first : first + batch])
    ]
    return read, perf_counter() - started


def _generate(model: Any, pixels: torch.Tensor) -> list[list[int]]:
    with torch.inference_mode():
        read = model.generate(pixels, max_new_tokens=TOKENS, num_beams=1, do_sample=False)
    return [row[1:] for row in read.tolist()]


def _load(exported: Path) -> None:
    global _reader
    config, _ = read_description(exported)
    _reader = OnnxTrocr(exported, config), config


def _read(lines: list[ImageU8]) -> tuple[list[list[int]], float]:
    """Return each line's tokens, its end with them, and the mean probability of a token."""
    assert _reader is not None
    network, config = _reader
    cut = [patches(square(line, config), config) for line in lines]
    hypotheses = read_greedily(network, config, cut, [TOKENS] * len(cut), lambda _: False)
    tokens = [one.tokens + [config.end] * one.ended for one in hypotheses]
    return tokens, statistics.mean(float(np.exp(score)) for one in hypotheses for score in one.scores)


def _memory_mb(_: int) -> float:
    return float(psutil.Process().memory_full_info().uss) / 1e6


def _differences(one: list[int], other: list[int]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))


def _print_floor(work: Work, eight_bits: float, single: float, taken_ms: float) -> None:
    floor = 1e3 * (work.linear / eight_bits + work.attention / single)
    print(
        f"    {work.linear / 1e9:.0f} G operations in matrices at {eight_bits / 1e9:.0f} G/s, "
        f"{work.attention / 1e9:.0f} in attention at {single / 1e9:.0f}: at least {floor:.0f} ms of a core a line; "
        f"{taken_ms:.0f} taken, {floor / taken_ms:.0%} of it the floor"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
