"""What runs inside a reader process: one pipeline, loaded once, one compute thread.

Only this side imports the readers; the event loop's process never does.
"""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from models.document import AttachedFiles, Attachments, DocumentInfo, PageReading
from models.options import ReadOptions
from streams.signals import die_with

if TYPE_CHECKING:
    from models.documents.pictures import PictureOptions
    from models.documents.strokes import Stroke
    from models.export.drawing import Drawing
    from models.export.types import DrawnType
    from models.pipeline import PagePipeline

# Reading waits for whoever waits for an answer. On two cores, with 50 clients that upload and read: beside readers
# of the same priority a query took 1,000 ms at the median, and 72 documents were read in the time of 127. On a busy
# machine, 95 % of queries were answered within 460 ms beside readers of nice 2, and within 190 ms beside these.
_NICE = 5

_pipeline: PagePipeline | None = None


def initialise(
    parent_pid: int, memory_bytes: int, tesseract_api: Literal["tesserocr", "pytesseract"], models_dir: Path
) -> None:
    """Bound this process, in life and memory, and create its pipeline. Called once, before any task."""
    global _pipeline
    die_with(parent_pid)
    os.nice(_NICE)
    # RLIMIT_DATA counts what is really allocated; RLIMIT_AS would count the gigabytes that libraries only map.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    from models.pipeline import PagePipeline

    _pipeline = PagePipeline(tesseract_api, models_dir)


def warm_up(options: ReadOptions) -> float:
    """Load what reading with these options needs; return how many seconds that took."""
    started = perf_counter()
    _loaded().warm_up(options)
    return perf_counter() - started


def inspect_file(path: Path, passwords: Sequence[str]) -> DocumentInfo:
    """Open and check a document. Raises DocumentError."""
    from models.documents.files import inspect

    return inspect(path, passwords)


def attached_files(path: Path, passwords: Sequence[str], which: Attachments, max_file_bytes: int) -> AttachedFiles:
    """Return the files that are attached to a document. Raises DocumentError."""
    from models.documents import attachments

    return attachments.attached_files(path, passwords, which, max_file_bytes)


def read_page(path: Path, pagenum: int, options: ReadOptions) -> PageReading:
    """Read one page. Raises DocumentError or ModelError; MemoryError where the page needs more than it may."""
    try:
        return _loaded().transcribe(path, pagenum, options)
    except MemoryError:
        gc.collect()
        raise


def page_picture(path: Path, pagenum: int, options: PictureOptions, passwords: Sequence[str]) -> bytes:
    """Return a page as the bytes of a picture file. Raises DocumentError; MemoryError as `read_page`."""
    from models.documents import pictures

    try:
        return pictures.page_picture(path, pagenum, options, passwords)
    except MemoryError:
        gc.collect()
        raise


def export_file(
    form: str, name: str, pagenums: Sequence[int], records: Path, file: Path, passwords: Sequence[str], target: Path
) -> None:
    """Write pages of a document, whose records are in a file of JSON lines, in a format. Raises DocumentError."""
    from models.documents.files import inspect
    from models.export.registry import export
    from models.export.types import ExportedDocument
    from streams.messages.records import PageText

    password = inspect(file, passwords).password
    with records.open("rb") as lines, target.open("wb") as out:
        pages = map(PageText.model_validate_json, lines)
        for piece in export(form, ExportedDocument(name, pagenums, pages, file, password)).pieces:
            out.write(piece)


def strokes_picture(width: int, height: int, strokes: Sequence[Stroke]) -> bytes:
    """Return strokes of a pen as a PNG."""
    from models.documents import strokes as drawing

    return drawing.strokes_picture(width, height, strokes)


def drawn_page(
    path: Path, pagenum: int, options: PictureOptions, passwords: Sequence[str], drawing: Drawing, kind: DrawnType
) -> bytes:
    """Return a page with regions drawn over it, as the bytes of a file. Raises as `page_picture`."""
    from models.export import pictures

    try:
        return pictures.drawn_page(path, pagenum, options, passwords, drawing, kind)
    except MemoryError:
        gc.collect()
        raise


def _loaded() -> PagePipeline:
    if _pipeline is None:
        raise RuntimeError("initialise() has not run in this process")
    return _pipeline
