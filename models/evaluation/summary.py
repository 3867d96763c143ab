"""The scores of a reader on a whole set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from models.evaluation.boxes import BoxScores
from models.evaluation.calibration import THRESHOLDS, Bin, accuracy_above, calibration_error, reliability
from models.evaluation.items import Dataset
from models.evaluation.measure import ItemResult
from models.evaluation.scores import ErrorCount, Overlap, Share

_NEARLY_RIGHT_WER = 0.05


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well confidences predict correct words; `above` has the accuracy of words by minimum confidence."""

    words: int
    error: float
    bins: list[Bin]
    above: dict[float, Share]


@dataclass(frozen=True, slots=True)
class Summary:
    """A reader on a set. Parts are None where the truth or the reader has nothing to compare.

    `passages` are tests of passages that are passed, `nearly_right` items with a WER of at most 5 %.
    `pages_per_s` is pages over the wall-clock seconds that one process read them in, without loading;
    `cpu_s_per_page` is the CPU time of all its threads.
    """

    dataset: str
    format: str
    reader: str
    items: int
    failed: int
    pages: int
    pages_per_s: float | None
    cpu_s_per_page: float | None
    characters: ErrorCount
    words: ErrorCount
    bag: Overlap
    boxes: BoxScores | None
    calibration: Calibration | None
    passages: Share = field(default_factory=Share)
    nearly_right: Share = field(default_factory=Share)

    def to_json(self) -> dict[str, Any]:
        """Return the figures under their names: fractions in [0, 1], error rates from 0, null for what has none."""
        return {
            "dataset": self.dataset, "format": self.format, "reader": self.reader, "items": self.items,
            "failed": self.failed, "pages": self.pages, "pages_per_s": self.pages_per_s,
            "cpu_s_per_page": self.cpu_s_per_page,
            "cer": self.characters.rate, "wer": self.words.rate, "word_f1": self.bag.f1,
            "word_precision": self.bag.precision, "word_recall": self.bag.recall,
            "boxes": self.boxes and _boxes_json(self.boxes),
            "calibration": self.calibration and asdict(self.calibration),
            "passages": self.passages.rate, "wer_within_5_percent": self.nearly_right.rate,
        }  # fmt: skip


def to_json(run: tuple[Summary, Sequence[ItemResult]]) -> dict[str, Any]:
    """Return the figures of a run, with the result of every item under `results`."""
    summary, results = run
    return {**summary.to_json(), "results": [result.to_json() for result in results]}


def summarise(dataset: Dataset, reader: str, results: Sequence[ItemResult]) -> Summary:
    """Return the sums over a set's items."""
    pages, seconds = sum(r.pages for r in results), sum(r.seconds for r in results)
    boxes = [r.boxes for r in results if r.boxes]
    return Summary(
        dataset=dataset.name, format=dataset.format, reader=reader, items=len(results),
        failed=sum(r.error is not None for r in results), pages=pages,
        pages_per_s=pages / seconds if seconds else None,
        cpu_s_per_page=sum(r.cpu_seconds for r in results) / pages if pages else None,
        characters=sum((r.characters for r in results if r.characters), ErrorCount()),
        words=sum((r.words for r in results if r.words), ErrorCount()),
        bag=sum((r.bag for r in results if r.bag), Overlap()),
        boxes=sum(boxes, BoxScores()) if boxes else None, calibration=_calibration(results),
        passages=sum((r.passages for r in results), Share()), nearly_right=_nearly_right(results),
    )  # fmt: skip


def _nearly_right(results: Sequence[ItemResult]) -> Share:
    rates = [result.words.rate for result in results if result.words and result.words.rate is not None]
    return Share(sum(rate <= _NEARLY_RIGHT_WER for rate in rates), len(rates))


def _calibration(results: Sequence[ItemResult]) -> Calibration | None:
    judged = [word for result in results for word in result.judged]
    error = calibration_error(judged)
    if error is None:
        return None
    above = {threshold: accuracy_above(judged, threshold) for threshold in THRESHOLDS}
    return Calibration(len(judged), error, reliability(judged), above)


def _boxes_json(scores: BoxScores) -> dict[str, Any]:
    return {
        "coverage_recall": scores.coverage_recall.rate,
        "coverage_precision": scores.coverage_precision.rate,
        "line_cer": scores.line_characters.rate,
        "line_cer_by_kind": {kind or "unknown": count.rate for kind, count in scores.characters.items()},
        "inserted_characters": scores.insertions,
        "iou_50": _overlap_json(scores.pairs),
        "kind_accuracy": scores.kind_accuracy.rate,
        "kinds": [
            {"true": true, "predicted": predicted, "lines": count}
            for (true, predicted), count in scores.kinds.items()
        ],
        "signatures": _overlap_json(scores.signatures),
        "word_iou": {"mean": scores.word_iou.value, "words": scores.word_iou.count},
    }


def _overlap_json(found: Overlap | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"precision": found.precision, "recall": found.recall, "f1": found.f1, **asdict(found)}


def worst(results: Iterable[ItemResult], count: int) -> list[ItemResult]:
    """Return the items with the highest CER, the worst first. Items without a text to compare are skipped."""
    judged = [result for result in results if result.characters is not None]
    return sorted(judged, key=lambda r: (-((r.characters and r.characters.rate) or 0.0), r.item))[:count]
