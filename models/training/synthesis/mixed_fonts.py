"""Handwriting drawn letter by letter with letters of several fonts, so that there are more styles than fonts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from models.arrays import F32, ImageU8
from models.training.synthesis.choices import one_of
from models.training.synthesis.elastic import elastic_distort
from models.training.synthesis.lines import PlacedInk, cropped, on_one_baseline
from models.training.synthesis.typefaces import face_of

_EM_PX = 40  # of the glyphs that are kept
_BASELINE = 0.62  # of a glyph's height
_X_HEIGHT_PX = (14, 24)  # of a line


class _Glyph(NamedTuple):
    """A letter's ink, (h, w) uint8, its advance, and how far it begins left of its origin, in pixels."""

    ink: ImageU8
    advance: float
    left: float


def mixed_line(rng: np.random.Generator, text: str, fonts: Sequence[Path]) -> ImageU8:
    """Return a line as black on white, (h, w) uint8.

    Args:
        rng: Chooses each letter's font and how it varies.
        text: At least one character that is not a space.
        fonts: Each has all the characters; the first draws most letters.

    The same letter is of the same font all along the line. Each is
    slanted, scaled and placed anew, and the line is distorted.
    """
    x_height = float(rng.uniform(*_X_HEIGHT_PX))
    font_of = {letter: one_of(rng, fonts) if rng.random() < 0.5 else fonts[0] for letter in sorted(set(text))}
    unevenness = rng.uniform(0.3, 1.6)
    spacing, gap = rng.normal(0, 0.06) * x_height, rng.uniform(0.5, 1.6) * x_height
    slant, drift = rng.normal(0, 0.12), rng.normal(0, 0.01)
    placed: list[PlacedInk] = []
    left = 0.0
    for letter in text:
        if letter == " ":
            left += gap * rng.uniform(0.7, 1.5)
            continue
        glyph = _glyph(font_of[letter], letter)
        scale = x_height / _x_height(font_of[letter]) * float(np.exp(rng.normal(0, 0.05 * unevenness)))
        ink = _varied(rng, glyph.ink, scale, slant, unevenness)
        base = ink.shape[0] * _BASELINE - drift * left + rng.normal(0, 0.05 * unevenness) * x_height
        placed.append(PlacedInk(ink, left + glyph.left * scale, base))
        left += glyph.advance * scale + spacing + rng.normal(0, 0.04 * unevenness) * x_height
    sheet = on_one_baseline(placed)
    columns = max(2, round(sheet.shape[1] / x_height))
    return cropped(elastic_distort(rng, sheet, (4, columns), 0.07 * unevenness * x_height))


def _varied(rng: np.random.Generator, ink: ImageU8, scale: float, slant: float, unevenness: float) -> F32:
    """Return a glyph's ink in [0, 1], scaled, and slanted about its baseline."""
    height, width = round(ink.shape[0] * scale), max(2, round(ink.shape[1] * scale))
    angle = slant + rng.normal(0, 0.04 * unevenness)
    stretch = float(np.exp(rng.normal(0, 0.06 * unevenness)))
    matrix = np.array([[scale * stretch, -angle * scale, angle * height * _BASELINE], [0, scale, 0]], np.float32)
    drawn = cv2.warpAffine(ink, matrix, (round(width * 1.15) + 1, height))
    return np.asarray(drawn / np.float32(255), np.float32)


@lru_cache(maxsize=65536)
def _glyph(font: Path, letter: str) -> _Glyph:
    face = face_of(font, _EM_PX)
    left, _, right, _ = face.getbbox(letter, anchor="ls")
    picture = Image.new("L", (max(1, round(right - left)) + 4, round(2.6 * _EM_PX)))
    ImageDraw.Draw(picture).text((2 - left, picture.height * _BASELINE), letter, 255, face, anchor="ls")
    return _Glyph(np.asarray(picture, np.uint8), face.getlength(letter), left - 2.0)


@lru_cache(maxsize=1024)
def _x_height(font: Path) -> float:
    """Return the height of small letters, in pixels of a kept glyph."""
    tops = [-face_of(font, _EM_PX).getbbox(letter, anchor="ls")[1] for letter in "acemnorsuvxz"]
    return max(6.0, float(np.median(tops)))
