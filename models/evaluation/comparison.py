"""What moved between an earlier run of an evaluation and this one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import OptionsError

# Figures of a run, by their path in its JSON, and how many digits of them are compared. CPU time is never the same
# twice: it is shown by its first digits alone.
_FIGURES: Mapping[str, int] = {
    "failed": 0, "cer": 4, "wer": 4, "word_f1": 4, "passages": 4, "wer_within_5_percent": 4,
    "boxes.line_cer": 4, "boxes.coverage_recall": 4, "boxes.kind_accuracy": 4, "boxes.iou_50.f1": 4,
    "boxes.word_iou.mean": 4, "boxes.signatures.precision": 4, "boxes.signatures.recall": 4,
    "boxes.signatures.f1": 4, "calibration.error": 4, "cpu_s_per_page": 1,
}  # fmt: skip

Row = Mapping[str, Any]
"""One reader on one set, as `inkstream evaluate --format json` or `figures` writes it."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A figure of a reader on a set before and now; None where one of the runs does not have it."""

    dataset: str
    reader: str
    figure: str
    before: float | None
    now: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What moved, and what cannot be compared: sets and readers that one run lacks, or whose items differ."""

    moved: list[Movement]
    notes: list[str]


def read_run(file: Path) -> list[Row]:
    """Return an earlier run. Raises OptionsError where the file is not what `--format json` writes."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionsError(f"{file}: {error}; write it with `inkstream evaluate … --format json`") from error
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and {"dataset", "reader"} <= set(row) for row in rows
    ):
        raise OptionsError(f"{file} is no run; write it with `inkstream evaluate … --format json`")
    return rows


def compare(before: Iterable[Row], now: Iterable[Row]) -> Comparison:
    """Return the figures that differ, run by run in the order of `now`; sets that are not measured now are left."""
    rows = list(now)
    measured = {str(row["dataset"]) for row in rows}
    earlier = {_name(row): row for row in before if str(row["dataset"]) in measured}
    moved: list[Movement] = []
    notes: list[str] = []
    for row in rows:
        name = _name(row)
        other = earlier.pop(name, None)
        if other is None:
            notes.append(f"{name[0]}, {name[1]}: not in the earlier run")
        elif _has_other_items(other, row):
            notes.append(f"{name[0]}, {name[1]}: other items than in the earlier run")
        else:
            moved += _movements(name, other, row)
    notes += [f"{name[0]}, {name[1]}: only in the earlier run" for name in earlier]
    return Comparison(moved, notes)


def _name(row: Row) -> tuple[str, str]:
    return str(row["dataset"]), str(row["reader"])


def _has_other_items(one: Row, other: Row) -> bool:
    """Return whether two runs are of different items; by their number, where one has figures alone."""
    names = [sorted(str(result.get("item")) for result in row.get("results") or ()) for row in (one, other)]
    return one.get("items") != other.get("items") or (all(names) and names[0] != names[1])


def _movements(name: tuple[str, str], before: Row, now: Row) -> Iterable[Movement]:
    for figure, digits in _FIGURES.items():
        one, other = _figure(before, figure), _figure(now, figure)
        if _rounded(one, digits) != _rounded(other, digits):
            yield Movement(*name, figure, one, other)


def _figure(row: Row, path: str) -> float | None:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
