"""The peer: the same engine on the same pages and cores in a process pool, with nothing around it."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

_engine: Any = None


def _load() -> None:
    global _engine
    os.environ["OMP_THREAD_LIMIT"] = "1"
    import tesserocr

    from models.recognition.tesseract.data import tessdata

    _engine = tesserocr.PyTessBaseAPI(path=f"{tessdata('eng')}/", lang="eng", psm=3, oem=1)


def _read(job: tuple[Path, int]) -> str:
    import pymupdf

    file, pagenum = job
    with pymupdf.open(file) as document:
        pixmap = document[pagenum].get_pixmap(dpi=300, colorspace=pymupdf.csGRAY)
    _engine.SetImageBytes(bytes(pixmap.samples), pixmap.width, pixmap.height, 1, pixmap.stride)
    _engine.SetSourceResolution(300)
    text: str = _engine.GetUTF8Text()
    _engine.Clear()
    return text


class BareLoop:
    """A warm pool of `processes` engines."""

    def __init__(self, processes: int) -> None:
        os.environ["OMP_THREAD_LIMIT"] = "1"
        self._pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_load)
        self._processes = processes

    def read(self, jobs: list[tuple[Path, int]]) -> float:
        """Read the pages and return the seconds it took."""
        started = perf_counter()
        list(self._pool.map(_read, jobs))
        return perf_counter() - started

    def close(self) -> None:
        self._pool.shutdown()
