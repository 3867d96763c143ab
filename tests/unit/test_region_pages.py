"""What the pages to learn maps from are made of: a font may stand for a hand, and drawn pages can be looked at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import ModelError
from models.training.kinds.hands import drawn_hands
from models.training.regions.corpus import contact_sheet
from models.training.regions.marks import turned
from models.training.regions.signed_draft import uneven
from tests.unit.letters import font_file


@pytest.fixture
def font(tmp_path: Path) -> Path:
    return font_file(tmp_path / "hand.ttf")


def test_a_font_stands_for_a_hand(font: Path) -> None:
    words = ["the", "ink", "had", "dried", "before", "she", "signed"]
    (lines,) = drawn_hands([font], words, np.random.default_rng(1))
    assert {line.document for line in lines} == {"hand"}
    assert all(line.ink.max() > 0.9 and set(line.text.split()) <= set(words) for line in lines)


def test_without_fonts_or_words_it_is_said_what_is_missing(font: Path) -> None:
    rng = np.random.default_rng(1)
    for fonts, words in (([], ["word"]), ([font], [])):
        with pytest.raises(ModelError, match="fonts of handwriting and a text"):
            drawn_hands(fonts, words, rng)


def test_drawn_pages_lie_side_by_side_on_a_contact_sheet(tmp_path: Path) -> None:
    for number in range(14):
        cv2.imwrite(str(tmp_path / f"{number:02}.jpg"), np.full((400, 300, 3), 255, np.uint8))
    assert contact_sheet(tmp_path, tmp_path / "sheet.png") == 14
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape[0] == 2 * 172
    assert (sheet == 255).all(2).mean() > 0.4


def test_a_stroke_made_uneven_keeps_its_ink_and_is_not_the_same_twice() -> None:
    ink = np.zeros((40, 200), np.float32)
    ink[18:22, 20:180] = 1
    one, other = (uneven(np.random.default_rng(seed), ink) for seed in (1, 2))
    assert abs(one.sum() / ink.sum() - 1) < 0.4
    assert np.abs(one - other).max() > 0.5


def test_what_is_turned_is_not_cut_off() -> None:
    ink = np.ones((20, 200), np.float32)
    assert abs(turned(ink, 35).sum() / ink.sum() - 1) < 0.05
