"""A line of print as tills, typewriters, screens and stamps make it, and as scanners, faxes and phones see it.

What prints and what captures are drawn apart, so that every pair of them occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import ImageFont

from models.arrays import F32, F64, ImageU8
from models.training.synthesis.elastic import elastic_distort
from models.training.synthesis.typefaces import dot_matrix, smudged, typeset, typewritten

Ink = F32  # (h, w) float32 in [0, 1]

_SCREEN_FONTS = (
    "dotgothic16", "press-start-2p", "silkscreen", "pixelify-sans", "jersey", "tiny5", "micro-5", "doto",
    "codystar", "handjet", "vt323", "orbitron", "share-tech", "electrolize", "wallpoet", "quantico", "DSEG",
)  # fmt: skip
_STENCIL_FONTS = ("stencil", "black-ops", "sirin-stencil", "emblema", "allerta-stencil", "stardos")
_MARGIN_EM = 0.25  # blank around the ink


class PrintFonts:
    """Fonts by what prints with them."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Sort the files; a group that would be empty has all of them."""

        def named(names: Sequence[str]) -> list[Path]:
            return [file for file in files if any(name in file.name for name in names)]

        self.screen, self.stencil = named(_SCREEN_FONTS), named(_STENCIL_FONTS)
        others = [file for file in files if file not in self.screen and file not in self.stencil]
        self.all = others or list(files)
        self.fixed = [file for file in others if has_fixed_pitch(file)] or self.all
        self.screen, self.stencil = self.screen or self.all, self.stencil or self.all


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
    printer = _PRINTERS[_weighted(rng, [odds for _, odds in _PRINTERS])][0]
    size = round(float(np.exp(rng.uniform(np.log(16), np.log(52)))))  # pixels per em
    ink = printer(rng, text, fonts, size, usable)
    if ink is None or ink.max() < 0.2:
        return None
    rows, columns = np.flatnonzero(ink.max(1) > 0.2), np.flatnonzero(ink.max(0) > 0.2)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ink = np.pad(ink, round(_MARGIN_EM * size))
    if rng.random() < 0.15:
        _rule(rng, ink, size)
    camera = _CAMERAS[_weighted(rng, [odds for _, odds in _CAMERAS])][0]
    return camera(rng, ink, size)


@lru_cache(maxsize=2048)
def has_fixed_pitch(font: Path) -> bool:
    """Return whether all letters of a font are as wide as each other."""
    face = ImageFont.truetype(str(font), 40)
    return abs(face.getlength("i") - face.getlength("W")) < 1


# What prints: each returns the ink of a line, or None where its font lacks a character.


def _laser(
    rng: np.random.Generator, text: str, fonts: PrintFonts, size: int, usable: Callable[[Path, str], bool]
) -> Ink | None:
    font = _one(rng, fonts.all)
    if not usable(font, text):
        return None
    ink = typeset(text, font, size)
    return _stretched(rng, ink, 0.75, 1.25) if rng.random() < 0.4 else ink


def _thermal(
    rng: np.random.Generator, text: str, fonts: PrintFonts, size: int, usable: Callable[[Path, str], bool]
) -> Ink | None:
    """Pale and uneven, in a coarse raster; a dead element of the head leaves a blank column."""
    font = _one(rng, fonts.fixed if rng.random() < 0.7 else fonts.all)
    if not usable(font, text):
        return None
    dots = int(rng.integers(16, 30))  # per em: a head has 8 elements a millimetre
    ink = typeset(text, font, dots)
    if rng.random() < 0.5:
        ink = np.asarray(ink > 0.45, np.float32)
    for _ in range(int(rng.poisson(0.3))):
        ink[:, int(rng.integers(0, ink.shape[1]))] *= rng.uniform(0, 0.4)
    if rng.random() < 0.4:  # double height or width
        ink = _stretched(rng, ink, 0.55, 1.9)
    ink = _scaled(ink, size / dots)
    fade = cv2.resize(rng.uniform(0.45, 1.1, (2, 5)).astype(np.float32), ink.shape[::-1])
    return np.asarray(ink * np.clip(fade, 0, 1), np.float32)


