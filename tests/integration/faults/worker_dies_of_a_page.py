"""A worker process that dies each time it takes up page 1 of a document: the loop itself, not a reader process."""

from __future__ import annotations

import os
from pathlib import Path

from models.document import PageReading
from models.options import ReadOptions
from streams.cli import main
from streams.processes.pool import ReaderPool

_read = ReaderPool.read


async def _die(self: ReaderPool, path: Path, pagenum: int, options: ReadOptions) -> PageReading:
    if pagenum == 1:
        os._exit(9)
    return await _read(self, path, pagenum, options)


if __name__ == "__main__":
    ReaderPool.read = _die  # type: ignore[method-assign]
    main()
