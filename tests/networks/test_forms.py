"""What is written into forms, one character a cell or a tick in a box, is read whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from models.arrays import ImageU8
from models.document import PageReading
from models.options import ReadOptions
from models.pipeline import PagePipeline
from tests.drawing.forms import Style, cell_page


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PagePipeline]:
    with closing(PagePipeline()) as made:
        yield made


def read(pipeline: PagePipeline, pixels: ImageU8, folder: Path) -> PageReading:
    Image.fromarray(pixels).save(folder / "form.png", dpi=(200, 200))
    return pipeline.transcribe(folder / "form.png", 0, ReadOptions(words=True))


@pytest.mark.parametrize("style", ["boxes", "comb", "pale boxes"])
def test_a_row_of_cells_is_one_word(pipeline: PagePipeline, tmp_path: Path, style: Style) -> None:
    texts = ["DE44500105175407", "17031981", "K 47 1100"]
    reading = read(pipeline, cell_page(texts, style, noise=5), tmp_path)
    assert reading.text.splitlines()[1::2] == texts
    (row,) = [region for region in reading.regions if region.text == texts[2]]
    assert [word.text for word in row.words] == ["K", "47", "1100"]
    assert row.words[0].polygon[1][0] < row.words[1].polygon[0][0]


def test_digits_in_boxes_that_stand_apart_are_no_ticks(pipeline: PagePipeline, tmp_path: Path) -> None:
    page = pymupdf.open().new_page(width=595, height=320)
    page.insert_text((60, 50), "Fill in your card number", fontname="helv", fontsize=16)
    for row in range(3):
        for column in range(6):
            x, y = 80 + column * 60, 90 + row * 60
            page.draw_rect((x, y, x + 40, y + 40))
            page.insert_text((x + 14, y + 29), "170315"[(row + column) % 6], fontname="helv", fontsize=22)
    picture = page.get_pixmap(dpi=200)
    reading = read(pipeline, np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3), tmp_path)
    assert reading.text.splitlines()[1:] == ["1 7 0 3 1 5", "7 0 3 1 5 1", "0 3 1 5 1 7"]


def test_labels_stand_behind_their_boxes_in_one_row(pipeline: PagePipeline, tmp_path: Path) -> None:
    page = pymupdf.open().new_page(width=595, height=200)
    page.insert_text((60, 80), "Please tick:", fontname="helv", fontsize=11)
    for number, label in enumerate(["yes", "no", "not known"]):
        x = 130 + number * 100
        page.draw_rect((x, 70, x + 12, 82))
        page.insert_text((x + 18, 80), label, fontname="helv", fontsize=11)
    page.draw_line((132, 72), (140, 80))
    page.draw_line((140, 72), (132, 80))
    page.insert_text((60, 120), "The committee met on Monday and agreed to the plan.", fontname="helv", fontsize=11)
    picture = page.get_pixmap(dpi=200)
    reading = read(pipeline, np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3), tmp_path)
    assert reading.text.splitlines()[0] == "Please tick: ☒ yes ☐ no ☐ not known"


def test_ticks_that_are_drawn_beside_a_text_layer_are_read(pipeline: PagePipeline, tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=300)
    page.insert_text((60, 60), "Account number", fontname="helv", fontsize=11)
    for number, character in enumerate("17031981"):
        page.draw_rect((60 + 21 * number, 70, 81 + 21 * number, 96))
        page.insert_text((66 + 21 * number, 90), character, fontname="helv", fontsize=15)
    for number, label in enumerate(["yes", "no"]):
        page.draw_rect((60 + number * 100, 130, 72 + number * 100, 142))
        page.insert_text((80 + number * 100, 140), label, fontname="helv", fontsize=11)
    page.draw_line((62, 132), (70, 140))
    page.draw_line((70, 132), (62, 140))
    document.save(tmp_path / "form.pdf")
    reading = pipeline.transcribe(tmp_path / "form.pdf", 0, ReadOptions())
    assert reading.text.splitlines() == ["Account number", "1 7 0 3 1 9 8 1", "☒ yes ☐ no"]
    assert reading.method == "mixed"
