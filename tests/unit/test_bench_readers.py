"""The table and the plot of `make bench-reading`."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tests.bench.readers import table, with_ratios
from tests.bench.readers_plot import choice, draw


def row(
    reader: str, pages_per_s: float, word_f1: float | None, dataset: str = "forms", **more: Any
) -> dict[str, Any]:
    figures = {"pages": 8, "cpu_s_per_page": 1.0, "cer": None, "word_f1": word_f1, "passages": None}
    return {"dataset": dataset, "reader": reader, "pages_per_s": pages_per_s, **figures, **more}


ROWS = with_ratios([row("auto", 2.0, 0.9), row("rapidocr", 0.5, 0.905), row("tesseract", 4.0, 0.6)])


def test_every_reader_is_compared_with_the_peers_of_its_set() -> None:
    assert [one["x_rapidocr"] for one in ROWS] == [4, 1, 8]
    assert [one["x_tesseract"] for one in ROWS] == [0.5, 0.125, 1]
    assert "x_tesseract" not in with_ratios([row("auto", 2.0, 0.9)])[0]


def test_the_fastest_of_those_that_read_as_well_as_the_best_is_chosen() -> None:
    assert choice(ROWS)["reader"] == "auto"


def test_the_table_has_a_row_for_each_reader() -> None:
    lines = table(ROWS).splitlines()
    assert lines[0].split()[:2] == ["set", "reader"]
    assert lines[1].split() == ["forms", "auto", "8", "2.000", "1.00", "0.9000", "4.00", "0.50"]


def test_the_plot_has_a_dot_for_each_reader_and_a_choice_for_each_set() -> None:
    passages = row("auto", 1.0, None, "scans", passages=0.7)
    plot = ElementTree.fromstring(draw([*ROWS, passages]))
    space = "{http://www.w3.org/2000/svg}"
    assert len(plot.findall(f".//{space}circle")) == 4
    texts = [text.text for text in plot.iter(f"{space}text")]
    assert "choose auto: 2.00 pages/s, 0.900" in texts and "choose auto: 1.00 pages/s, 0.700" in texts