def _needles(
    rng: np.random.Generator, text: str, fonts: PrintFonts, size: int, usable: Callable[[Path, str], bool]
) -> Ink | None:
    font = _one(rng, fonts.fixed if rng.random() < 0.8 else fonts.all)
    if not usable(font, text):
        return None
    ink = dot_matrix(text, font, max(size, 24))
    if rng.random() < 0.4:  # a worn ribbon
        ink = smudged(rng, ink, size)
    return _stretched(rng, ink, 0.7, 1.4)


def _typewriter(
    rng: np.random.Generator, text: str, fonts: PrintFonts, size: int, usable: Callable[[Path, str], bool]
) -> Ink | None:
    font = _one(rng, fonts.fixed)
    if not usable(font, text):
        return None
    ink = typewritten(rng, text, font, size)
    return smudged(rng, ink, size) if rng.random() < 0.6 else ink


def _screen(
    rng: np.random.Generator, text: str, fonts: PrintFonts, size: int, usable: Callable[[Path, str], bool]
) -> Ink | None:
    font = _one(rng, fonts.screen)
    if not usable(font, text):
        return None
    ink = typeset(text, font, size)
    if rng.random() < 0.4:  # the gaps between pixels of a display
        pitch = int(rng.integers(2, 5))
        ink[::pitch] *= rng.uniform(0.3, 0.9)
        ink[:, ::pitch] *= rng.uniform(0.3, 0.9)
    return ink


