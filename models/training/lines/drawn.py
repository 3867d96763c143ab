"""Lines that are drawn for training: handwriting and print in fonts, and real handwriting recombined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from models.arrays import ImageU8
from models.training.lines.recombined import Recombiner
from models.training.synthesis.choices import one_of
from models.training.synthesis.entries import Entries
from models.training.synthesis.lines import handwritten_line, has_glyphs, has_only_capitals, printed_line
from models.training.synthesis.materials import PrintFonts, material_line
from models.training.synthesis.mixed_fonts import mixed_line
from models.training.synthesis.text import EnglishText

SYNTHETIC_HANDWRITING = "synthetic-handwriting"
SYNTHETIC_PRINT = "synthetic-print"
MIXED_FONTS = "mixed-fonts"
RECOMBINED = "recombined-handwriting"
MATERIALS = "print-on-materials"
DRAWN_SOURCES = (SYNTHETIC_HANDWRITING, SYNTHETIC_PRINT, MIXED_FONTS, RECOMBINED, MATERIALS)

_CROWDED = 0.25  # fraction of lines into which ink of a neighbouring line reaches


class SourceLine(NamedTuple):
    """A line, (h, w) uint8 with dark ink, and its text.

    `synthetic` is clean ink on white, `printed` is print; where `finished`, paper and scanner are drawn too.
    """

    picture: ImageU8
    text: str
    synthetic: bool
    printed: bool
    finished: bool = False


class DrawnLines:
    """Draws lines of each of the drawn sources that it has what it needs for."""

    def __init__(
        self,
        text: EnglishText,
        handwriting_fonts: Sequence[Path],
        print_fonts: Sequence[Path],
        entries: Entries | None = None,
        recombiner: Recombiner | None = None,
    ) -> None:
        """Take what lines are drawn with.

        Args:
            text: English sentences and entries of forms.
            handwriting_fonts: Files.
            print_fonts: Files.
            entries: Lines of receipts and labels, for print on materials and some handwriting. None for none.
            recombiner: None for no recombined handwriting.
        """
        self._text, self._entries, self._recombiner = text, entries, recombiner
        self._handwriting_fonts, self._print_fonts = handwriting_fonts, print_fonts
        self._materials = PrintFonts(print_fonts)
        self._draw: dict[str, Callable[[np.random.Generator], SourceLine | None]] = {
            SYNTHETIC_HANDWRITING: self._handwritten, SYNTHETIC_PRINT: self._printed,
        }  # fmt: skip
        if entries:
            self._draw |= {MIXED_FONTS: self._mixed, MATERIALS: self._on_material}
        if recombiner and len(recombiner):
            self._draw[RECOMBINED] = self._recombined
        self._neighbours: dict[str, ImageU8] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the names of the sources that it can draw."""
        return tuple(self._draw)

    def line(self, rng: np.random.Generator, source: str) -> SourceLine | None:
        """Return a line of a source; None where its font, or its writer, lacks a character of the text drawn."""
        line = self._draw[source](rng)
        if line is None or line.finished or line.picture.size == 0:
            return line
        neighbour, self._neighbours[source] = self._neighbours.get(source), line.picture
        if self._entries and neighbour is not None and rng.random() < _CROWDED:
            return line._replace(picture=_crowded(rng, line.picture, neighbour))
        return line

    def _handwritten(self, rng: np.random.Generator) -> SourceLine | None:
        text, font = self._written_text(rng), one_of(rng, self._handwriting_fonts)
        if has_only_capitals(font):
            text = text.upper()
        return SourceLine(handwritten_line(rng, text, font), text, True, False) if has_glyphs(font, text) else None

    def _mixed(self, rng: np.random.Generator) -> SourceLine | None:
        text = self._written_text(rng)
        fonts = [one_of(rng, self._handwriting_fonts) for _ in range(int(rng.integers(1, 4)))]
        fonts = [font for font in fonts if has_glyphs(font, text)]
        if any(has_only_capitals(font) for font in fonts):
            text = text.upper()
        if not text or not all(has_glyphs(font, text) for font in fonts) or not fonts:
            return None
        return SourceLine(mixed_line(rng, text, fonts), text, True, False)

    def _recombined(self, rng: np.random.Generator) -> SourceLine | None:
        assert self._recombiner
        text = self._written_text(rng)
        picture = self._recombiner.line(rng, text)
        return None if picture is None else SourceLine(picture, text, True, False)

    def _printed(self, rng: np.random.Generator) -> SourceLine | None:
        text, font = self._english(rng), one_of(rng, self._print_fonts)
        return SourceLine(printed_line(rng, text, font), text, True, True) if has_glyphs(font, text) else None

    def _on_material(self, rng: np.random.Generator) -> SourceLine | None:
        assert self._entries
        text = self._english(rng) if rng.random() < 0.3 else self._entries.line(rng)
        text = " ".join(text.split())
        picture = material_line(rng, text, self._materials, has_glyphs) if text else None
        return None if picture is None else SourceLine(picture, text, True, True, finished=True)

    def _written_text(self, rng: np.random.Generator) -> str:
        """Return what people write: sentences mostly, and entries where there are some."""
        if self._entries and rng.random() < 0.2:
            return " ".join(self._entries.line(rng).split()) or "-"
        return self._english(rng)

    def _english(self, rng: np.random.Generator) -> str:
        return " ".join(self._text.line(rng).split())


def _crowded(rng: np.random.Generator, line: ImageU8, neighbour: ImageU8) -> ImageU8:
    """Return a line with ink of a neighbour at its upper or lower edge."""
    height, width = line.shape
    shown = max(1, round(height * rng.uniform(0.04, 0.22)))
    scale = height / neighbour.shape[0]
    other = cv2.resize(neighbour, (max(1, round(neighbour.shape[1] * scale)), height))
    other = np.tile(other, (1, -(-width // other.shape[1])))[:, :width]
    gap = round(height * rng.uniform(0, 0.08))
    if rng.random() < 0.5:
        line = np.pad(line, ((shown // 2 + gap, 0), (0, 0)), constant_values=255)
        line[:shown] = np.minimum(line[:shown], other[-shown:])
    else:
        line = np.pad(line, ((0, shown // 2 + gap), (0, 0)), constant_values=255)
        line[-shown:] = np.minimum(line[-shown:], other[:shown])
    return line
