"""The words of a text layer, from its glyphs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from models.document import PageReading
from models.documents.files import open_document
from models.documents.text_layer import TextLayer
from models.layout.geometry import bounds
from models.options import ReadOptions
from models.pipeline import PagePipeline

LINES = (
    "Notice to all members of the club", "The meeting was moved to Friday at noon",
    "Please bring letters, papers and other things", "ﬁnal efﬁcient ﬂow of ofﬁce",
)  # fmt: skip
SCALE = 300 / 72


def read(folder: Path, document: pymupdf.Document, *, words: bool = True) -> PageReading:
    file = folder / "made.pdf"
    document.save(file)
    with closing(PagePipeline()) as pipeline:
        reading = pipeline.transcribe(file, 0, ReadOptions(words=words))
    assert reading.method == "text_layer"
    return reading


def layer_of(folder: Path, document: pymupdf.Document) -> TextLayer:
    document.save(folder / "made.pdf")
    with closing(open_document(folder / "made.pdf")) as opened:
        layer = opened.text_layer(0, 300, words=True)
    assert layer is not None
    return layer


def sheet(degrees: int = 0) -> pymupdf.Document:
    document = pymupdf.open()
    page = document.new_page(width=400, height=300)
    font = pymupdf.Font("helv")
    for number, text in enumerate(LINES):
        writer = pymupdf.TextWriter(page.rect)
        writer.append((60, 80 + 40 * number), text, font=font, fontsize=14)
        writer.write_text(page)
    page.set_rotation(degrees)
    return document


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_words_stand_where_the_page_shows_them(tmp_path: Path, degrees: int) -> None:
    document = sheet(degrees)
    expected = [  # MuPDF's own words, of the page before its rotation
        tuple(pymupdf.Rect(found[:4]) * document[0].rotation_matrix * SCALE)
        for found in document[0].get_text("words")
    ]
    reading = read(tmp_path, document)
    words = [word for region in reading.regions for word in region.words]
    assert sorted(bounds(word.polygon) for word in words) == pytest.approx(np.array(sorted(expected)), abs=0.1)
    for region in reading.regions:
        assert " ".join(word.text for word in region.words) == region.text
        assert all(word.confidence is None for word in region.words)
    # clockwise from the upper corner where the word begins
    (x0, y0), (x1, y1), *_ = words[0].polygon
    along = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    assert (np.sign(round(x1 - x0)), np.sign(round(y1 - y0))) == along


@pytest.mark.parametrize(("rotate", "along"), [(0, (1, 0)), (90, (0, -1)), (180, (-1, 0)), (270, (0, 1))])
def test_text_that_runs_up_or_down_the_page_has_words_that_do(
    tmp_path: Path, rotate: int, along: tuple[int, int]
) -> None:
    document = pymupdf.open()
    document.new_page(width=600, height=600).insert_text((300, 300), "sideways we go", fontsize=14, rotate=rotate)
    (line,) = layer_of(tmp_path, document).lines
    assert " ".join(word.text for word in line.words) == line.text == "sideways we go"
    for word in line.words:
        corners = np.array(word.polygon)
        assert (np.sign((corners[1] - corners[0]).round()) == along).all()
        below = (-along[1], along[0])  # a quarter turn clockwise
        assert (np.sign((corners[3] - corners[0]).round()) == below).all()


def test_words_of_a_sloping_line_slope(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=600, height=600)
    page.insert_text(
        (100, 300), "this line goes uphill", fontsize=14, morph=(pymupdf.Point(100, 300), pymupdf.Matrix(20))
    )
    (line,) = layer_of(tmp_path, document).lines
    assert [word.text for word in line.words] == ["this", "line", "goes", "uphill"]
    for word in line.words:
        (x0, y0), (x1, y1), _, (x3, y3) = word.polygon
        assert np.degrees(np.arctan2(y0 - y1, x1 - x0)) == pytest.approx(20, abs=1)
        assert np.hypot(x3 - x0, y3 - y0) == pytest.approx(14 * 1.374 * SCALE, rel=0.1)


def test_ticks_and_comb_fields_are_words_too(tmp_path: Path) -> None:
    document = sheet()
    field = pymupdf.Widget()
    field.field_type, field.field_name, field.rect = (
        pymupdf.PDF_WIDGET_TYPE_CHECKBOX,
        "a",
        pymupdf.Rect(20, 20, 40, 40),
    )
    field.field_value = True
    document[0].add_widget(field)
    reading = read(tmp_path, document)
    assert all(" ".join(word.text for word in region.words) == region.text for region in reading.regions)
    assert "☒" in {word.text for region in reading.regions for word in region.words}


def test_words_change_nothing_but_themselves(tmp_path: Path) -> None:
    with_words, without = (read(tmp_path, sheet(), words=words) for words in (True, False))
    assert with_words.text == without.text
    assert [region.polygon for region in with_words.regions] == [region.polygon for region in without.regions]
    assert all(region.words == () for region in without.regions)
