"""The angle of a page, on pages drawn and turned here, with the real networks."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from models.arrays import ImageU8
from models.detection.dbnet import DbnetDetector
from models.layout.frames import DeliveredFrame, Points, UprightFrame
from models.pages.deskew import Deskewed, deskew
from models.pages.glyphs import find_glyphs
from models.pages.skew import find_skew
from models.reading.line_direction import upside_down
from models.reading.orientation import page_angle
from models.recognition.ctc.ppocr import PpocrLineRecogniser
from models.recognition.types import LineReading
from tests.drawing.pages import LINES, drawn, turned


@pytest.fixture(scope="module")
def detector() -> DbnetDetector:
    return DbnetDetector()


@pytest.fixture(scope="module")
def page() -> ImageU8:
    return drawn()


def apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 13.7, -13.7, 76.3, 103.7, 166.3, 193.7, -2.35])
def test_the_angle_of_a_page_is_found_to_a_sixth_of_a_degree(
    detector: DbnetDetector, page: ImageU8, degrees: float
) -> None:
    pixels = turned(page, degrees)
    found = page_angle(pixels, detector.detect(pixels))
    assert apart(found.degrees, degrees) < 0.15
    assert -180 < found.degrees <= 180
    assert found.confidence > 0.6


@pytest.mark.parametrize("degrees", [-14.5, -3.3, -0.4, 0, 0.15, 5.05, 14.5])
def test_the_skew_is_known_without_a_network(page: ImageU8, degrees: float) -> None:
    skew = find_skew(find_glyphs(turned(page, degrees)))
    assert abs(skew.degrees - degrees) < 0.1
    assert skew.sharpness > 1.5


def test_a_table_s_vertical_lines_do_not_fool_the_skew(page: ImageU8) -> None:
    ruled = page.copy()
    for x in range(40, ruled.shape[1] - 40, 90):  # they lean by 4°, the text by none
        cv2.line(ruled, (x, 20), (x - round(0.07 * ruled.shape[0]), ruled.shape[0] - 20), (0,), 3)
    assert abs(find_skew(find_glyphs(ruled)).degrees) < 0.15


def test_lines_that_run_down_the_page_are_sharper_that_way(page: ImageU8) -> None:
    glyphs = find_glyphs(np.ascontiguousarray(np.rot90(page)))
    assert find_skew(glyphs, upright=False).sharpness > 1.3 * find_skew(glyphs).sharpness


def test_a_blank_page_has_no_angle(detector: DbnetDetector) -> None:
    blank = np.full((1200, 900), 255, np.uint8)
    assert page_angle(blank, detector.detect(blank)).confidence == 0
    assert find_skew(find_glyphs(blank)).sharpness == 0


def test_a_picture_without_text_has_no_angle(detector: DbnetDetector) -> None:
    small = np.random.default_rng(4).integers(0, 255, (12, 9)).astype(np.uint8)
    picture = np.asarray(cv2.resize(small, (900, 1200), interpolation=cv2.INTER_CUBIC), np.uint8)
    found = page_angle(picture, detector.detect(picture))
    assert (found.degrees, found.confidence) == (0, 0)


def test_a_few_short_words_do_not_turn_a_page(detector: DbnetDetector) -> None:
    words = turned(drawn(("Yes", "", "", "", "No")), 90)
    assert page_angle(words, detector.detect(words)).confidence == 0


def test_one_line_is_enough(detector: DbnetDetector) -> None:
    pixels = turned(drawn(LINES[:1]), 6)
    assert apart(page_angle(pixels, detector.detect(pixels)).degrees, 6) < 0.3


def test_lines_on_their_heads_are_distinguished_from_others(detector: DbnetDetector, page: ImageU8) -> None:
    on_head = np.ascontiguousarray(np.rot90(page, 2))
    assert upside_down(page, [box.corners for box in detector.detect(page)]).mean() < 0.1
    assert upside_down(on_head, [box.corners for box in detector.detect(on_head)]).mean() > 0.9
    assert len(upside_down(page, [])) == 0


class FirstHalfIsSurer:
    """A recogniser that is sure of the first half of the lines it gets: of those that stand as the page does."""

    name = "fake"

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        return [LineReading("text", 0.9 if number < len(lines) / 2 else 0.4) for number in range(len(lines))]


def test_a_page_that_reads_better_as_it_is_stays_whatever_the_vote_shows(
    detector: DbnetDetector, page: ImageU8
) -> None:
    on_head = np.ascontiguousarray(np.rot90(page, 2))
    boxes = detector.detect(on_head)
    assert apart(page_angle(on_head, boxes).degrees, 180) < 0.2
    assert apart(page_angle(on_head, boxes, recogniser=FirstHalfIsSurer()).degrees, 0) < 0.2


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 166.3])
def test_reading_both_ways_shows_which_way_is_up(detector: DbnetDetector, page: ImageU8, degrees: float) -> None:
    pixels = turned(page, degrees)
    found = page_angle(pixels, detector.detect(pixels), recogniser=PpocrLineRecogniser())
    assert apart(found.degrees, degrees) < 0.15


@pytest.mark.parametrize("degrees", [0, 90, 180, -90, 13.7, -8, 103.7, 193.7])
@pytest.mark.parametrize("enlarge", [1.0, 1.7])
def test_coordinates_come_back_onto_the_ink(degrees: float, enlarge: float) -> None:
    page: ImageU8 = np.full((700, 500), 255, np.uint8)
    page[180:220, 90:130] = 0
    upright: Deskewed[DeliveredFrame, UprightFrame] = deskew(page, degrees, enlarge)
    rows, columns = np.nonzero(upright.pixels < 128)
    middle = np.array([[columns.mean() + 0.5, rows.mean() + 0.5]])
    assert np.abs(upright.frame.to_original(Points(middle)).xy - (110, 200)).max() < 0.3
    assert apart(upright.degrees, degrees) < 1e-6
    assert np.count_nonzero(upright.pixels < 128) == pytest.approx(1600 * enlarge**2, rel=0.05)


@pytest.mark.parametrize("degrees", [7.0, -45.0, 13.7])
def test_nothing_is_cut_off_and_the_rest_is_paper(degrees: float) -> None:
    page = np.full((300, 200, 3), (230, 220, 200), np.uint8)
    page[:6, :6] = page[-6:, :6] = page[:6, -6:] = page[-6:, -6:] = 0
    upright: Deskewed[DeliveredFrame, UprightFrame] = deskew(page, degrees)
    marks = cv2.connectedComponents((upright.pixels[:, :, 0] < 120).astype(np.uint8))[0] - 1
    assert marks == 4
    assert tuple(upright.pixels[0, 0]) == (230, 220, 200)


def test_quarter_turns_lose_nothing_and_tiny_angles_change_nothing() -> None:
    page = np.random.default_rng(5).integers(0, 255, (40, 30)).astype(np.uint8)
    assert deskew(page, 0.05).pixels is page
    assert np.array_equal(deskew(np.rot90(page, -1), 90.05).pixels, page)
    assert np.array_equal(deskew(np.rot90(page, 2), 180).pixels, page)
    assert np.array_equal(deskew(np.rot90(page), -90).pixels, page)
