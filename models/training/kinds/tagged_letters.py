"""Scanned letters whose lines are tagged, in ALTO: Handwritten, Typewritten, Print or Signature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from PIL import Image

from models.arrays import ImageU8
from models.document import Kind
from models.kinds.model import KINDS

_KINDS: dict[str, Kind] = {
    "Handwritten": "handwritten", "Typewritten": "printed", "Print": "printed", "Signature": "signature",
}  # fmt: skip
# Pictures of one letter: two pages of it, or the same page augment_appearance twice. What is held out is a letter.
_SAME_LETTER = (
    ("Lettre247", "Lettre248"),
    ("SC0033B_s4_b01_f14_i084", "SC0033B_s4_b01_f14_i085"),
    ("Lettre75", "SC0033B_s4_b01_f14_i093"),
)
# Names under letters that are tagged as handwriting there, one by its place: it has no transcription.
SIGNED = {
    "Lettre248": "Jennie H. M^c Farland", "Lettre253": "Herbert C. Jones.", "SC0033B_s4_b01_f14_i082": "",
    "SC0033B_s4_b01_f14_i083": "C. F. Wright", "SC0033B_s4_b01_f14_i085": "Correnah W. Wright",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaggedPage:
    """A page, (H, W, 3) uint8 RGB; its lines as an ink map (see Sheet); and the letter that it belongs to."""

    name: str
    letter: str
    pixels: ImageU8
    ink: ImageU8


def load_tagged_pages(folder: Path, signed: bool, longest_side: int = 2000) -> list[TaggedPage]:
    """Return the pages of a folder of NAME.jpg and NAME.xml.

    Args:
        signed: Whether the names under letters that are tagged as handwriting are signatures nevertheless.
        longest_side: Pages are reduced to this.
    """
    return [_load(file, signed, longest_side) for file in sorted(folder.glob("*.xml"))]


def _load(file: Path, signed: bool, longest_side: int) -> TaggedPage:
    with Image.open(file.with_suffix(".jpg")) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    scale = longest_side / max(pixels.shape[:2])
    root = ElementTree.parse(file).getroot()
    tags = {tag.get("ID"): tag.get("LABEL", "") for tag in root.iter() if _name(tag) == "OtherTag"}
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = np.zeros(small.shape[:2], np.uint8)
    for line in root.iter():
        if _name(line) != "TextLine":
            continue
        kind = _KINDS[tags[line.get("TAGREFS")].rpartition(":")[2]]
        if signed and file.stem in SIGNED and _content(line) == SIGNED[file.stem]:
            kind = "signature"
        shape = next(part for part in line.iter() if _name(part) == "Polygon")
        points = np.array(re.findall(r"[\d.]+", shape.get("POINTS", "")), np.float32).reshape(-1, 2) * scale
        cv2.fillPoly(ink, [points.astype(np.int32)], KINDS.index(kind) + 1)
    letter = next((same[0] for same in _SAME_LETTER if file.stem in same), file.stem)
    return TaggedPage(file.stem, letter, np.asarray(small, np.uint8), ink)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _content(line: ElementTree.Element) -> str:
    return " ".join(part.get("CONTENT", "") for part in line.iter() if _name(part) == "String")
