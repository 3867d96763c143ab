"""A line of print as tills, typewriters, screens and stamps make it.

What prints it and what captures it (`captures.py`) are drawn apart, so that every pair of them occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.training.synthesis.captures import captured, scaled
from models.training.synthesis.choices import one_of, weighted
from models.training.synthesis.typefaces import dot_matrix, face_of, smudged, typeset, typewritten

_SCREEN_FONTS = (
    "dotgothic16", "press-start-2p", "silkscreen", "pixelify-sans", "jersey", "tiny5", "micro-5", "doto",
    "codystar", "handjet", "vt323", "orbitron", "share-tech", "electrolize", "wallpoet", "quantico", "DSEG",
)  # fmt: skip
_STENCIL_FONTS = ("stencil", "black-ops", "sirin-stencil", "emblema", "allerta-stencil", "stardos")
_MARGIN_EM = 0.25  # blank around the ink


Group: TypeAlias = Literal["all", "fixed", "screen", "stencil"]


class PrintFonts:
    """Fonts by what prints with them; `all` is without those of screens and stencils."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Sort the files; a group that would be empty has all of them."""

        def named(names: Sequence[str]) -> list[Path]:
            return [file for file in files if any(name in file.name for name in names)]

        screen, stencil = named(_SCREEN_FONTS), named(_STENCIL_FONTS)
        others = [file for file in files if file not in screen and file not in stencil] or list(files)
        fixed = [file for file in others if has_fixed_pitch(file)]
        self._groups: dict[Group, Sequence[Path]] = {
            "all": others, "fixed": fixed or others, "screen": screen or others, "stencil": stencil or others,
        }  # fmt: skip

    def of(self, group: Group) -> Sequence[Path]:
        """Return the fonts of a group, at least one where there were any."""
        return self._groups[group]


def material_line(
    rng: np.random.Generator, text: str, fonts: PrintFonts, usable: Callable[[Path, str], bool]
) -> ImageU8 | None:
    """Return a line of print as a camera or scanner gives it, (h, w) uint8.

    Args:
        rng: Chooses font, printer and camera.
        text: At least one character that is not a space.
        fonts: To choose from.
        usable: Whether a font has all characters of a text.

    None where the chosen font lacks a character.
    """
    printer = weighted(rng, _PRINTERS)
    size = round(float(np.exp(rng.uniform(np.log(16), np.log(52)))))  # pixels per em
    font = printer.font(rng, fonts)
    if not usable(font, text):
        return None
    ink = printer.ink(rng, text, font, size)
    if ink.max() < 0.2:
        return None
    rows, columns = np.flatnonzero(ink.max(1) > 0.2), np.flatnonzero(ink.max(0) > 0.2)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ink = np.asarray(np.pad(ink, round(_MARGIN_EM * size)), np.float32)
    if rng.random() < 0.15:
        _rule(rng, ink, size)
    return captured(rng, ink, size)


@lru_cache(maxsize=2048)
def has_fixed_pitch(font: Path) -> bool:
    """Return whether all letters of a font are as wide as each other."""
    face = face_of(font, 40)
    return abs(face.getlength("i") - face.getlength("W")) < 1


def _laser(rng: np.random.Generator, text: str, font: Path, size: int) -> F32:
    ink = typeset(text, font, size)
    return _stretched(rng, ink, 0.75, 1.25) if rng.random() < 0.4 else ink


def _thermal(rng: np.random.Generator, text: str, font: Path, size: int) -> F32:
    """Pale and uneven, in a coarse raster; a dead element of the head leaves a blank column."""
    dots = int(rng.integers(16, 30))  # per em: a head has 8 elements a millimetre
    ink = typeset(text, font, dots)
    if rng.random() < 0.5:
        ink = np.asarray(ink > 0.45, np.float32)
    for _ in range(int(rng.poisson(0.3))):
        ink[:, int(rng.integers(0, ink.shape[1]))] *= rng.uniform(0, 0.4)
    if rng.random() < 0.4:  # double height or width
        ink = _stretched(rng, ink, 0.55, 1.9)
    ink = scaled(ink, size / dots)
    fade = cv2.resize(rng.uniform(0.45, 1.1, (2, 5)).astype(np.float32), ink.shape[::-1])
    return np.asarray(ink * np.clip(fade, 0, 1), np.float32)


