"""CRAFT without its network: score maps drawn from known characters become words and lines again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from shapely.geometry import Polygon as Shape

from models.arrays import F32, F64
from models.detection.craft.canvas import draw_canvas
from models.detection.craft.detector import CraftDetector, load_craft
from models.detection.craft.lines import lines_from_words
from models.detection.craft.postprocess import boxes_from_scores
from models.detection.craft.runtime import Scores
from models.errors import WeightsMissing
from models.options import CraftOptions, ReadOptions

OPTIONS = CraftOptions()
Word = tuple[float, float, int]  # centre of the first character, number of characters


def draw_text(
    shape: tuple[int, int], words: Sequence[Word], size: float = 16, angle: float = 0, *, affinity: bool = True
) -> tuple[F32, F32]:
    """Return region and affinity score of words of square characters, as the paper makes them for training."""
    region, link = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    step = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * size
    for x, y, length in words:
        for number in range(length):
            _add_gaussian(region, np.array([x, y]) + step * number, size)
            if affinity and number:
                _add_gaussian(link, np.array([x, y]) + step * (number - 0.5), size)
    return region, link


def _add_gaussian(score: F32, centre: F64, size: float) -> None:
    ys, xs = np.mgrid[: score.shape[0], : score.shape[1]]
    distance = (xs - centre[0]) ** 2 + (ys - centre[1]) ** 2
    np.maximum(score, np.exp(-distance / (2 * (size / 4.5) ** 2)), out=score)


def true_box(word: Word, size: float, angle: float) -> Shape:
    """Return the rectangle around all characters of a word."""
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    across = np.array([-along[1], along[0]])
    start = np.array(word[:2]) - along * size / 2
    end = start + along * size * word[2]
    return Shape(
        [start - across * size / 2, end - across * size / 2, end + across * size / 2, start + across * size / 2]
    )


def overlap(one: Shape, other: Shape) -> float:
    return float(one.intersection(other).area / one.union(other).area)


@pytest.mark.parametrize("angle", [0, 7, -15, 40, 90])
def test_a_word_at_any_angle_gets_the_box_of_its_characters(angle: float) -> None:
    word = (150.0, 150.0, 6)
    found = boxes_from_scores(*draw_text((300, 300), [word], angle=angle), OPTIONS)
    assert len(found) == 1
    assert overlap(Shape(found[0].box), true_box(word, 16, angle)) > 0.75
    assert found[0].score == pytest.approx(1.0, abs=0.01)


def test_every_word_of_a_page_is_found_once() -> None:
    words = [(20.0 + 110 * column, 20.0 + 30 * row, 5) for row in range(9) for column in range(3)]
    found = boxes_from_scores(*draw_text((300, 360), words), OPTIONS)
    for word in words:
        assert sum(overlap(Shape(one.box), true_box(word, 16, 0)) > 0.7 for one in found) == 1
    assert len(found) == len(words)


def test_without_affinity_each_character_is_its_own() -> None:
    found = boxes_from_scores(*draw_text((60, 200), [(20, 30, 6)], size=20, affinity=False), OPTIONS)
    assert len(found) == 6


def test_lines_that_touch_are_kept_apart() -> None:
    found = boxes_from_scores(*draw_text((80, 200), [(20, 30, 8), (20, 46, 8)]), OPTIONS)
    assert len(found) == 2


def test_one_character_gets_an_upright_square() -> None:
    (found,) = boxes_from_scores(*draw_text((60, 60), [(30, 30, 1)]), OPTIONS)
    assert overlap(Shape(found.box), true_box((30, 30, 1), 16, 0)) > 0.6
    assert set(found.box[:, 0]) == {found.box[0, 0], found.box[1, 0]}


@pytest.mark.parametrize("word", [(4.0, 4.0, 5), (120.0, 55.0, 5), (4.0, 30.0, 1)])
def test_a_word_on_the_edge_of_the_page_is_found_and_stays_on_it(word: Word) -> None:
    (found,) = boxes_from_scores(*draw_text((60, 200), [word]), OPTIONS)
    assert overlap(Shape(found.box), true_box(word, 16, 0)) > 0.5
    assert found.box.min() > -0.01 and found.box[:, 0].max() <= 200 and found.box[:, 1].max() <= 60


def test_an_empty_page_has_no_words_and_no_lines() -> None:
    empty = np.zeros((64, 64), np.float32)
    assert boxes_from_scores(empty, empty, OPTIONS) == []
    assert lines_from_words([]) == []


def test_each_threshold_does_what_its_name_promises() -> None:
    region, link = draw_text((60, 200), [(20, 30, 6)])
    weak = region * 0.6
    assert boxes_from_scores(weak, link, OPTIONS) == []
    assert len(boxes_from_scores(weak, link, OPTIONS.model_copy(update={"text_threshold": 0.5}))) == 1
    assert boxes_from_scores(region, link, OPTIONS.model_copy(update={"size_threshold": 5000})) == []
    apart = boxes_from_scores(
        *draw_text((60, 200), [(20, 30, 6)], size=20), OPTIONS.model_copy(update={"link_threshold": 1.0})
    )
    assert len(apart) == 6
    (small,), (large,) = (
        boxes_from_scores(region, link, OPTIONS.model_copy(update={"low_text": low})) for low in (0.6, 0.2)
    )
    assert Shape(large.box).area > Shape(small.box).area


def blurred(noise: F32) -> F32:
    return np.asarray(cv2.GaussianBlur(noise, (5, 5), 0), np.float32)


@given(st.integers(0, 2**32 - 1))
def test_noise_never_breaks_it_and_every_box_is_near_its_text(seed: int) -> None:
    random = np.random.default_rng(seed)
    region, link = (blurred(random.random((48, 64), np.float32)) for _ in range(2))
    found = boxes_from_scores(region * np.float32(1.3), link, OPTIONS, bent=True)
    for one in found:
        assert one.box.shape == (4, 2) and np.isfinite(one.polygon).all() and 0.7 <= one.score <= 1
    assert sum(len(line.box) for line in lines_from_words(found)) <= 4 * len(found)


def test_bent_text_gets_a_ribbon_and_straight_text_its_box() -> None:
    region, link = np.zeros((200, 320), np.float32), np.zeros((200, 320), np.float32)
    angles = np.linspace(np.radians(-140), np.radians(-40), 15)
    centres = np.column_stack([160 + 130 * np.cos(angles), 170 + 130 * np.sin(angles)])
    for number, centre in enumerate(centres):
        _add_gaussian(region, centre, 16)
        if number:
            _add_gaussian(link, (centre + centres[number - 1]) / 2, 16)
    (found,) = boxes_from_scores(region, link, OPTIONS, bent=True)
    ribbon = Shape(found.polygon)
    assert len(found.polygon) == 14 and ribbon.is_valid
    assert all(
        ribbon.contains(Shape(centre + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]))) for centre in centres
    )
    assert ribbon.area < 0.6 * Shape(found.box).area
    (straight,) = boxes_from_scores(*draw_text((120, 200), [(30, 20, 9)], angle=20), OPTIONS, bent=True)
    assert len(straight.polygon) == 4


class DrawnScores:
    """A network that sees what the test drew."""

    name = "drawn"

    def __init__(self, scores: Scores) -> None:
        self._scores = scores
        self.shape: tuple[int, ...] = ()

    def scores(self, canvas: F32) -> Scores:
        self.shape = canvas.shape
        return self._scores


def test_lines_come_back_in_page_pixels() -> None:
    network = DrawnScores(Scores(*draw_text((320, 240), [(40, 60, 5), (132, 60, 4)])))
    page = np.full((2560, 1920, 3), 255, np.uint8)  # four page pixels on one of the canvas
    (line,) = CraftDetector(network, CraftOptions(canvas_size=640)).detect(page)
    assert network.shape == (1, 3, 640, 480)
    assert line.score > 0.95
    assert overlap(Shape(line.corners), Shape([(256, 416), (1504, 416), (1504, 544), (256, 544)])) > 0.75


def test_the_refiners_lines_are_taken_where_there_is_one() -> None:
    region, affinity = draw_text((320, 240), [(40, 60, 5), (150, 60, 4)])
    refined = affinity.copy()
    refined[58:63, 40:200] = 1
    page = np.full((640, 480), 255, np.uint8)
    detector = CraftDetector(DrawnScores(Scores(region, affinity, refined)), CraftOptions(mag_ratio=1.0))
    assert len(detector.detect(page)) == 1
    assert len(boxes_from_scores(region, affinity, CraftOptions())) == 2


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((3508, 2480), CraftOptions(), (1280, 928)),
        ((600, 400), CraftOptions(), (928, 608)),  # magnified by 1.5: 900 × 600
        ((600, 400), CraftOptions(mag_ratio=1.0), (608, 416)),
        ((1, 1), CraftOptions(), (32, 32)),
        ((20, 5000), CraftOptions(), (32, 1280)),
    ],
)
def test_the_canvas_is_a_multiple_of_32_within_its_size(
    shape: tuple[int, int], options: CraftOptions, expected: tuple[int, int]
) -> None:
    canvas = draw_canvas(np.full((*shape, 3), 200, np.uint8), options)
    assert canvas.pixels.shape == (1, 3, *expected)
    assert canvas.pixels.dtype == np.float32


def test_grey_and_colour_pages_look_the_same_to_the_network() -> None:
    grey = np.random.default_rng(1).integers(0, 255, (64, 96), np.uint8)
    one, other = (draw_canvas(pixels, OPTIONS).pixels for pixels in (grey, np.dstack([grey] * 3)))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("wrong", [{"text_threshold": 1.2}, {"canvas_size": 0}, {"link_treshold": 0.4}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CraftOptions(**wrong)


def test_a_missing_export_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="inkstream models export craft  where"):
        load_craft(ReadOptions(craft=CraftOptions(precision="int8")), tmp_path)
    with pytest.raises(WeightsMissing, match="inkstream models export craft --precision fp32  where"):
        load_craft(ReadOptions(craft=CraftOptions(precision="fp32")), tmp_path)
