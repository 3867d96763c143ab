"""Pages per second of our readers against plain rapidocr on the same pages and cores, in turn, in one run."""

from __future__ import annotations

import os
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from rapidfuzz.distance import Levenshtein

from models.options import ReadOptions
from models.pipeline import PagePipeline
from tests.bench.pages import scanned_pages

_PAGES, _ROUNDS = 8, 3
_pipeline: PagePipeline | None = None


def measure(rounds: int = _ROUNDS) -> dict[str, float]:
    """Print each round's pages per second and error rates, and return the median ratio of each reader."""
    cores = os.cpu_count() or 1
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OMP_NUM_THREADS"] = "1"  # as reader processes have it
    ratios: dict[str, list[float]] = {"ppocr": [], "auto": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_load) as pool,
    ):
        file = Path(folder, "pages.pdf")
        content, truths = scanned_pages(_PAGES, seed=7)
        file.write_bytes(content)
        engine = _plain_engine()
        for _ in range(2 * cores):  # warm all
            list(pool.map(_read, [(file, number, name) for name in ratios for number in range(cores)]))
        _read_plain(engine, file, 0)
        for _ in range(rounds):
            started = perf_counter()
            plain = [_read_plain(engine, file, number) for number in range(_PAGES)]
            alone = perf_counter() - started
            figures = f"  rapidocr {_PAGES / alone:.3f} pages/s, CER {_error_rate(plain, truths):.4f}"
            for name, found in ratios.items():
                started = perf_counter()
                ours = list(pool.map(_read, [(file, number, name) for number in range(_PAGES)]))
                found.append(alone / (perf_counter() - started))
                figures += f"; {name} ×{found[-1]:.2f}, CER {_error_rate(ours, truths):.4f}"
            print(figures, flush=True)
    return {name: statistics.median(found) for name, found in ratios.items()}


def _load() -> None:
    global _pipeline
    _pipeline = PagePipeline()


def _read(job: tuple[Path, int, str]) -> str:
    assert _pipeline is not None
    file, number, name = job
    return _pipeline.transcribe(file, number, ReadOptions.model_validate({"reader": name})).text


def _plain_engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "error"})


def _read_plain(engine: Any, file: Path, number: int) -> str:
    """Read a page as people do: drawn at 300 dpi, the engine at its defaults, on all cores."""
    import numpy as np
    import pymupdf

    with pymupdf.open(file) as document:
        picture = document[number].get_pixmap(dpi=300)
        pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)
    found = engine(np.ascontiguousarray(pixels[:, :, ::-1]))
    return "\n".join(found.txts or ())


def _error_rate(texts: list[str], truths: list[str]) -> float:
    """Return the character error rate over all pages, white space counted as single spaces."""
    pairs = [(" ".join(one.split()), " ".join(true.split())) for one, true in zip(texts, truths, strict=True)]
    return sum(Levenshtein.distance(*pair) for pair in pairs) / sum(len(true) for _, true in pairs)
