"""What every engine keeps to, as models/recognition/types.py has it: readers of lines, and of whole pages."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from models.arrays import ImageU8
from models.document import Kind, PageImage
from models.engines import LINE_ENGINES
from models.errors import LanguageMissing
from models.options import ReadOptions
from models.recognition.registry import LineRecognisers
from models.recognition.tesseract.in_process import TesseractReader
from models.recognition.tesseract.program import TesseractProgramReader
from models.recognition.types import LineReading, LineRecogniser, PageReader
from tests.drawing.letters import line, shaky

TEXTS = ["we are ready to go", "a letter", "thank you", "Dear Mr. Smith"]
RUNNABLE = [
    (engine.name, kind, engine.packaged)
    for engine in LINE_ENGINES
    for kind in engine.values
    if engine.packaged is not None
]


@pytest.fixture(scope="module", params=RUNNABLE, ids=lambda one: f"{one[0]}-{one[1]}")
def recogniser(request: pytest.FixtureRequest) -> LineRecogniser:
    engine, kind, value = cast(tuple[str, Kind, str], request.param)
    chosen = LineRecognisers().get(ReadOptions.model_validate({kind: value}))[kind]
    assert chosen.engine == engine
    return chosen.recogniser


@pytest.fixture(scope="module")
def lines() -> list[ImageU8]:
    return [shaky(line(text)) for text in TEXTS]


def blank(height: int, width: int) -> ImageU8:
    return np.full((height, width, 3), 225, np.uint8)


def test_every_engine_is_packaged_or_names_what_it_needs() -> None:
    assert all(engine.packaged or engine.needs for engine in LINE_ENGINES)
    assert {kind for engine in LINE_ENGINES for kind in engine.automatic} == {"printed", "handwritten"}


def test_it_has_a_name(recogniser: LineRecogniser) -> None:
    assert recogniser.name.strip()


def test_lines_are_read_with_confidence_and_positions(recogniser: LineRecogniser, lines: list[ImageU8]) -> None:
    readings = recogniser.recognise(lines)
    assert [reading.text for reading in readings] == TEXTS
    for reading in readings:
        check(reading)
        assert reading.confidence > 0.5
        assert len(reading.confidences) == len(reading.text)


def test_a_text_does_not_depend_on_company_or_order(recogniser: LineRecogniser, lines: list[ImageU8]) -> None:
    crops = [*lines, blank(40, 700), lines[0][:, :60]]
    forwards = recogniser.recognise(crops)
    backwards = recogniser.recognise(crops[::-1])[::-1]
    alone = [recogniser.recognise([crop])[0] for crop in crops]
    for other in (backwards, alone):
        assert [one.text for one in other] == [one.text for one in forwards]
        assert [one.confidence for one in other] == pytest.approx([one.confidence for one in forwards], abs=1e-3)


def test_no_lines_give_no_readings(recogniser: LineRecogniser) -> None:
    assert recogniser.recognise([]) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 9)])
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_tiny_crops_are_no_error(recogniser: LineRecogniser, shape: tuple[int, int], shade: int) -> None:
    (reading,) = recogniser.recognise([np.full(shape, shade, np.uint8)])
    check(reading)


def test_noise_is_no_error(recogniser: LineRecogniser) -> None:
    rng = np.random.default_rng(0)
    for reading in recogniser.recognise([rng.integers(0, 256, (30, 300, 3)).astype(np.uint8)]):
        check(reading)


@pytest.mark.parametrize("size", [(40, 100), (40, 900), (12, 30)])
def test_blank_paper_is_an_empty_text(recogniser: LineRecogniser, size: tuple[int, int]) -> None:
    (reading,) = recogniser.recognise([blank(*size)])
    assert (reading.text, reading.positions) == ("", ())


def test_grey_and_rgb_are_read_alike(recogniser: LineRecogniser, lines: list[ImageU8]) -> None:
    grey = [np.ascontiguousarray(picture[..., 0]) for picture in lines]
    colour = [np.repeat(picture[..., None], 3, axis=2) for picture in grey]
    texts = [[reading.text for reading in recogniser.recognise(pictures)] for pictures in (grey, colour)]
    assert texts[0] == texts[1] == TEXTS


def test_crops_may_be_views_and_are_not_written_to(recogniser: LineRecogniser, lines: list[ImageU8]) -> None:
    page = np.concatenate([lines[0], lines[0]], axis=1)
    page.setflags(write=False)
    (reading,) = recogniser.recognise([page[:, : lines[0].shape[1]]])
    assert reading.text == TEXTS[0]


def check(reading: LineReading) -> None:
    """Assert what holds for a reading of any line."""
    assert 0 <= reading.confidence <= 1
    assert len(reading.positions) in (0, len(reading.text))
    assert len(reading.confidences) in (0, len(reading.text))
    assert all(0 <= confidence <= 1 for confidence in reading.confidences)
    assert all(0 <= position <= 1 for position in reading.positions)
    assert all(left <= right for left, right in pairwise(reading.positions))


@pytest.fixture(scope="module", params=[TesseractReader, TesseractProgramReader])
def reader(request: pytest.FixtureRequest) -> PageReader:
    made: PageReader = request.param()
    made.warm_up(ReadOptions())
    return made


@pytest.fixture(scope="module")
def page(lines: list[ImageU8]) -> PageImage:
    """A grey page with one text under the other."""
    width = max(picture.shape[1] for picture in lines) + 80
    rows = [
        np.pad(line(text)[..., 0], ((20, 20), (40, 0)), constant_values=255)  # straight letters: print
        for text in TEXTS
    ]
    padded = [np.pad(row, ((0, 0), (0, width - row.shape[1])), constant_values=255) for row in rows]
    return PageImage(np.concatenate(padded), 200)


def test_a_page_is_read_line_by_line_from_top_to_bottom(reader: PageReader, page: PageImage) -> None:
    read = reader.read(page, ReadOptions())
    assert [region.text for region in read.regions] == TEXTS
    tops = [min(y for _, y in region.polygon) for region in read.regions]
    assert tops == sorted(tops)
    for region in read.regions:
        assert region.confidence is not None and 0.5 < region.confidence <= 1
        assert all(0 <= x <= page.width and 0 <= y <= page.height for x, y in region.polygon)


def test_a_page_does_not_depend_on_the_one_before(reader: PageReader, page: PageImage) -> None:
    first = reader.read(page, ReadOptions())
    assert reader.read(PageImage(np.full((50, 80), 255, np.uint8), 300), ReadOptions()).regions == ()
    assert reader.read(page, ReadOptions()) == first


def test_a_missing_language_is_named(reader: PageReader, page: PageImage) -> None:
    with pytest.raises(LanguageMissing, match="no language xyz"):
        reader.read(page, ReadOptions(languages="xyz"))


def test_both_ways_of_running_tesseract_read_alike(page: PageImage) -> None:
    in_process, program = (made().read(page, ReadOptions()) for made in (TesseractReader, TesseractProgramReader))
    assert [region.text for region in in_process.regions] == [region.text for region in program.regions]
