"""A reader over a set of items: the text of each, how long it took, and its scores."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from pebble import ProcessExpired, ProcessPool

from models.errors import InkstreamError, ModelError, RecognitionTimeout, WorkerDied
from models.evaluation.boxes import BoxScores, score_boxes
from models.evaluation.calibration import Judged, judge_words
from models.evaluation.items import Dataset, Item
from models.evaluation.readers.registry import ReaderSpec
from models.evaluation.readers.types import DocumentReader, Transcription
from models.evaluation.scores import ErrorCount, Overlap, Share, character_errors, word_errors, word_overlap


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item read. Without truth there are no scores.

    Attributes:
        item: Its name.
        text: What was read.
        truth: What it should be; None where only boxes are known.
        pages: How many pages were read.
        seconds: Wall-clock time.
        cpu_seconds: Of all threads, and of programs that the reader started; the fairer figure on a busy machine.
        error: Why it could not be read; it is then scored as empty.
        characters: Behind the CER.
        words: Behind the WER.
        bag: Of the words in any order.
        boxes: Of lines and signatures; None where the truth or the reader has no boxes.
        judged: The words that have a confidence.
        passages: Of the item's tests of passages, how many are passed.
    """

    item: str
    text: str
    truth: str | None
    pages: int
    seconds: float
    cpu_seconds: float
    error: str | None = None
    characters: ErrorCount | None = None
    words: ErrorCount | None = None
    bag: Overlap | None = None
    boxes: BoxScores | None = None
    judged: tuple[Judged, ...] = ()
    passages: Share = field(default_factory=Share)

    def to_json(self) -> dict[str, Any]:
        """Return the texts and counts under their names. Boxes and confidences are in the summary."""
        found = asdict(replace(self, boxes=None, judged=()))
        return {name: value for name, value in found.items() if name not in ("boxes", "judged")}


def measure(dataset: Dataset, spec: ReaderSpec, processes: int = 1, timeout_s: float = 600) -> Iterator[ItemResult]:
    """Yield the result of each item once it is read, in any order.

    Items are read in child processes: one that crashes or hangs its reader is a result like any other. Loading the
    reader is not timed.

    Args:
        dataset: What to read.
        spec: What reads it.
        processes: How many items are read at a time.
        timeout_s: How long one item may take.

    Raises:
        ModelError: The reader cannot be loaded.
        MalformedGroundTruth: A tar file lacks the picture that the truth names.
    """
    with tempfile.TemporaryDirectory(prefix="inkstream-evaluate-") as folder:
        pool = ProcessPool(max_workers=processes, context=get_context("spawn"))
        try:
            arguments = ((spec, item, Path(folder)) for item in dataset.items)
            waiting = {pool.schedule(_measure, given, timeout=timeout_s): given[1] for given in arguments}
            yield from (_result(done, waiting[done], spec, timeout_s) for done in as_completed(waiting))
        finally:
            pool.stop()
            pool.join()


def measure_item(item: Item, reader: DocumentReader, folder: Path) -> ItemResult:
    """Return one item's result; a document that cannot be read is a result as well."""
    path = item.document(folder)
    started, worked = perf_counter(), _cpu_seconds()
    error = None
    try:
        reading = reader.read(path)
    except (InkstreamError, OSError) as failure:
        reading = _nothing(reader)
        error = failure.summary if isinstance(failure, InkstreamError) else str(failure)
    seconds, cpu_seconds = perf_counter() - started, _cpu_seconds() - worked
    if item.member is not None:
        path.unlink()
    return _scored(item, reading, seconds, cpu_seconds, error)


def _scored(
    item: Item, reading: Transcription, seconds: float, cpu_seconds: float, error: str | None
) -> ItemResult:
    """Return the result with the scores that the item's truth allows."""
    if item.in_capitals:
        reading = _capitalised(reading)
    text = reading.text if reading.joined_text is None or not item.joins_words else reading.joined_text
    passages = Share(sum(check.passes(text) for check in item.checks), len(item.checks))
    result = ItemResult(
        item.name, text, item.text, reading.pages, seconds, cpu_seconds, error, boxes=_boxes(item, reading),
        passages=passages,
    )  # fmt: skip
    if item.text is None:
        return result
    regions = (region for page in reading.readings or () for region in page.regions)
    return replace(
        result, characters=character_errors(item.text, text), words=word_errors(item.text, text),
        bag=word_overlap(item.text, text), judged=tuple(judge_words(item.text, regions)),
    )  # fmt: skip


def _capitalised(reading: Transcription) -> Transcription:
    """Return a reading all in capitals."""
    pages = None if reading.readings is None else tuple(
        replace(page, regions=tuple(replace(region, text=region.text.upper()) for region in page.regions))
        for page in reading.readings
    )  # fmt: skip
    joined = reading.joined_text
    return replace(
        reading, text=reading.text.upper(), readings=pages, joined_text=None if joined is None else joined.upper()
    )


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of the programs that it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _boxes(item: Item, reading: Transcription) -> BoxScores | None:
    """Return the scores of boxes where truth and reader have them. Ground truth with boxes has one page an item."""
    if reading.readings is None:
        return None
    if not reading.readings:
        return score_boxes(item, (), item.size or (1.0, 1.0))
    page = reading.readings[0]
    return score_boxes(item, page.regions, (page.width, page.height))


_loaded: tuple[ReaderSpec, DocumentReader] | None = None  # of this child process


def _measure(spec: ReaderSpec, item: Item, folder: Path) -> ItemResult:
    """Read an item in a child process, which loads the reader with its first one."""
    global _loaded
    if _loaded is None or _loaded[0] != spec:
        reader = spec.create()
        reader.warm_up()
        _loaded = spec, reader
    return measure_item(item, _loaded[1], folder)


def _result(done: Future[ItemResult], item: Item, spec: ReaderSpec, timeout_s: float) -> ItemResult:
    """Return an item's result; a process that died or ran out of time is one as well."""
    try:
        return done.result()
    except ProcessExpired as ended:
        error: ModelError = WorkerDied(f"the process reading it ended with exit code {ended.exitcode}")
    except TimeoutError:
        error = RecognitionTimeout(f"it took longer than {timeout_s:g} s")
    seconds = timeout_s if isinstance(error, RecognitionTimeout) else 0.0
    return _scored(item, _nothing(spec.create()), seconds, 0.0, error.summary)


def _nothing(reader: DocumentReader) -> Transcription:
    return Transcription("", 0, () if reader.gives_boxes else None)
