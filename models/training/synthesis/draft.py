"""A page being composed: its sheet, the inks, fonts and writer chosen for it, and where the next line goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.arrays import F32
from models.training.synthesis.handwriting import InkLine
from models.training.synthesis.pen import signature, signed_name
from models.training.synthesis.scan import paper
from models.training.synthesis.sheet import Sheet
from models.training.synthesis.typefaces import Typefaces, any_font, dot_matrix, smudged, typeset, typewritten

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Stationery:
    """What pages are made of.

    Attributes:
        faces: The fonts that are installed.
        writers: The lines of each writer.
        words: What print is made of.
        script_fonts: Further fonts of handwriting.
    """

    faces: Typefaces
    writers: Sequence[Sequence[InkLine]]
    words: Sequence[str]
    script_fonts: Sequence[Path] = ()


class Draft:
    """A sheet, the inks and faces chosen for it, and where the next line goes."""

    def __init__(self, rng: np.random.Generator, stationery: Stationery) -> None:
        self.rng = rng
        self.stationery = stationery
        height = int(rng.integers(900, 1350))
        self.resize(height, round(height * rng.uniform(0.68, 0.85)))
        fixed = rng.random() < 0.4
        fonts = stationery.faces.fixed if fixed else stationery.faces.proportional
        self.fonts = [any_font(rng, fonts), any_font(rng, fonts)]
        self.worn = fixed and rng.random() < 0.6
        self.smudged = rng.random() < (0.5 if fixed else 0.2)
        self.dots = rng.random() < 0.06
        self.em = round(self.sheet.size[0] * rng.choice([0.010, 0.0125, 0.015, 0.018]) * rng.uniform(0.9, 1.15))
        self.em = max(self.em, 11)
        self.black: Colour = _dark(rng, 0.35)
        self.pen: Colour = _pen_colour(rng)
        self.next_written_line = _choose_writer(rng, stationery)

    def resize(self, height: int, width: int) -> None:
        self.sheet = Sheet(paper(self.rng, height, width))
        self.left = round(width * self.rng.uniform(0.05, 0.14))
        self.y = round(height * self.rng.uniform(0.03, 0.09))

    def words(self, fewest: int, most: int | None = None) -> str:
        """Return `fewest` words, or a random number of them up to `most`."""
        count = fewest if most is None else int(self.rng.integers(fewest, most + 1))
        words = self.stationery.words
        return " ".join(words[i] for i in self.rng.integers(0, len(words), count))

    def entry(self) -> str:
        """Return an entry of a form or table: a number, a date, a sum, a code, or a word."""
        number = int(10 ** self.rng.uniform(0, 7))
        forms = (
            f"{number}", f"{number % 1000 / 100:.2f}", f"{number % 100}.{number % 7}",
            f"${number:,}.{number % 90 + 10}",
            f"{number % 12 + 1}/{number % 31 + 1}/{number % 90 + 10}", f"{number % 900 + 100}-{number}",
            f"({number % 1000})", f"{number % 100} %", f"{self.words(1)[:2].upper()}-{number % 1000}",
            "(", "X", "N/A",
            self.words(1), self.words(1).upper(), self.words(1, 3),
        )  # fmt: skip
        return forms[int(self.rng.integers(0, len(forms)))]

    def print_at(self, text: str, x: int, y: int, size: int | None = None, font: Path | None = None) -> int:
        """Print a line whose top-left corner is at (x, y); return its right end."""
        size, font = size or self.em, font or self.fonts[0]
        if self.dots:
            ink = dot_matrix(text, font, size)
        elif self.worn:
            ink = typewritten(self.rng, text, font, size)
        else:
            ink = typeset(text, font, size)
        if self.smudged:
            ink = smudged(self.rng, ink, size)
        self.sheet.stamp(ink, x, y, self.black, "printed")
        return x + int(ink.shape[1])

    def write_at(self, x: int, y: int, height: int, longest: int) -> int:
        """Add a line by the page's writer; return its right end. A line that is too long is cut off at a gap."""
        ink = self.next_written_line()
        ink = until_gap(scaled(ink, height), longest)
        self.sheet.stamp(np.clip(ink * self.rng.uniform(0.8, 1.2), 0, 1), x, y, self.pen, "handwritten")
        return x + int(ink.shape[1])

    def sign_at(self, x: int, y: int, height: int) -> None:
        """Sign, with an illegible signature or with a name."""
        if self.rng.random() < 0.4:
            ink = signature(self.rng, height)
        else:
            line = _choose_writer(self.rng, self.stationery, fonts=False)()
            ink = signed_name(self.rng, until_gap(line, round(line.shape[0] * self.rng.uniform(2, 7))), height)
        self.sheet.stamp(ink, x, y, self.pen, "signature")

    def rule(self, x0: int, x1: int, y: int) -> None:
        thickness = int(self.rng.integers(1, 3))
        self.sheet.stamp(np.ones((thickness, max(1, x1 - x0)), np.float32), x0, y, self.black, None)


def scaled(ink: F32, height: int) -> F32:
    """Return ink at another height."""
    size = (max(1, round(ink.shape[1] * height / ink.shape[0])), height)
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)


def until_gap(ink: F32, longest: int) -> F32:
    """Return a handwritten line no wider than `longest` pixels, cut where there is least ink."""
    if ink.shape[1] <= longest:
        return ink
    columns = ink[:, longest // 2 : longest].sum(0)
    return ink[:, : longest // 2 + int(np.argmin(columns)) + 1]


def _dark(rng: np.random.Generator, lightest: float) -> Colour:
    shade = float(rng.uniform(0, lightest))
    return shade, shade, shade


def _pen_colour(rng: np.random.Generator) -> Colour:
    if rng.random() < 0.55:
        return _dark(rng, 0.45)
    return float(rng.uniform(0, 0.35)), float(rng.uniform(0, 0.4)), float(rng.uniform(0.3, 0.8))


def _choose_writer(rng: np.random.Generator, stationery: Stationery, fonts: bool = True) -> Callable[[], F32]:
    """Return a function that returns the ink of one line after another, all by one writer."""
    if not fonts or rng.random() < 0.75:
        lines = stationery.writers[int(rng.integers(0, len(stationery.writers)))]
        return lambda: lines[int(rng.integers(0, len(lines)))].ink
    some = [[font] for font in stationery.script_fonts] if rng.random() < 0.7 else []
    font = any_font(rng, some or stationery.faces.handwriting)

    def line() -> F32:
        words = [stationery.words[i] for i in rng.integers(0, len(stationery.words), int(rng.integers(1, 9)))]
        return typeset(" ".join(words), font, 64)

    return line
