"""Lines for training are drawn with what they state, and a wide mixture has all of its sources."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.training.lines.aligned import Alignment
from models.training.lines.drawn import DRAWN_SOURCES, RECOMBINED, DrawnLines
from models.training.lines.handwritten import HandwrittenLine
from models.training.lines.mixture import WIDE_SOURCE_WEIGHTS, Mixture, augmented, even_batches
from models.training.lines.recombined import Recombiner
from models.training.synthesis.entries import Entries
from models.training.synthesis.lines import has_glyphs
from models.training.synthesis.materials import PrintFonts, material_line
from models.training.synthesis.mixed_fonts import mixed_line
from models.training.synthesis.text import EnglishText
from tests.drawing.letters import font_file

WORDS = ["ink", "letter", "paper", "café", "Straße"]
WRITTEN = "abcdefghijklmnopqrstuvwxyz"
LATIN = frozenset(map(chr, range(32, 383)))


@pytest.fixture
def font(tmp_path: Path) -> Path:
    return font_file(tmp_path / "font.ttf")


@pytest.fixture
def text(tmp_path: Path) -> EnglishText:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.txt").write_text("The ink {had dried} before she signed the {word} letter. " * 200)
    return EnglishText(tmp_path / "texts")


@pytest.fixture
def recombiner(font: Path, tmp_path: Path) -> Recombiner:
    """Return one of a writer of ten lines, whose letters stand where they were drawn."""
    face = ImageFont.truetype(str(font), 40)
    width = round(face.getlength(WRITTEN)) + 20
    picture = Image.new("L", (width, 60), 235)
    ImageDraw.Draw(picture).text((10, 6), WRITTEN, 30, face)
    picture.save(tmp_path / "line.png")
    line = HandwrittenLine((tmp_path / "line.png").read_bytes(), WRITTEN, "wills", "one")
    edges = np.array([face.getlength(WRITTEN[:count]) for count in range(len(WRITTEN) + 1)]) + 10
    middles = ((edges[1:] + edges[:-1]) / 2 / width).astype(np.float32)
    return Recombiner([line] * 10, [Alignment(middles, np.ones(len(middles), np.float32))] * 10)


@pytest.mark.parametrize("seed", range(60))
def test_print_on_a_material_is_a_picture_of_one_line(font: Path, seed: int) -> None:
    line = material_line(np.random.default_rng(seed), "TOTAL 12.50", PrintFonts([font]), has_glyphs)
    assert line is not None and line.dtype == np.uint8
    assert line.shape[1] > 2 * line.shape[0] and np.ptp(line) > 20


def test_a_font_that_lacks_a_character_draws_nothing(font: Path) -> None:
    rngs = [np.random.default_rng(seed) for seed in range(9)]
    assert [material_line(rng, "a\ue123", PrintFonts([font]), has_glyphs) for rng in rngs] == [None] * 9


def test_entries_are_short_and_differ() -> None:
    entries, rng = Entries(WORDS), np.random.default_rng(1)
    lines = [entries.line(rng) for _ in range(500)]
    assert all(0 < len(line) <= 60 for line in lines)
    assert len(set(lines)) > 400
    assert any(any(character.isdigit() for character in line) for line in lines)


def test_a_longer_text_makes_a_longer_line_of_mixed_fonts(font: Path) -> None:
    short, long = (mixed_line(np.random.default_rng(3), text, [font, font]) for text in ("one", "one and two"))
    assert long.shape[1] / len(long) > 1.8 * short.shape[1] / len(short)
    assert short.min() < 60 and short.max() == 255


def test_words_are_put_together_of_written_letters(recombiner: Recombiner) -> None:
    rng = np.random.default_rng(2)
    assert len(recombiner) == 1
    short, long = recombiner.line(rng, "ink"), recombiner.line(rng, "ink and quill")
    assert short is not None and long is not None
    assert long.shape[1] / len(long) > 2 * short.shape[1] / len(short)
    assert (short < 128).any()
    assert recombiner.line(rng, "1900") is None


def test_braces_in_a_text_are_letters(text: EnglishText) -> None:
    rng = np.random.default_rng(4)
    assert any("{" in text.entry(rng) for _ in range(400))


def test_a_wide_mixture_draws_from_every_source(font: Path, text: EnglishText, recombiner: Recombiner) -> None:
    drawn, rng = DrawnLines(text, [font], [font], Entries(WORDS), recombiner), np.random.default_rng(5)
    assert set(drawn.sources) == set(DRAWN_SOURCES)
    lines = list(islice(Mixture(drawn, [], LATIN, WIDE_SOURCE_WEIGHTS).lines(rng), 120))
    counts = Counter((line.finished, line.printed) for line in lines)
    assert set(counts) == {(False, False), (True, True), (False, True)}
    assert all(np.ptp(augmented(rng, line)) > 0 for line in lines)
    assert any(drawn.line(rng, RECOMBINED) is not None for _ in range(200))


def test_even_batches_have_one_shape_for_each_width(font: Path, text: EnglishText) -> None:
    mixture, sizes = Mixture(DrawnLines(text, [font], [font]), [], LATIN), dict[int, set[int]]()
    for pictures, texts, widths in islice(even_batches(mixture.examples(np.random.default_rng(6)), 1200), 30):
        assert len(pictures) == len(texts) == len(widths)
        sizes.setdefault(pictures.shape[3], set()).add(len(pictures))
    assert len(sizes) > 3 and all(len(counts) == 1 for counts in sizes.values())
