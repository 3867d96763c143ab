"""Till receipts: narrow, in a printer's fixed or stretched letters, names left and amounts right."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.training.synthesis.choices import one_of
from models.training.synthesis.draft import Draft, Stationery
from models.training.synthesis.entries import Entries
from models.training.synthesis.lines import has_glyphs
from models.training.synthesis.materials import PrintFonts, till_printer
from models.training.synthesis.scan import photographed, scanned

_FAINTEST_INK = 0.62  # of thermal paper, as a fraction of white


class Receipts:
    """Draws receipts."""

    def __init__(self, stationery: Stationery) -> None:
        """Take fonts, words, and the writers who note something on a receipt at times."""
        self._stationery = stationery
        self._entries = Entries(stationery.words)
        faces = stationery.faces
        self._fonts = PrintFonts([file for family in (*faces.fixed, *faces.proportional) for file in family])

    def draw_page(self, rng: np.random.Generator) -> tuple[ImageU8, ImageU8]:
        """Return a receipt, (H, W, 3) uint8 RGB, and its ink map (see Sheet)."""
        roll = _Roll(rng, self._stationery, self._fonts)
        for part in (self._heading, self._items, self._totals, self._farewell):
            part(roll)
        if rng.random() < 0.3:
            roll.note()
        return photographed(rng, roll.draft.sheet) if rng.random() < 0.5 else scanned(rng, roll.draft.sheet)

    def _heading(self, roll: _Roll) -> None:
        for number in range(int(roll.rng.integers(2, 8))):
            roll.row(self._entries.line(roll.rng), "centre" if roll.centred else "left", large=number == 0)
        roll.rule()

    def _items(self, roll: _Roll) -> None:
        rng = roll.rng
        end = roll.draft.sheet.size[0] * rng.uniform(0.5, 0.8)
        while roll.draft.y < end:
            if rng.random() < 0.5:
                roll.row(self._entries.line(rng), "left")
            roll.row(
                roll.draft.words(1, 3).upper() if rng.random() < 0.5 else self._entries.line(rng)[:18],
                "left",
                at=True,
            )
            roll.row(f"{np.exp(rng.uniform(-1, 6)):.2f}", "right")

    def _totals(self, roll: _Roll) -> None:
        roll.rule()
        for number in range(int(roll.rng.integers(2, 6))):
            roll.row(
                one_of(roll.rng, ("TOTAL", "Total", "CASH", "CHANGE", "GST 6%", "Sub Total", "Rounding")),
                "left",
                at=True,
            )
            roll.row(f"{np.exp(roll.rng.uniform(-1, 6)):.2f}", "right", large=number == 0)
        roll.rule()

    def _farewell(self, roll: _Roll) -> None:
        for _ in range(int(roll.rng.integers(1, 6))):
            roll.row(self._entries.line(roll.rng), "centre" if roll.centred else "left")


class _Roll:
    """A strip of paper, its printer, and where the next row goes."""

    def __init__(self, rng: np.random.Generator, stationery: Stationery, fonts: PrintFonts) -> None:
        self.rng, self.draft = rng, Draft(rng, stationery)
        height = int(rng.integers(800, 1500))
        self.draft.resize(height, round(height / rng.uniform(1.2, 3.2)))
        self.width = self.draft.sheet.size[1]
        self.size = max(11, round(0.94 * self.width / rng.uniform(17, 28)))
        self._printer = till_printer(rng)
        self._font = self._printer.font(rng, fonts)
        self._pitch = self.size * rng.uniform(1.05, 1.7)
        shade = float(rng.uniform(0, _FAINTEST_INK))
        self._ink = shade * rng.uniform(0.9, 1), shade * rng.uniform(0.9, 1), shade
        self.centred = rng.random() < 0.7
        self._margin = round(self.width * rng.uniform(0.02, 0.08))

    def row(self, text: str, side: str, *, large: bool = False, at: bool = False) -> None:
        """Print a text on one side; `at` stays on its row."""
        text = " ".join(text.split())
        if not text or not has_glyphs(self._font, text):
            return
        size = round(self.size * self.rng.uniform(1.1, 1.7)) if large else self.size
        ink = self._fitted(self._printer.ink(self.rng, text, self._font, size))
        free = self.width - 2 * self._margin - ink.shape[1]
        x = self._margin + {"left": 0, "centre": free // 2, "right": free}[side]
        self.draft.sheet.stamp(ink, x, round(self.draft.y), self._ink, "printed")
        if not at:
            self.draft.y = round(self.draft.y + self._pitch * size / self.size)

    def rule(self) -> None:
        """Print a row of dashes, draw a line, or leave a gap."""
        look = self.rng.random()
        if look < 0.5:
            self.row(one_of(self.rng, "-=*_.") * 60, "left")
        elif look < 0.7:
            self.draft.rule(self._margin, self.width - self._margin, round(self.draft.y))
        self.draft.y = round(self.draft.y + self._pitch * self.rng.uniform(0.2, 1.2))

    def note(self) -> None:
        """Write something on it with a pen: a table's number, a word, a sum."""
        height, width = self.draft.sheet.size
        for _ in range(int(self.rng.integers(1, 4))):
            tall = round(self.size * self.rng.uniform(1.4, 3.5))
            x, y = self.rng.uniform(0.02, 0.6) * width, self.rng.uniform(0.02, 0.93) * height
            self.draft.write_at(round(x), round(y), tall, round(width * self.rng.uniform(0.2, 0.5)))

    def _fitted(self, ink: F32) -> F32:
        """Return a row's ink no wider than the paper: cut off, or the letters narrower."""
        most = self.width - 2 * self._margin
        if ink.shape[1] <= most:
            return ink
        if ink.shape[1] > 1.4 * most:
            return ink[:, :most]
        return np.asarray(cv2.resize(ink, (most, ink.shape[0]), interpolation=cv2.INTER_AREA), np.float32)
