"""Words crossed out are put into lines, and leave the line's text as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.arrays import ImageU8
from models.training.synthesis.crossed_out import with_word_crossed_out
from tests.drawing.letters import font_file

TEXT = "she signed   the letter"


@pytest.fixture
def line(tmp_path: Path) -> ImageU8:
    """Return a line whose only wide gap is that in the middle."""
    font = ImageFont.truetype(str(font_file(tmp_path / "hand.ttf")), 40)
    picture = Image.new("L", (round(font.getlength(TEXT)) + 40, 64), 230)
    ImageDraw.Draw(picture).text((20, 6), TEXT, 30, font)
    return np.asarray(picture)


@pytest.mark.parametrize("grid", [1, 16])
@pytest.mark.parametrize("seed", range(10))
def test_the_rest_of_the_line_stays_as_it_was(line: ImageU8, seed: int, grid: int) -> None:
    crossed, place, width = with_word_crossed_out(np.random.default_rng(seed), line, grid)
    assert crossed.shape == (len(line), line.shape[1] + width) and width > 20
    assert (crossed[:, :place] == line[:, :place]).all()
    assert (crossed[:, place + width :] == line[:, place:]).all()
    assert width % grid == 0 and (place % grid == 0 or place == line.shape[1])


def test_a_word_stands_in_a_wide_gap_or_at_an_end(line: ImageU8) -> None:
    ink = np.flatnonzero((line < 128).any(0))
    gap = int(np.argmax(np.diff(ink)))
    places = [with_word_crossed_out(np.random.default_rng(seed), line).column for seed in range(40)]
    inside = [place for place in places if ink[gap] < place <= ink[gap + 1]]
    outside = [place for place in places if place <= ink[0] or place > ink[-1]]
    assert len(inside) + len(outside) == len(places) and len(inside) > len(outside) > 0


def test_what_is_crossed_out_is_dark_and_its_paper_is_the_lines(line: ImageU8) -> None:
    crossed, place, width = with_word_crossed_out(np.random.default_rng(1), line)
    word = crossed[:, place : place + width]
    assert np.mean(word < 128) > 1.2 * np.mean(line < 128)
    assert abs(float(np.median(crossed)) - float(np.median(line))) < 3


def test_a_line_without_ink_stays_as_it_is() -> None:
    blank = np.full((60, 300), 220, np.uint8)
    crossed, _, width = with_word_crossed_out(np.random.default_rng(0), blank)
    assert crossed is blank and width == 0