def _stamp(
    rng: np.random.Generator, text: str, fonts: PrintFonts, size: int, usable: Callable[[Path, str], bool]
) -> Ink | None:
    font = _one(rng, fonts.stencil if rng.random() < 0.5 else fonts.all)
    if not usable(font, text):
        return None
    ink = smudged(rng, typeset(text, font, size), size)
    patches = cv2.resize(
        rng.uniform(0, 1, (4, max(2, ink.shape[1] // 20))).astype(np.float32),
        ink.shape[::-1],
        interpolation=cv2.INTER_CUBIC,
    )
    return np.asarray(ink * np.clip(patches * 1.6 + 0.3, 0, 1), np.float32)


# What captures: each returns the picture, (h, w) uint8.


def _scan(rng: np.random.Generator, ink: Ink, size: int) -> ImageU8:
    depth, paper = rng.uniform(0.35, 0.98), rng.uniform(0.75, 1.0)
    brightness = paper - ink * min(depth, paper)
    if rng.random() < 0.5:
        brightness = np.asarray(cv2.GaussianBlur(brightness, (0, 0), size * rng.uniform(0.01, 0.05)), np.float32)
    return _grey(brightness + rng.normal(0, rng.choice([0.0, 0.01, 0.03]), ink.shape))


def _fax(rng: np.random.Generator, ink: Ink, size: int) -> ImageU8:
    """Black and white, in coarse rows, with specks."""
    blurred = cv2.GaussianBlur(ink, (0, 0), size * rng.uniform(0.015, 0.05)) + rng.normal(0, 0.06, ink.shape)
    if rng.random() < 0.4:
        rows = cv2.resize(blurred, None, fx=1, fy=rng.uniform(0.4, 0.7), interpolation=cv2.INTER_AREA)
        blurred = np.asarray(cv2.resize(rows, ink.shape[::-1], interpolation=cv2.INTER_NEAREST), np.float64)
    black = blurred > rng.uniform(0.25, 0.55) * float(blurred.max())
    if rng.random() < 0.3:
        black ^= rng.random(ink.shape) < rng.uniform(0, 0.01)
    return np.asarray(np.where(black, 0, 255), np.uint8)


def _low_resolution(rng: np.random.Generator, ink: Ink, size: int) -> ImageU8:
    """Letters of 8 to 16 pixels per em."""
    small = _scaled(ink, rng.uniform(8, 16) / size)
    return _jpeg(rng, _scan(rng, small, 12), 0.6)


def _photo(rng: np.random.Generator, ink: Ink, size: int) -> ImageU8:
    """At an angle, curled, unevenly lit, out of focus or moved."""
    height, width = ink.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.normal(0, 0.07 * height, (4, 2)).astype(np.float32)
    ink = np.asarray(
        cv2.warpPerspective(ink, cv2.getPerspectiveTransform(corners, moved), (width, height)), np.float32
    )
    if rng.random() < 0.5:
        ink = elastic_distort(rng, ink, (2, max(2, width // (4 * size) + 1)), 0.06 * size)
    depth = rng.uniform(0.25, 0.8)
    light = cv2.resize(
        rng.uniform(0.55, 1.0, (2, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    brightness = light * (1 - depth * ink)
    blur = size * rng.uniform(0.01, 0.05)
    brightness = cv2.GaussianBlur(brightness, (0, 0), blur, None, blur * rng.uniform(0.4, 2.5))
    return _jpeg(rng, _grey(brightness + rng.normal(0, rng.uniform(0, 0.03), ink.shape)), 0.8)


def _copy(rng: np.random.Generator, ink: Ink, size: int) -> ImageU8:
    """A carbon copy, or a copy of a copy: strokes have grown or broken, the ground is dirty."""
    for _ in range(int(rng.integers(1, 3))):
        blurred = cv2.GaussianBlur(ink, (0, 0), size * rng.uniform(0.02, 0.05))
        ink = np.clip((blurred - rng.uniform(0.1, 0.35)) * rng.uniform(1.5, 4), 0, 1).astype(np.float32)
    dirt = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), rng.uniform(0.7, 2))
    ink = np.maximum(ink, np.clip(dirt - rng.uniform(0.6, 1.6), 0, 1))
    depth, paper = rng.uniform(0.25, 0.8), rng.uniform(0.6, 1.0)
    return _grey(paper - np.minimum(depth, paper) * ink + rng.normal(0, 0.02, ink.shape))


def _screenshot(rng: np.random.Generator, ink: Ink, size: int) -> ImageU8:
    """Clean; light on dark or in weak contrast at times."""
    paper, letters = (rng.uniform(0.7, 1.0), rng.uniform(0, 0.5)) if rng.random() < 0.6 else (
        rng.uniform(0, 0.35), rng.uniform(0.6, 1.0)
    )  # fmt: skip
    small = _scaled(ink, rng.uniform(10, 24) / size) if rng.random() < 0.5 else ink
    return _grey(paper + (letters - paper) * small)


_PRINTERS = (
    (_laser, 0.36),
    (_thermal, 0.24),
    (_needles, 0.11),
    (_typewriter, 0.16),
    (_screen, 0.07),
    (_stamp, 0.06),
)
_CAMERAS = (
    (_scan, 0.27), (_fax, 0.14), (_low_resolution, 0.19), (_photo, 0.22), (_copy, 0.1), (_screenshot, 0.08),
)  # fmt: skip


def _rule(rng: np.random.Generator, ink: Ink, size: int) -> None:
    """Add the line of a form or an underline, in place."""
    row = int(ink.shape[0] * (rng.uniform(0.86, 0.98) if rng.random() < 0.8 else rng.uniform(0, 0.1)))
    thick = max(1, round(size * rng.uniform(0.02, 0.06)))
    ink[row : row + thick] = np.maximum(ink[row : row + thick], rng.uniform(0.4, 1))


def _stretched(rng: np.random.Generator, ink: Ink, least: float, most: float) -> Ink:
    width = max(2, round(ink.shape[1] * float(np.exp(rng.uniform(np.log(least), np.log(most))))))
    return np.asarray(cv2.resize(ink, (width, ink.shape[0]), interpolation=cv2.INTER_AREA), np.float32)


def _scaled(ink: Ink, factor: float) -> Ink:
    size = max(4, round(ink.shape[1] * factor)), max(4, round(ink.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, size, interpolation=method), np.float32)


def _jpeg(rng: np.random.Generator, picture: ImageU8, odds: float) -> ImageU8:
    if rng.random() > odds:
        return picture
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 85))])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def _grey(brightness: F32 | F64) -> ImageU8:
    return np.asarray(np.clip(brightness, 0, 1) * 255, np.uint8)


def _weighted(rng: np.random.Generator, odds: Sequence[float]) -> int:
    return int(rng.choice(len(odds), p=np.array(odds) / sum(odds)))


def _one(rng: np.random.Generator, fonts: Sequence[Path]) -> Path:
    return fonts[int(rng.integers(0, len(fonts)))]
