"""Lines of print and of handwriting fonts as ink: typeset, typewritten and dot matrix."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.arrays import F32
from models.errors import ModelError
from models.training.synthesis.choices import one_of

_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/share/texmf/fonts"))
_PROPORTIONAL = (
    "Liberation[SN]*", "DejaVuS*", "NimbusRoman-*", "NimbusSans*", "C059-*", "P052-*", "URWBookman-*",
    "URWGothic-*", "Carlito-*", "Caladea-*", "EBGaramond*", "LinLibertine_[DR]*", "LinBiolinum_R*", "OldStandard-*",
    "Lato-*", "cmun[rbs]*", "RobotoSlab*", "Junicode*", "Vollkorn-*", "Go-*", "CharisSIL-*",
    "Blankenburg*", "Jessen-*", "Zainer-Gotico*", "Hamlet-*",
)  # fmt: skip
_FIXED = (
    "LiberationMono*", "NimbusMonoPS-*", "Courier Prime*", "Inconsolata*", "GNUTypewriter*", "TlwgTypewriter*",
    "OCRA*", "OCRB*", "3270*", "cmuntt*", "DejaVuSansMono*",
)  # fmt: skip
_HANDWRITING = (
    "Breip*", "BecauseWe*", "femkeklaver*", "Rufscript*", "Delphine*", "SteveHand*", "Humor-Sans*", "Kristi*",
)  # fmt: skip
FONTS = (".ttf", ".otf", ".woff", ".woff2")
_DOT_PITCH_PX = 4  # between two needles of a dot-matrix printer, before scaling to the line's size
_DOT_MATRIX_EM_PX = 11  # nine or so dots make a capital's height


class Typefaces:
    """The fonts of this machine by what they imitate, each group a list of families, a family a list of files."""

    def __init__(self, folders: Sequence[Path] = _FOLDERS) -> None:
        """Look for the fonts in folders and all below. Raises ModelError where one of the three groups has none."""
        files = [file for folder in folders for file in sorted(folder.rglob("*.[ot]tf"))]
        self.proportional, self.fixed, self.handwriting = (
            _of(files, names) for names in (_PROPORTIONAL, _FIXED, _HANDWRITING)
        )


def any_font(rng: np.random.Generator, families: Sequence[Sequence[Path]]) -> Path:
    """Return a font of any family: each family is as likely, however many fonts it has."""
    return one_of(rng, one_of(rng, families))


def typeset(text: str, font: Path, size: int) -> F32:
    """Return a line's ink, (h, w) float32 in [0, 1]; letters of `size` pixels per em."""
    face = face_of(font, size)
    left, top, right, bottom = face.getbbox(text)
    picture = Image.new("L", (max(1, round(right - left)) + 2, max(1, round(bottom - top)) + 2))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, 255, face)
    return np.asarray(np.asarray(picture) / 255, np.float32)


def typewritten(rng: np.random.Generator, text: str, font: Path, size: int) -> F32:
    """Return a line whose letters are placed and inked unevenly, (h, w) float32 in [0, 1]."""
    face = face_of(font, size)
    pitch = face.getlength("n")
    picture = np.zeros((round(size * 1.6), round(pitch * (len(text) + 1)) + size), np.float32)
    worn = rng.uniform(0, 0.35)
    for column, letter in enumerate(text):
        if letter == " ":
            continue
        key = Image.new("L", (size * 2, picture.shape[0]))
        ImageDraw.Draw(key).text((2, size * 0.2 + rng.normal(0, size * 0.02)), letter, 255, face)
        x = round(column * pitch + rng.normal(0, size * 0.012)) + 2
        ink = np.asarray(key, np.float32)[:, : max(0, picture.shape[1] - x)] / 255
        window = picture[:, x : x + ink.shape[1]]
        np.maximum(window, ink[:, : window.shape[1]] * (1 - rng.uniform(0, worn)), out=window)
    return picture


def dot_matrix(text: str, font: Path, size: int) -> F32:
    """Return a line as the needles of a dot-matrix printer draw it, (h, w) float32 in [0, 1]."""
    coarse = typeset(text, font, _DOT_MATRIX_EM_PX) > 0.45
    needle = np.zeros((_DOT_PITCH_PX, _DOT_PITCH_PX), np.float32)
    cv2.circle(needle, (1, 1), 1, 1.0, -1)
    dots = np.asarray(np.kron(coarse, needle), np.float32)
    scale = size / (_DOT_MATRIX_EM_PX * _DOT_PITCH_PX)
    wanted = (max(1, round(dots.shape[1] * scale)), max(1, round(dots.shape[0] * scale)))
    small = cv2.resize(dots, wanted, interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small * 1.4, 0, 1), np.float32)


def smudged(rng: np.random.Generator, ink: F32, size: int) -> F32:
    """Return a line whose ink has spread or is patchy, as from a worn ribbon or on cheap paper."""
    spread = cv2.GaussianBlur(ink, (0, 0), size * rng.uniform(0.02, 0.07))
    coarse = rng.normal(0, rng.uniform(0, 0.3), (max(2, ink.shape[0] // 4), max(2, ink.shape[1] // 4)))
    blots = cv2.resize(coarse.astype(np.float32), (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(spread * rng.uniform(1.3, 2.6) * (1 + blots) - 0.1, 0, 1), np.float32)


def _of(files: Sequence[Path], names: Sequence[str]) -> list[list[Path]]:
    families = [found for name in names if (found := [file for file in files if file.match(name)])]
    if not families:
        raise ModelError(f"no font like {names[0]} is installed; models/training/README.md lists what to install")
    return families


@lru_cache(maxsize=1024)
def face_of(font: Path, size: int) -> ImageFont.FreeTypeFont:
    """Return a font's face with `size` pixels per em."""
    return ImageFont.truetype(str(font), size)
