"""Runs compared with earlier ones, and items that are held out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import OptionsError
from models.evaluation.comparison import Movement, compare, read_run
from models.evaluation.datasets import held_out
from models.evaluation.errors import NoGroundTruth
from models.evaluation.items import Dataset, Item


def run(dataset: str = "forms", items: tuple[str, ...] = ("a", "b"), **figures: Any) -> dict[str, Any]:
    results = [{"item": item} for item in items]
    return {"dataset": dataset, "reader": "ours", "items": len(items), "results": results, **figures}


def test_what_moved_is_named_with_both_figures() -> None:
    found = compare([run(cer=0.1, wer=0.2, boxes={"line_cer": 0.3})], [run(cer=0.12, wer=0.2, boxes=None)])
    assert found.moved == [
        Movement("forms", "ours", "cer", 0.1, 0.12), Movement("forms", "ours", "boxes.line_cer", 0.3, None)
    ]  # fmt: skip
    assert found.notes == []


def test_figures_that_differ_by_noise_have_not_moved() -> None:
    before, now = run(cer=0.10001, cpu_s_per_page=1.52), run(cer=0.10004, cpu_s_per_page=1.54)
    assert compare([before], [now]).moved == []


def test_runs_of_other_items_are_not_compared() -> None:
    other = {**run(), "reader": "rapidocr"}
    found = compare([run(cer=0.1), other, run("unmeasured")], [run(items=("a",), cer=0.5), run("new")])
    assert found.moved == []
    assert found.notes == [
        "forms, ours: other items than in the earlier run", "new, ours: not in the earlier run",
        "forms, rapidocr: only in the earlier run",
    ]  # fmt: skip


def test_figures_alone_are_compared_by_the_number_of_items() -> None:
    before = {name: value for name, value in run(cer=0.1).items() if name != "results"}
    assert compare([before], [run(cer=0.2)]).moved == [Movement("forms", "ours", "cer", 0.1, 0.2)]
    assert compare([before], [run(items=("a",), cer=0.2)]).notes == [
        "forms, ours: other items than in the earlier run"
    ]


@pytest.mark.parametrize("content", ["", "{}", '[{"cer": 1}]', "[1]"])
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(OptionsError, match="--format json"):
        read_run(tmp_path / "run.json")


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps([run(cer=0.1)]))
    assert read_run(tmp_path / "run.json") == [run(cer=0.1)]


def sets() -> list[Dataset]:
    return [
        Dataset(name, "text", tuple(Item(f"{name}-{n}.png", Path("x.png"), "") for n in range(2))) for name in "ab"
    ]


def test_items_that_are_held_out_are_left_out_or_measured_alone(tmp_path: Path) -> None:
    names = tmp_path / "held-out.txt"
    names.write_text("# nobody looks at these\na-0.png\na-1.png  # the same page twice\nb-1.png\n")
    assert [item.name for found in held_out(sets(), names, only=False) for item in found.items] == ["b-0.png"]
    alone = held_out(sets(), names, only=True)
    assert [item.name for found in alone for item in found.items] == ["a-0.png", "a-1.png", "b-1.png"]
    assert held_out(sets(), None, only=False) == sets()


def test_a_holdout_that_cannot_be_followed_is_refused(tmp_path: Path) -> None:
    names = tmp_path / "held-out.txt"
    with pytest.raises(OptionsError, match="needs --holdout"):
        held_out(sets(), None, only=True)
    with pytest.raises(OptionsError, match=r"held-out\.txt"):
        held_out(sets(), names, only=False)
    names.write_text("c-0.png\n")
    with pytest.raises(OptionsError, match=r"no set has c-0\.png"):
        held_out(sets(), names, only=False)
    names.write_text("".join(f"{name}-{n}.png\n" for name in "ab" for n in range(2)))
    with pytest.raises(NoGroundTruth, match="nothing is left"):
        held_out(sets(), names, only=False)