def _needles(rng: np.random.Generator, text: str, font: Path, size: int) -> F32:
    ink = dot_matrix(text, font, max(size, 24))
    if rng.random() < 0.4:  # a worn ribbon
        ink = smudged(rng, ink, size)
    return _stretched(rng, ink, 0.7, 1.4)


def _typewriter(rng: np.random.Generator, text: str, font: Path, size: int) -> F32:
    ink = typewritten(rng, text, font, size)
    return smudged(rng, ink, size) if rng.random() < 0.6 else ink


def _screen(rng: np.random.Generator, text: str, font: Path, size: int) -> F32:
    ink = typeset(text, font, size)
    if rng.random() < 0.4:  # the gaps between pixels of a display
        pitch = int(rng.integers(2, 5))
        ink[::pitch] *= rng.uniform(0.3, 0.9)
        ink[:, ::pitch] *= rng.uniform(0.3, 0.9)
    return ink


def _stamp(rng: np.random.Generator, text: str, font: Path, size: int) -> F32:
    ink = smudged(rng, typeset(text, font, size), size)
    patches = cv2.resize(
        rng.uniform(0, 1, (4, max(2, ink.shape[1] // 20))).astype(np.float32),
        ink.shape[::-1],
        interpolation=cv2.INTER_CUBIC,
    )
    return np.asarray(ink * np.clip(patches * 1.6 + 0.3, 0, 1), np.float32)


class Printer(NamedTuple):
    """What prints a line in a font, and the fonts that it takes: those of a group at these odds, else any."""

    ink: Callable[[np.random.Generator, str, Path, int], F32]
    group: Group
    odds: float

    def font(self, rng: np.random.Generator, fonts: PrintFonts) -> Path:
        """Return one of its fonts."""
        of_group = self.odds == 1 or rng.random() < self.odds
        return one_of(rng, fonts.of(self.group if of_group else "all"))


_PRINTERS = (
    (Printer(_laser, "all", 1), 0.36), (Printer(_thermal, "fixed", 0.7), 0.24),
    (Printer(_needles, "fixed", 0.8), 0.11), (Printer(_typewriter, "fixed", 1), 0.16),
    (Printer(_screen, "screen", 1), 0.07), (Printer(_stamp, "stencil", 0.5), 0.06),
)  # fmt: skip


def till_printer(rng: np.random.Generator) -> Printer:
    """Return what prints a receipt: a till's thermal head, its needles, or a laser printer."""
    return weighted(
        rng,
        (
            (Printer(_thermal, "fixed", 0.7), 0.6),
            (Printer(_needles, "fixed", 0.8), 0.25),
            (Printer(_laser, "all", 1), 0.15),
        ),
    )


def _rule(rng: np.random.Generator, ink: F32, size: int) -> None:
    """Add the line of a form or an underline, in place."""
    row = int(ink.shape[0] * (rng.uniform(0.86, 0.98) if rng.random() < 0.8 else rng.uniform(0, 0.1)))
    thick = max(1, round(size * rng.uniform(0.02, 0.06)))
    ink[row : row + thick] = np.maximum(ink[row : row + thick], rng.uniform(0.4, 1))


def _stretched(rng: np.random.Generator, ink: F32, least: float, most: float) -> F32:
    width = max(2, round(ink.shape[1] * float(np.exp(rng.uniform(np.log(least), np.log(most))))))
    return np.asarray(cv2.resize(ink, (width, ink.shape[0]), interpolation=cv2.INTER_AREA), np.float32)
