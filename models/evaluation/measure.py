"""A reader over a set of items: what each was read as, how long it took, and its scores."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from pebble import ProcessExpired, ProcessPool

from models.errors import InkstreamError, ModelError, RecognitionTimeout, WorkerDied
from models.evaluation.calibration import Judged, judge_words
from models.evaluation.items import Dataset, Item
from models.evaluation.places import PlaceScores, score_places
from models.evaluation.readers import DocumentReader, ReaderSpec, Said
from models.evaluation.scores import ErrorCount, Overlap, character_errors, word_errors, word_overlap


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item read; `error` says why it could not be, and it then counts as read empty. No truth, no scores.

    `cpu_seconds` are those of all threads, and of programs that the reader started: on a machine that does other
    things too they tell more than `seconds` on the clock.
    """

    item: str
    said: str
    true: str | None
    pages: int
    seconds: float
    cpu_seconds: float
    error: str | None = None
    characters: ErrorCount | None = None
    words: ErrorCount | None = None
    bag: Overlap | None = None
    places: PlaceScores | None = None
    judged: tuple[Judged, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the texts and counts under their names; of places and confidences a summary tells."""
        found = asdict(replace(self, places=None, judged=()))
        return {name: value for name, value in found.items() if name not in ("places", "judged")}


def measure(dataset: Dataset, spec: ReaderSpec, processes: int = 1, timeout_s: float = 600) -> Iterator[ItemResult]:
    """Yield the result of each item once it is read, in any order.

    Items are read in child processes, so that one that crashes or hangs its reader is a result like any other. What
    the reader loads is loaded before the clock runs.

    Args:
        dataset: What to read.
        spec: What reads it.
        processes: How many items are read at a time.
        timeout_s: How long one item may take.

    Raises:
        ModelError: The reader cannot be loaded.
        MalformedGroundTruth: A tar file does not give the picture that the truth names.
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
        said = reader.read(path)
    except (InkstreamError, OSError) as failure:
        said = _nothing(reader)
        error = failure.summary if isinstance(failure, InkstreamError) else str(failure)
    seconds, cpu_seconds = perf_counter() - started, _cpu_seconds() - worked
    if item.member is not None:
        path.unlink()
    return _scored(item, said, seconds, cpu_seconds, error)


def _scored(item: Item, said: Said, seconds: float, cpu_seconds: float, error: str | None) -> ItemResult:
    """Return the result with the scores that the item's truth allows."""
    result = ItemResult(
        item.name, said.text, item.text, said.pages, seconds, cpu_seconds, error, places=_places(item, said)
    )
    if item.text is None:
        return result
    regions = (region for reading in said.readings or () for region in reading.regions)
    return replace(
        result, characters=character_errors(item.text, said.text), words=word_errors(item.text, said.text),
        bag=word_overlap(item.text, said.text), judged=tuple(judge_words(item.text, regions)),
    )  # fmt: skip


def _cpu_seconds() -> float:
    """Return what this process and the programs it has waited for have computed."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _places(item: Item, said: Said) -> PlaceScores | None:
    """Return the scores of places where the truth has them and the reader gives them: on the first page alone."""
    if said.readings is None:
        return None
    if not said.readings:
        return score_places(item, (), item.size or (1.0, 1.0))
    page = said.readings[0]
    return score_places(item, page.regions, (page.width, page.height))


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
    """Return what came of an item: its result, or that its process died or was ended for the time it took."""
    try:
        return done.result()
    except ProcessExpired as ended:
        error: ModelError = WorkerDied(f"the process reading it ended with exit code {ended.exitcode}")
    except TimeoutError:
        error = RecognitionTimeout(f"it took longer than {timeout_s:g} s")
    seconds = timeout_s if isinstance(error, RecognitionTimeout) else 0.0
    return _scored(item, _nothing(spec.create()), seconds, 0.0, error.summary)


def _nothing(reader: DocumentReader) -> Said:
    return Said("", 0, () if reader.gives_places else None)
