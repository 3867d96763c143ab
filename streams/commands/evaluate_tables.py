"""How `inkstream evaluate` prints what it found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from models.evaluation.boxes import BoxScores
from models.evaluation.comparison import Comparison
from models.evaluation.diff import word_diff
from models.evaluation.measure import ItemResult
from models.evaluation.scores import Overlap
from models.evaluation.summary import Calibration, Summary, to_json, worst
from streams.terminal import print_table

Run = tuple[Summary, list[ItemResult]]

_DIFF_STYLES = {"same": ("{}", ""), "missing": ("[-{}-]", "red"), "extra": ("{{+{}+}}", "green")}


def print_runs(runs: Sequence[Run]) -> None:
    """Print the scores of texts, then those of boxes and of confidences where there are any."""
    summaries = [summary for summary, _ in runs]
    columns = ("set", "items", "failed", "reader", "CER", "WER", "WER ≤ 5%", "word F1",
               "passages", "pages/s", "CPU s/page")  # fmt: skip
    print_table(columns, map(_text_row, summaries))
    _print_boxes([(summary, summary.boxes) for summary in summaries if summary.boxes])
    _print_calibrations([(summary, summary.calibration) for summary in summaries if summary.calibration])


def print_json(runs: Iterable[Run], *, with_items: bool) -> None:
    """Print the figures of each run, with the result of every item or without, as one JSON array."""
    found = [to_json(run) if with_items else run[0].to_json() for run in runs]
    print(json.dumps(found, ensure_ascii=False, indent=1))


def print_comparison(comparison: Comparison, *, to_stderr: bool) -> None:
    """Print what moved since an earlier run; beside JSON on stderr."""
    output = sys.stderr if to_stderr else sys.stdout
    for note in comparison.notes:
        print(f"note: {note}", file=output)
    if not comparison.moved:
        print("nothing that can be compared has moved" if comparison.notes else "nothing has moved", file=output)
    for one in comparison.moved:
        before, now = ("–" if value is None else f"{value:.4f}" for value in (one.before, one.now))
        change = "" if one.before is None or one.now is None else f"  {one.now - one.before:+.4f}"
        print(f"{one.dataset}, {one.reader}: {one.figure} {before} → {now}{change}", file=output)


def print_errors(runs: Iterable[Run], count: int) -> None:
    """Print the worst items: [-missing-] in the reading, {+extra+} in it; red and green on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    for summary, results in runs:
        for result in worst(results, count):
            rate = result.characters.rate if result.characters else None
            title = f"\n{summary.dataset}, {summary.reader}: {result.item}, CER {_percent(rate)}"
            console.print(Text(title, "bold"))
            if result.error:
                console.print(Text(result.error, "red"))
            for what, words in word_diff(result.truth or "", result.text):
                form, style = _DIFF_STYLES[what]
                console.print(Text(form.format(words), style), end=" ")
            console.print()
    sys.stdout.flush()


def _text_row(summary: Summary) -> list[str]:
    rates = (
        summary.characters.rate, summary.words.rate, summary.nearly_right.rate, summary.bag.f1,
        summary.passages.rate,
    )  # fmt: skip
    speeds = ("–" if rate is None else f"{rate:.2f}" for rate in (summary.pages_per_s, summary.cpu_s_per_page))
    items = (summary.dataset, str(summary.items), str(summary.failed), summary.reader)
    return [*items, *map(_percent, rates), *speeds]


def _print_boxes(found: Sequence[tuple[Summary, BoxScores]]) -> None:
    if not found:
        return
    kinds = [kind for kind in ("printed", "handwritten", "signature") if _has_kind(found, kind)]
    columns = ("set", "reader", "coverage R", "P", "word IoU", "IoU .5 F1", "line CER",
               *(f"{k} CER" for k in kinds), "kind accuracy", "signatures P", "R", "F1")  # fmt: skip
    rows = []
    for summary, scores in found:
        signed = scores.signatures or Overlap()
        by_kind = {str(kind): count.rate for kind, count in scores.characters.items()}
        rates = (
            scores.coverage_recall.rate, scores.coverage_precision.rate, scores.word_iou.value,
            (scores.pairs or Overlap()).f1,
            scores.line_characters.rate, *map(by_kind.get, kinds), scores.kind_accuracy.rate,
            signed.precision, signed.recall, signed.f1,
        )  # fmt: skip
        rows.append([summary.dataset, summary.reader, *map(_percent, rates)])
    print_table(columns, rows)
    _print_kinds(found)


def _has_kind(found: Sequence[tuple[Summary, BoxScores]], kind: str) -> bool:
    return any(true == kind and count.length for _, scores in found for true, count in scores.characters.items())


def _print_kinds(found: Sequence[tuple[Summary, BoxScores]]) -> None:
    rows = [
        [summary.dataset, summary.reader, true, predicted, str(count)]
        for summary, scores in found
        for (true, predicted), count in sorted(scores.kinds.items())
    ]
    if rows:
        print_table(("set", "reader", "true kind", "predicted", "lines"), rows)


def _print_calibrations(found: Sequence[tuple[Summary, Calibration]]) -> None:
    if not found:
        return
    thresholds = list(found[0][1].above)
    rows = []
    for summary, calibration in found:
        accuracies = [
            f"{_percent(s.rate)} of {_percent(s.whole / calibration.words)}" for s in calibration.above.values()
        ]
        rows.append(
            [summary.dataset, summary.reader, str(calibration.words), _percent(calibration.error), *accuracies]
        )
    print_table(("set", "reader", "words", "ECE", *(f"correct at ≥ {t:g}" for t in thresholds)), rows)


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"
