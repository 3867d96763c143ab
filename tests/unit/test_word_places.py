"""Where the words of a line stand in its picture."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from models.arrays import ImageU8
from models.layout.geometry import Box, box_corners
from models.reading.word_places import place_words
from models.recognition.line_images import crop_corners, cut_line
from models.recognition.types import LineReading

# A line of 400 by 40 pixels: the ink of its three words, five letters, two and six.
WORDS: tuple[Box, ...] = ((20, 12, 120, 28), (140, 12, 180, 28), (210, 12, 330, 28))
TEXT = "words of ink123"
MARGIN = 4  # of a line 40 pixels high


def picture(ink: int = 20, paper: int = 235) -> ImageU8:
    """Return the line: each letter a bar, with thinner white between letters than between words."""
    line = np.full((40, 400), paper, np.uint8)
    for (x0, y0, x1, y1), text in zip(WORDS, TEXT.split(), strict=True):
        edges = np.linspace(x0, x1 + 4, len(text) + 1).round().astype(int)
        for left, right in pairwise(edges):
            line[int(y0) : int(y1), left : right - 4] = ink
    return line


def reading(error: float = 0.0, *, known: bool = True) -> LineReading:
    """Return the reading, its positions off by so many pixels."""
    middles: list[float] = []
    for (x0, _, x1, _), text in zip(WORDS, TEXT.split(), strict=True):
        if middles:
            middles.append((middles[-1] + x0) / 2)
        middles += [x0 + (x1 - x0) * (number + 0.5) / len(text) for number in range(len(text))]
    confidences = tuple(0.5 if character == "1" else 0.9 for character in TEXT)
    return LineReading(TEXT, 0.8, tuple((x + error) / 400 for x in middles) if known else (), confidences)


def pixels_of(boxes: list[Box]) -> list[list[float]]:
    return [[box[0] * 400, box[1] * 40, box[2] * 400, box[3] * 40] for box in boxes]


def with_margin(boxes: tuple[Box, ...]) -> list[list[float]]:
    return [[x0 - MARGIN, y0 - MARGIN, x1 + MARGIN, y1 + MARGIN] for x0, y0, x1, y1 in boxes]


@pytest.mark.parametrize("error", [-8.0, 0.0, 8.0])
@pytest.mark.parametrize(("ink", "paper"), [(20, 235), (235, 20)])
def test_a_word_reaches_as_far_as_its_ink_though_positions_are_coarse(error: float, ink: int, paper: int) -> None:
    places = place_words(reading(error), picture(ink, paper))
    assert [place.text for place in places] == TEXT.split()
    assert pixels_of([place.box for place in places]) == pytest.approx(np.array(with_margin(WORDS)), abs=0.01)


def test_words_are_found_where_no_positions_are_known() -> None:
    places = place_words(reading(known=False), picture())
    assert pixels_of([place.box for place in places]) == pytest.approx(np.array(with_margin(WORDS)), abs=0.01)


def test_a_word_is_as_sure_as_its_characters_are_on_average() -> None:
    assert [place.confidence for place in place_words(reading(), picture())] == [0.9, 0.9, 0.8333]
    assert [place.confidence for place in place_words(LineReading("a b", 0.7), picture())] == [0.7, 0.7]


def test_a_rule_a_frame_and_the_line_above_are_no_part_of_a_word() -> None:
    line = picture()
    line[33:35] = 20
    line[:, 2:4] = 20
    line[0:8, 150:156] = 20
    places = place_words(reading(), line)
    assert pixels_of([place.box for place in places]) == pytest.approx(np.array(with_margin(WORDS)), abs=1.01)


def test_on_paper_without_ink_words_stand_where_their_characters_do() -> None:
    (first, *_) = place_words(reading(), np.full((40, 400), 235, np.uint8))
    assert first.box == pytest.approx((16 / 400, 0.1, 124 / 400, 0.9), abs=0.02)


def test_a_leader_behind_the_line_stands_right_of_it() -> None:
    given = LineReading("word ---", 0.9, (0.1, 0.2, 0.3, 0.4, 1.0, 1.1, 1.2, 1.3))
    word, leader = place_words(given, picture())
    assert word.box[2] <= 1 < leader.box[0] < leader.box[2]


@pytest.mark.parametrize("text", ["", " ", " word"])
def test_texts_without_words_or_with_spaces_around_them(text: str) -> None:
    assert [place.text for place in place_words(LineReading(text, 0.9), picture())] == text.split()


@pytest.mark.parametrize(
    "corners",
    [
        box_corners((30, 20, 130, 50)),
        box_corners((30.4, 19.6, 130.2, 50.4)),
        box_corners((-3, -2, 130, 50)),
        box_corners((150, 10, 190, 110)),  # runs down the page
        np.array([[40, 20], [120, 60], [110, 80], [30, 40]], np.float32),
        np.array([[100, 10], [130, 20], [100, 110], [70, 100]], np.float32),
    ],
)
def test_the_corners_of_a_crop_are_where_it_was_cut_out(corners: np.ndarray) -> None:
    ramp = np.arange(200, dtype=np.float32)
    page = np.stack([np.tile(ramp, (120, 1)), np.tile(np.arange(120, dtype=np.float32)[:, None], (1, 200))], 2)
    shown = np.dstack([page, np.zeros((120, 200))]).astype(np.uint8)  # each pixel's own x and y
    crop = cut_line(shown, corners)
    found = crop_corners(corners, shown.shape)
    height, width = crop.shape[:2]
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), np.asarray(found, np.float32)
    )
    for x, y in ((width // 4, height // 4), (width // 2, height // 2), (3 * width // 4, height // 3)):
        (place,) = cv2.perspectiveTransform(np.array([[[x + 0.5, y + 0.5]]], np.float32), matrix)[0]
        assert crop[y, x, :2] == pytest.approx(place - 0.5, abs=1.1)
