"""Reader processes in which page 1 crashes, page 2 hangs, and page 3 raises what it never should."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from models.document import PageReading
from models.options import ReadOptions
from streams.processes import reader_process


def read_page(path: Path, pagenum: int, options: ReadOptions) -> PageReading:
    if pagenum == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    if pagenum == 2:
        time.sleep(3600)
    if pagenum == 3:
        raise ZeroDivisionError("a defect")
    return reader_process.read_page(path, pagenum, options)
