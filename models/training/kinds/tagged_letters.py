"""Scanned letters whose lines are tagged in ALTO: Handwritten, Typewritten, Print or Signature."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from PIL import Image

from models.arrays import ImageU8
from models.evaluation.formats.alto import read_lines
from models.kinds.model import KINDS

# Pictures of one letter: two pages of it, or the same page augment_appearance twice. What is held out is a letter.
_SAME_LETTER = (
    ("Lettre247", "Lettre248"),
    ("SC0033B_s4_b01_f14_i084", "SC0033B_s4_b01_f14_i085"),
    ("Lettre75", "SC0033B_s4_b01_f14_i093"),
)
# Signatures that are tagged as handwriting, by their text; one of them has no transcription.
SIGNED = {
    "Lettre248": "Jennie H. M^c Farland", "Lettre253": "Herbert C. Jones.", "SC0033B_s4_b01_f14_i082": "",
    "SC0033B_s4_b01_f14_i083": "C. F. Wright", "SC0033B_s4_b01_f14_i085": "Correnah W. Wright",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaggedPage:
    """A page, (H, W, 3) uint8 RGB, its name and its letter's; `ink` labels the lines' areas (see Sheet)."""

    name: str
    letter: str
    pixels: ImageU8
    ink: ImageU8


def load_tagged_pages(folder: Path, signed: bool, longest_side: int = 2000) -> list[TaggedPage]:
    """Return the pages of a folder of NAME.jpg and NAME.xml.

    Args:
        folder: Where they are.
        signed: Whether the signatures that are tagged as handwriting are labelled as signatures.
        longest_side: Pages are scaled to this, in pixels.

    Raises:
        ValueError: A line has a tag that is no kind.
    """
    return [_load(file, signed, longest_side) for file in sorted(folder.glob("*.xml"))]


def _load(file: Path, signed: bool, longest_side: int) -> TaggedPage:
    with Image.open(file.with_suffix(".jpg")) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    scale = longest_side / max(pixels.shape[:2])
    root = ElementTree.parse(file).getroot()
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = np.zeros(small.shape[:2], np.uint8)
    for line in read_lines(root):
        if line.kind is None:
            raise ValueError(f"{file}: a line is tagged neither as print nor as handwriting nor as a signature")
        kind = "signature" if signed and SIGNED.get(file.stem) == line.text else line.kind
        points = np.array(line.polygon, np.float32) * scale
        cv2.fillPoly(ink, [points.astype(np.int32)], KINDS.index(kind) + 1)
    letter = next((same[0] for same in _SAME_LETTER if file.stem in same), file.stem)
    return TaggedPage(file.stem, letter, np.asarray(small, np.uint8), ink)
