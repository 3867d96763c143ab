"""Words of known places become the lines they stand in."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon as Shape

from models.detection.craft.lines import lines_from_words
from models.detection.craft.postprocess import ScoredBox


def word_box(
    x: float, y: float, width: float, height: float = 10, angle: float = 0, score: float = 0.9
) -> ScoredBox:
    """Return a word that starts at (x, y), turned around the origin."""
    turn = np.array(
        [
            [np.cos(np.radians(angle)), np.sin(np.radians(angle))],
            [-np.sin(np.radians(angle)), np.cos(np.radians(angle))],
        ]
    )
    box = (np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]]) @ turn).astype(np.float32)
    return ScoredBox(np.roll(box, -int(box.sum(axis=1).argmin()), axis=0), box, score)


@pytest.mark.parametrize("angle", [0, 4, -12, 30, 88])
def test_words_become_the_lines_they_stand_in(angle: float) -> None:
    words = [word_box(10 + 45 * n, 500 + 14 * row, 40, angle=angle) for n in range(8) for row in range(20)]
    lines = lines_from_words(words)
    assert len(lines) == 20
    for line in lines:
        assert Shape(line.box).area == pytest.approx(355 * 10, rel=0.05)


def test_columns_are_not_joined() -> None:
    words = [word_box(x, 14.0 * row, 40) for row in range(5) for x in (10, 55, 130, 175)]
    assert len(lines_from_words(words)) == 10


def test_a_short_word_between_long_ones_is_in_their_line() -> None:
    words = [word_box(0, 0, 60), word_box(64, 3, 6, 7), word_box(74, 0, 50), word_box(126, 7, 3, 3)]
    assert len(lines_from_words(words[:3])) == 1
    assert len(lines_from_words(words)) <= 2


def test_a_line_starts_where_reading_starts_and_runs_clockwise() -> None:
    (line,) = lines_from_words([word_box(10, 50, 40), word_box(54, 50, 40)])
    assert line.box.round().tolist() == [[10, 50], [94, 50], [94, 60], [10, 60]]


def test_a_lines_score_is_that_of_its_words_by_length() -> None:
    (line,) = lines_from_words([word_box(0, 0, 30, score=1.0), word_box(34, 0, 10, score=0.6)])
    assert line.score == pytest.approx(0.9)
