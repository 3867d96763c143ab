"""Each step of cleaning on a page that needs it, judged by what real Tesseract reads."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from models.arrays import ImageU8
from models.document import PageImage, Region
from models.options import ReadOptions
from models.pages.cleaning import clean
from models.reading.whole_page import PreparingReader
from models.recognition.tesseract.in_process import TesseractReader
from tests.drawing.pages import LINES, drawn, grainy, peppered, shaded, specked, turned

DPI = 300


@pytest.fixture(scope="module")
def reader() -> TesseractReader:
    return TesseractReader()


@pytest.fixture(scope="module")
def preparer() -> PreparingReader:
    return PreparingReader(TesseractReader())


@pytest.fixture(scope="module")
def page() -> ImageU8:
    return drawn(dpi=DPI)


def right(regions: Sequence[Region]) -> float:
    """Return how much of the page was read right, in [0, 1]."""
    text = " ".join(region.text for region in regions)
    return difflib.SequenceMatcher(None, text, " ".join(LINES), autojunk=False).ratio()


SPOILT: dict[str, Callable[[ImageU8], object]] = {
    "grain": lambda page: grainy(page, 70),
    "salt-and-pepper": lambda page: peppered(page, 0.1),
    "illumination": shaded,
    "specks": lambda page: specked(page, 3000),
    "enlarged": lambda page: cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA),
}


@pytest.mark.parametrize("step", SPOILT)
def test_a_spoilt_page_is_read_better_for_its_step(
    reader: TesseractReader, preparer: PreparingReader, page: ImageU8, step: str
) -> None:
    pixels = np.asarray(SPOILT[step](page), np.uint8)
    image = PageImage(pixels, DPI * len(pixels) // len(page))
    if step == "enlarged":
        assert preparer.prepare(image).image.width > image.width
    else:
        assert step in clean(pixels).steps
    text = preparer.read(image, ReadOptions()).regions
    assert right(text) > max(0.95, right(reader.read(image, ReadOptions()).regions))


def test_a_clean_page_passes_untouched(preparer: PreparingReader, page: ImageU8) -> None:
    cleaned = clean(page)
    assert (cleaned.pixels is page, cleaned.steps) == (True, ())
    prepared = preparer.prepare(PageImage(page, DPI))
    assert (prepared.image.pixels is page, prepared.angle) == (True, 0.0)


@pytest.mark.parametrize("tone", [0, 128, 255])
def test_a_blank_page_passes_untouched(preparer: PreparingReader, tone: int) -> None:
    blank = np.full((600, 400), tone, np.uint8)
    prepared = preparer.prepare(PageImage(blank, DPI))
    assert (prepared.image.pixels is blank, clean(blank).steps) == (True, ())
    assert preparer.read(PageImage(blank, DPI), ReadOptions()).regions == ()


def test_a_page_one_pixel_wide_is_a_page(preparer: PreparingReader) -> None:
    for shape in ((1, 1), (1, 9000), (9000, 1)):
        dots = np.zeros(shape, np.uint8)
        assert preparer.prepare(PageImage(dots, DPI)).image.pixels is dots


@pytest.mark.parametrize("degrees", [90, 180, 270, 13.7, 193.7])
def test_a_turned_page_reads_like_an_upright_one_and_shows_where_its_lines_are(
    preparer: PreparingReader, page: ImageU8, degrees: float
) -> None:
    image = PageImage(turned(page, degrees), DPI)
    lines = preparer.read(image, ReadOptions())
    assert right(lines.regions) > 0.98
    assert abs((lines.rotation - degrees + 180) % 360 - 180) < 0.15
    inside = np.zeros(image.pixels.shape, np.uint8)
    for region in lines.regions:
        cv2.fillPoly(inside, [np.array(region.polygon).round().astype(np.int32)], 1)
    ink = image.pixels < 128
    assert np.count_nonzero(ink & (inside > 0)) > 0.97 * np.count_nonzero(ink)
    assert inside.mean() < 0.5


def test_a_turned_dirty_page_of_small_print_is_read(preparer: PreparingReader, page: ImageU8) -> None:
    small = cv2.resize(turned(page, -3), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    image = PageImage(grainy(shaded(np.asarray(small, np.uint8)), 6), 120)
    lines = preparer.read(image, ReadOptions())
    assert right(lines.regions) > 0.95
    assert abs(lines.rotation + 3) < 0.2
