"""Ground truth as tests of passages, as olmOCR-bench has them: `SET.jsonl`, beside folders of documents.

A line is a test:

    {"pdf": "old_scans/1.pdf", "page": 1, "id": "…", "type": "order", "before": "…", "after": "…", "max_diffs": 2}

Types are `present`, `absent` and `order`; others, as of tables and formulas, are left aside. Each set is a split.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.formats.types import GroundTruthFormat
from models.evaluation.items import Item, Loaded
from models.evaluation.passages import PassageCheck

_KINDS = ("present", "absent", "order")


def load(folder: Path, truth: Path) -> Loaded | None:
    """Return the documents that tests are of, or None where the truth has no such files."""
    checks: dict[tuple[str, str], list[PassageCheck]] = {}
    aside: Counter[str] = Counter()
    files = sorted(truth.glob("*.jsonl"))
    for file in files:
        for test in _tests(file):
            if test["type"] in _KINDS:
                checks.setdefault((file.stem, test["pdf"]), []).append(_check(test, file))
            else:
                aside[test["type"]] += 1
    if not files:
        return None
    items = [
        Item(name, _document(folder, name), None, split=split, checks=tuple(found), joins_words=True)
        for (split, name), found in checks.items()
    ]
    notes = tuple(f"{count} tests of type {kind} are left aside" for kind, count in sorted(aside.items()))
    return Loaded(items, notes)


def _tests(file: Path) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for number, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not row.strip():
            continue
        try:
            test = json.loads(row)
            found.append({"type": str(test["type"]), "pdf": str(test["pdf"]), **test})
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedGroundTruth(
                f"{file}, line {number} is no test with a type and a pdf: {error}"
            ) from error
        if int(test.get("page", 1)) != 1:
            raise MalformedGroundTruth(
                f"{file}, line {number} is of page {test['page']}: documents of one page are meant"
            )
    return found


def _check(test: Mapping[str, Any], file: Path) -> PassageCheck:
    is_order = test["type"] == "order"
    try:
        return PassageCheck(
            name=str(test["id"]), kind=test["type"], passage=test["before" if is_order else "text"],
            following=test["after"] if is_order else "", max_edits=int(test.get("max_diffs") or 0),
            case_sensitive=test.get("case_sensitive", True), first_characters=test.get("first_n"),
            last_characters=test.get("last_n"),
        )  # fmt: skip
    except KeyError as error:
        raise MalformedGroundTruth(f"{file}: test {test.get('id')} has no {error}") from error


def _document(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise MalformedGroundTruth(f"{folder} has no document {name}, which a test is of")
    return path


FORMAT = GroundTruthFormat("passages", "SET.jsonl with tests of passages, as olmOCR-bench has them", load)
