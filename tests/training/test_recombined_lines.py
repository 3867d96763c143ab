"""Words cut from lines and joined to new ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.arrays import ImageU8
from models.recognition.line_images import has_ink
from models.training.lines.mixture import RECOMBINED, Mixture
from models.training.lines.recombined import hands_of, recombined, words_of
from models.training.lines.written import WrittenLine
from models.training.synthesis.text import EnglishText
from tests.drawing.letters import font_file

TEXT = "she signed the letter"


@pytest.fixture
def font(tmp_path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_file(tmp_path / "hand.ttf")), 40)


def drawn(text: str, font: ImageFont.FreeTypeFont) -> ImageU8:
    picture = Image.new("L", (round(font.getlength(text)) + 40, 64), 230)
    ImageDraw.Draw(picture).text((20, 6), text, 30, font)
    return np.asarray(picture)


def written(text: str, font: ImageFont.FreeTypeFont, folder: Path) -> WrittenLine:
    Image.fromarray(drawn(text, font)).save(folder / "line.png")
    return WrittenLine((folder / "line.png").read_bytes(), text, "peraire", "notes")


def test_a_line_is_cut_into_its_words(font: ImageFont.FreeTypeFont) -> None:
    words = words_of(drawn(TEXT.replace(" ", "   "), font), TEXT)
    assert [word.text for word in words] == TEXT.split()
    lengths = [font.getlength(word.text) for word in words]
    widths = [int(np.ptp(np.flatnonzero(word.ink.max(0) > 0.5))) for word in words]
    assert widths == pytest.approx(lengths, abs=6)


@pytest.mark.parametrize("said", ["she signed the letter today", "she", "signed letter", "a b"])
def test_a_line_whose_gaps_are_not_those_of_its_text_is_not_cut(font: ImageFont.FreeTypeFont, said: str) -> None:
    assert words_of(drawn(TEXT.replace(" ", "   "), font), said) == []


def test_a_line_without_clear_gaps_or_ink_is_not_cut(font: ImageFont.FreeTypeFont) -> None:
    assert words_of(drawn("s h e s i g n e d", font), "she signed") == []
    assert words_of(np.full((64, 300), 230, np.uint8), "she signed") == []


def test_words_of_one_hand_make_new_lines(font: ImageFont.FreeTypeFont, tmp_path: Path) -> None:
    lines = [written(TEXT.replace(" ", "   "), font, tmp_path)] * 3
    (hand,) = hands_of(lines)
    assert len(hand) == 12
    text = EnglishText(_texts(tmp_path))
    mixture = Mixture(text, [], [], [], frozenset(TEXT), {RECOMBINED: 1.0}, [hand])
    examples = mixture.examples(np.random.default_rng(1))
    said = [next(examples) for _ in range(10)]
    assert len({line for _, line in said}) > 5
    assert all(set(line.split()) <= set(TEXT.split()) and has_ink(picture) for picture, line in said)
    picture, line = recombined(np.random.default_rng(2), hand)
    assert picture.shape[1] > font.getlength(line.replace(" ", ""))


def test_a_document_with_few_words_is_no_hand(font: ImageFont.FreeTypeFont, tmp_path: Path) -> None:
    assert hands_of([written(TEXT.replace(" ", "   "), font, tmp_path)]) == []


def _texts(folder: Path) -> Path:
    (folder / "texts").mkdir()
    (folder / "texts/english.txt").write_text("ink and paper " * 400)
    return folder / "texts"
