"""Lines drawn with fonts: print, and handwriting whose words differ in size and position."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from models.arrays import F32, ImageU8
from models.training.synthesis.elastic import elastic_distort
from models.training.synthesis.typefaces import face_of

_MIN_CASE_CORRELATION = 0.6  # of small letters with capitals; fonts that have both reach .43 at most
_UNASSIGNED = "\U0010fffe"  # no font has it: what is drawn for it is the font's box for missing glyphs
_EM_PX = (44, 68)  # lines are drawn larger than they are recognised at


def handwritten_line(rng: np.random.Generator, text: str, font: Path) -> ImageU8:
    """Return a line of handwriting as black on white, (h, w) uint8. Words differ in size, slant and height."""
    size = int(rng.integers(*_EM_PX))
    drift, gap = rng.normal(0, 0.012), rng.uniform(0.18, 0.6) * size
    words = [_word(rng, word, font, round(size * rng.normal(1, 0.035))) for word in text.split()]
    width = round(sum(word.shape[1] for word in words) + 3 * gap * len(words)) + 2 * size
    sheet = np.zeros((4 * size, width), np.float32)
    left = float(size) / 2
    for word in words:
        top = round(2 * size + drift * left + rng.normal(0, 0.03) * size - word.shape[0] * 0.62)
        x, y = round(left), max(0, min(top, sheet.shape[0] - word.shape[0]))
        window = sheet[y : y + word.shape[0], x : x + word.shape[1]]
        np.maximum(window, word[:, : window.shape[1]], out=window)
        left += word.shape[1] + gap * rng.uniform(0.6, 1.6)
    return cropped(_bent(rng, sheet, size))


def printed_line(rng: np.random.Generator, text: str, font: Path) -> ImageU8:
    """Return a line of print as black on white, (h, w) uint8."""
    size = int(rng.integers(*_EM_PX))
    return cropped(_ink(text, font, size))


class PlacedInk(NamedTuple):
    """A piece's ink, (h, w) float32 in [0, 1], the column of its left edge, and the row in it of its baseline."""

    ink: F32
    left: float
    base: float


def on_one_baseline(placed: Sequence[PlacedInk]) -> F32:
    """Return pieces of a line, at least one, on one sheet, (h, w) float32 in [0, 1]."""
    first = min(piece.left for piece in placed)
    above = max(piece.base for piece in placed)
    below = max(piece.ink.shape[0] - piece.base for piece in placed)
    width = round(max(piece.left - first + piece.ink.shape[1] for piece in placed)) + 2
    sheet = np.zeros((round(above + below) + 3, width), np.float32)
    for ink, left, base in placed:
        x, y = round(left - first), round(above - base)
        window = sheet[y : y + ink.shape[0], x : x + ink.shape[1]]
        np.maximum(window, ink[: window.shape[0], : window.shape[1]], out=window)
    return sheet


@lru_cache(maxsize=512)
def has_only_capitals(font: Path) -> bool:
    """Return whether a font draws small letters as capitals: its ground truth must then be capitals."""
    pairs = zip("aegnrhbdq", "AEGNRHBDQ", strict=True)
    alike = [np.corrcoef(_shape(small, font), _shape(large, font))[0, 1] for small, large in pairs]
    return float(np.median(alike)) > _MIN_CASE_CORRELATION


def has_glyphs(font: Path, text: str) -> bool:
    """Return whether a font has every character of a text. It would omit the others or draw boxes for them."""
    return all(_has(font, character) for character in set(text) - {" "})


@lru_cache(maxsize=65536)
def _has(font: Path, character: str) -> bool:
    drawn = _glyph(font, character)
    return bool(drawn.strip(b"\0")) and drawn != _glyph(font, _UNASSIGNED)


@lru_cache(maxsize=65536)
def _glyph(font: Path, character: str) -> bytes:
    return bytes(face_of(font, 24).getmask(character))


def _shape(letter: str, font: Path) -> F32:
    """Return a letter's shape, normalised in size, (1024,) float32."""
    ink = _ink(letter, font, 80)
    rows = np.flatnonzero(ink.max(1) > 0.2)
    square = cv2.resize(ink[rows[0] : rows[-1] + 1], (32, 32), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(square, (5, 5)).ravel(), np.float32)


def _word(rng: np.random.Generator, word: str, font: Path, size: int) -> F32:
    """Return one word's ink, its baseline at .62 of the height."""
    ink = _ink(word, font, size)
    slant = rng.normal(0, 0.05)
    height, width = ink.shape
    shear = np.array([[rng.uniform(0.92, 1.08), -slant, slant * height * 0.62], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(ink, shear, (round(width * 1.08), height)), np.float32)


def _ink(text: str, font: Path, size: int) -> F32:
    face = face_of(font, max(8, size))
    height, width = round(2.6 * size), round(face.getlength(text) + size)
    picture = Image.new("L", (max(1, width), height))
    ImageDraw.Draw(picture).text((size * 0.3, height * 0.62), text, 255, face, anchor="ls")
    ink = np.asarray(np.asarray(picture) / 255, np.float32)
    columns = np.flatnonzero(ink.max(0) > 0.2)
    return ink[:, max(0, columns[0] - 2) : columns[-1] + 3] if len(columns) else ink[:, : size // 2]


def _bent(rng: np.random.Generator, sheet: F32, size: int) -> F32:
    """Return the line as if written less evenly: distorted smoothly by at most some .07 of the font size."""
    points = (4, max(2, round(sheet.shape[1] / size)))
    return elastic_distort(rng, sheet, points, float(rng.uniform(0.0, 0.07)) * size)


def cropped(ink: F32) -> ImageU8:
    """Return a line's ink, (h, w) float32 in [0, 1], as black on white without what is blank around it."""
    rows, columns = np.flatnonzero(ink.max(1) > 0.2), np.flatnonzero(ink.max(0) > 0.2)
    if len(rows) and len(columns):
        ink = ink[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2]
    return np.asarray(255 - 255 * np.clip(ink, 0, 1), np.uint8)
