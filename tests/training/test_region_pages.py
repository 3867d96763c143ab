"""What the pages to learn maps from are made of: a font may stand for a hand, and drawn pages can be looked at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import ModelError
from models.kinds.model import KINDS
from models.training.regions.dataset import contact_sheet
from models.training.synthesis.draft import Stationery
from models.training.synthesis.handwriting import synthetic_writers
from models.training.synthesis.marks import bleed_through, rotated
from models.training.synthesis.pen import with_tail
from models.training.synthesis.sheet import Sheet
from models.training.synthesis.signed_draft import SignedDraft, uneven
from tests.drawing.letters import font_file
from tests.training.typefaces import typefaces

HANDWRITTEN = KINDS.index("handwritten") + 1


@pytest.fixture
def font(tmp_path: Path) -> Path:
    return font_file(tmp_path / "hand.ttf")


def test_a_font_stands_for_a_hand(font: Path) -> None:
    words = ["the", "ink", "had", "dried", "before", "she", "signed"]
    (lines,) = synthetic_writers([font], words, np.random.default_rng(1))
    assert {line.document for line in lines} == {"hand"}
    assert all(line.ink.max() > 0.9 and set(line.text.split()) <= set(words) for line in lines)


def test_without_fonts_or_words_it_is_reported_what_is_missing(font: Path) -> None:
    rng = np.random.default_rng(1)
    for fonts, words in (([], ["word"]), ([font], [])):
        with pytest.raises(ModelError, match="fonts of handwriting and a text"):
            synthetic_writers(fonts, words, rng)


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
    assert abs(rotated(ink, 35).sum() / ink.sum() - 1) < 0.05


@pytest.mark.parametrize("seed", range(8))
def test_a_signature_with_a_tail_is_whole_and_reaches_farther(seed: int) -> None:
    ink = np.zeros((40, 120), np.float32)
    ink[5:35, 5:115] = 0.8
    grown = with_tail(np.random.default_rng(seed), ink)
    assert grown.shape[0] >= 40 and grown.shape[1] >= 120
    assert (grown > 0.7).sum() >= 30 * 110
    assert grown.sum() > ink.sum() + 20


def test_what_shines_through_is_fainter_than_what_is_written_and_has_no_kind() -> None:
    sheet = Sheet(np.ones((400, 300, 3), np.float32))
    sheet.stamp(np.ones((20, 100), np.float32), 20, 50, (0, 0, 0), "handwritten")
    bleed_through(np.random.default_rng(3), sheet)
    assert (sheet.ink > 0).sum() == 20 * 100
    shadow = sheet.paper[(sheet.ink == 0) & (sheet.paper[..., 0] < 0.97)]
    assert len(shadow) > 1000 and shadow.min() > 0.6


def test_pages_by_hand_have_words_struck_out_and_dates_by_the_pen(font: Path, tmp_path: Path) -> None:
    words = ["ink", "paper", "winter"]
    writers = synthetic_writers([font], words, np.random.default_rng(1))
    draft = SignedDraft(np.random.default_rng(2), Stationery(typefaces(tmp_path), writers, words, [font]))
    draft.date_at(100, 100, 30)
    dated = draft.sheet.ink.copy()
    draft.strike_out(100, 500, 300, 40)
    assert (dated[60:200] == HANDWRITTEN).sum() > 100 and not dated[250:].any()
    struck = np.nonzero(draft.sheet.ink[250:])
    assert struck[0].min() + 250 >= 280 and len(struck[0]) > 50
