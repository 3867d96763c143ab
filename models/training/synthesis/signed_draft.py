"""A draft with signatures, which are numbered, and with handwritten notes and marks."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.arrays import F32
from models.kinds.model import KINDS
from models.training.synthesis.draft import Draft, Stationery, scaled, until_gap
from models.training.synthesis.elastic import elastic_distort
from models.training.synthesis.marks import rotated
from models.training.synthesis.pen import signature, signed_name, with_tail
from models.training.synthesis.typefaces import any_font, typeset

SIGNATURE = KINDS.index("signature") + 1  # in an ink map, the first signature of a page; the next is one more


class SignedDraft(Draft):
    """A draft that numbers its signatures."""

    def __init__(self, rng: np.random.Generator, stationery: Stationery) -> None:
        super().__init__(rng, stationery)
        self.signatures = 0

    def sign_at(self, x: int, y: int, height: int) -> None:
        """Sign, and give the new ink the next number, also where it covers an earlier signature."""
        # `stamp` labels ink SIGNATURE: earlier signatures are cleared for the moment, so that what is new is known
        before = self.sheet.ink.copy()
        self.sheet.ink[self.sheet.ink >= SIGNATURE] = 0
        ink = signature(self.rng, height) if self.rng.random() < 0.3 else self._signed_name(height)
        if self.rng.random() < 0.35:
            ink = with_tail(self.rng, ink)
        if self.rng.random() < 0.4:  # a felt pen, or ink that has spread
            ink = np.asarray(cv2.dilate(ink, np.ones((2, 2), np.uint8)), np.float32)
        self.sheet.stamp(np.clip(ink * self.rng.uniform(0.9, 2.2), 0, 1), x, y, self.pen, "signature")
        fresh = self.sheet.ink == SIGNATURE
        self.sheet.ink = np.where(fresh, SIGNATURE + self.signatures, before).astype(np.uint8)
        self.signatures += 1

    def _signed_name(self, height: int) -> F32:
        if self.stationery.script_fonts and self.rng.random() < 0.5:
            return signed_name(self.rng, self._script(), height)
        lines = self.stationery.writers[int(self.rng.integers(0, len(self.stationery.writers)))]
        line = lines[int(self.rng.integers(0, len(lines)))].ink
        return signed_name(self.rng, until_gap(line, round(line.shape[0] * self.rng.uniform(2, 8))), height)

    def _script(self) -> F32:
        """Return a name in a font of handwriting: a full one, initials and a surname, or a first name."""
        words = [word for word in self.words(6).title().split() if word[0].isalpha()] or ["Anna"]
        names = (f"{words[0]} {words[-1]}", f"{words[0][0]}. {words[-1]}", words[0], f"{words[0][0]}{words[-1][0]}")
        return self._in_script(names)

    def _in_script(self, texts: Sequence[str]) -> F32:
        """Return one of the texts in a random font of handwriting."""
        families = [[font] for font in self.stationery.script_fonts] or self.stationery.faces.handwriting
        font = any_font(self.rng, families)
        return uneven(self.rng, typeset(str(self.rng.choice(texts)), font, 72))

    def date_at(self, x: int, y: int, height: int) -> None:
        """Add a handwritten date or number, as there is beside signatures and is none."""
        rng = self.rng
        month, day, year = int(rng.integers(1, 13)), int(rng.integers(1, 32)), int(rng.integers(0, 100))
        texts = (f"{month}/{day}/{year:02}", f"{month}-{day}-{year:02}", f"{day}.{month}.{year:02}", self.entry())
        ink = rotated(self._in_script([text[:20] for text in texts]), float(rng.normal(0, 5)))
        self.sheet.stamp(np.clip(scaled(ink, height) * 1.2, 0, 1), x, y, self.pen, "handwritten")

    def strike_out(self, x: int, end: int, y: int, height: int) -> None:
        """Strike out part of the line at (x, y) that ends at `end`: with strokes, a wave or a zigzag."""
        rng = self.rng
        start, stop = sorted(rng.uniform(x, max(x + 1, end), 2))
        wide = int(stop - start) + height
        mark = np.zeros((height, wide + 4), np.uint8)
        steps = np.linspace(2, wide, int(rng.choice([2, wide // max(2, height // 3) + 2])))
        swing = height * rng.uniform(0.02, 0.3) * (-1) ** np.arange(len(steps))
        for _ in range(int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))):
            level = height * rng.uniform(0.4, 0.7) + swing + rng.normal(0, height / 20, len(steps))
            path = np.stack([steps, level], 1).astype(np.int32)
            cv2.polylines(mark, [path], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
        self.sheet.stamp(uneven(rng, np.asarray(mark / 255, np.float32)), int(start), y, self.pen, "handwritten")

    def note(self, x: int, y: int) -> None:
        """Add a handwritten note of some lines, rarely level."""
        rng, tall = self.rng, round(self.em * self.rng.uniform(1.3, 3.2))
        widest = round(self.sheet.size[1] * rng.uniform(0.1, 0.45))
        lines = [until_gap(scaled(self.next_written_line(), tall), widest) for _ in range(rng.integers(1, 6))]
        pitch = round(tall * rng.uniform(0.7, 1.3))
        note = np.zeros((pitch * len(lines) + tall, widest + tall), np.float32)
        for number, line in enumerate(lines):
            left = int(rng.integers(0, tall))
            window = note[number * pitch : number * pitch + tall, left : left + line.shape[1]]
            np.maximum(window, line[: window.shape[0], : window.shape[1]], out=window)
        slope = float(rng.normal(0, 4) if rng.random() < 0.6 else rng.uniform(-40, 40))
        self.sheet.stamp(np.clip(rotated(note, slope) * rng.uniform(0.8, 1.5), 0, 1), x, y, self.pen, "handwritten")

    def underline(self, x: int, y: int) -> None:
        """Add a handwritten underline, tick, circle or bracket."""
        rng, size = self.rng, round(self.em * self.rng.uniform(1, 6))
        mark = np.zeros((size + 8, 3 * size + 8), np.uint8)
        kind, thick = int(rng.integers(0, 4)), int(rng.integers(1, 4))
        if kind == 0:
            cv2.line(
                mark, (2, size // 2), (3 * size, size // 2 + int(rng.integers(-4, 5))), 255, thick, cv2.LINE_AA
            )
        elif kind == 1:
            tick = np.array([[2, size // 2], [size // 3, size], [size, 2]], np.int32)
            cv2.polylines(mark, [tick], False, 255, thick, cv2.LINE_AA)
        elif kind == 2:
            cv2.ellipse(
                mark, (3 * size // 2, size // 2), (3 * size // 2 - 4, max(3, size // 2 - 4)), 3, 0, 350, 255, thick
            )
        else:
            cv2.ellipse(mark, (size // 2, size // 2), (size // 4, size // 2), 0, 90, 270, 255, thick, cv2.LINE_AA)
        ink = uneven(rng, np.asarray(mark / 255, np.float32))
        self.sheet.stamp(ink, x, y, self.pen, "handwritten")


def uneven(rng: np.random.Generator, ink: F32) -> F32:
    """Return ink distorted smoothly by some hundredths of its height, so that no two letters are the same."""
    height, width = ink.shape
    strength = float(rng.uniform(0.01, 0.07)) * height
    return elastic_distort(rng, ink, (3, max(2, round(2 * width / height))), strength)
