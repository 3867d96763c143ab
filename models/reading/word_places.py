"""Where the words of a line stand in its picture: between the positions of their characters, as far as ink reaches.

An engine's positions are coarse (a step of a CTC network is a sixth of the line's height), or the engine has none
and characters are taken to be evenly apart. They show between which characters a word ends; where exactly is read
from the picture: in the widest gap there that has no ink.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from models.arrays import F64, ImageU8, Mask
from models.layout.geometry import Box
from models.layout.words import with_margins, word_spans
from models.pages.ink import components, has_ink, ink_by_otsu
from models.pages.pixels import grey
from models.recognition.types import LineReading

# Of the line's height: around a word's ink. On the words of 60 forms, mean IoU with the boxes that people drew is
# .62 without a margin, .75 with this one, and .65 for boxes as high as the detected line.
_MARGIN = 0.1
_EDGE_SHARE = 0.4  # of the line's height: ink at its edge that reaches no further in is the line's above or below
_MIN_RULE_HEIGHTS = 3.0  # a run of ink so long is a rule, not a letter
_UNINKED_TOP, _UNINKED_BOTTOM = 0.2, 0.8  # of the line's height: a word without ink of its own


@dataclass(frozen=True, slots=True)
class WordPlace:
    """One word: its box (x0, y0, x1, y1) as fractions of the picture, and its raw confidence."""

    text: str
    box: Box
    confidence: float


def place_words(reading: LineReading, picture: ImageU8) -> list[WordPlace]:
    """Return the words of a line's text, each with its place.

    Args:
        reading: Its confidence is that of words whose characters have none; else a word has their mean.
        picture: What was read, (H, W, 3) RGB or (H, W) grey uint8.

    Boxes do not overlap along the line. A leader that was added behind the line lies right of the picture.
    """
    spans = word_spans(reading.text)
    if not spans:
        return []
    height, width = picture.shape[:2]
    ink = _ink_of_line(picture)
    middles = _middles(reading, ink)
    half = float(np.median(np.diff(middles))) / 2 if len(middles) > 1 else width / 2
    borders = _borders(np.asarray(ink.any(0)), [(middles[start], middles[end - 1]) for start, end in spans])
    boxes = [
        _inked(ink, left, right) or _uninked(middles[start] - half, middles[end - 1] + half, height)
        for (start, end), (left, right) in zip(spans, borders, strict=True)
    ]
    return [
        WordPlace(
            reading.text[start:end], (box[0] / width, box[1] / height, box[2] / width, box[3] / height),
            _confidence(reading, start, end),
        )
        for (start, end), box in zip(spans, with_margins(boxes, _MARGIN * height), strict=True)
    ]  # fmt: skip


def _confidence(reading: LineReading, start: int, end: int) -> float:
    if len(reading.confidences) != len(reading.text):
        return round(reading.confidence, 4)
    return round(float(np.mean(reading.confidences[start:end])), 4)


def _ink_of_line(picture: ImageU8) -> ImageU8:
    """Return what is ink of a line's letters, (H, W) of 0 and 1: not of rules, frames and other lines."""
    shades = grey(picture)
    if not has_ink(shades):
        return np.zeros(shades.shape, np.uint8)
    ink = ink_by_otsu(shades if np.median(shades) >= 128 else 255 - shades)
    height, width = ink.shape
    frames, rule = _opened(ink, 1, height), max(8, round(_MIN_RULE_HEIGHTS * height))
    if width > rule:
        ink[cv2.dilate(_opened(ink, rule, 1), np.ones((3, 3), np.uint8)) > 0] = 0
    ink[frames > 0] = 0
    found = components(ink)
    top, bottom = found.boxes[:, 1], found.boxes[:, 1] + found.boxes[:, 3]
    others = (top == 0) & (bottom < _EDGE_SHARE * height)
    others |= (bottom == height) & (top > (1 - _EDGE_SHARE) * height)
    is_others = np.concatenate([[False], others])
    return np.where(is_others[found.labels], 0, ink).astype(np.uint8)


def _opened(ink: ImageU8, width: int, height: int) -> ImageU8:
    """Return the ink that is part of a rectangle of ink of this size, in pixels."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((height, width), np.uint8)), np.uint8)


def _middles(reading: LineReading, ink: ImageU8) -> F64:
    """Return the middle of each character in pixels, (n,); evenly apart where the engine does not know."""
    width, length = ink.shape[1], len(reading.text)
    if len(reading.positions) == length:
        return np.array([position * width for position in reading.positions], np.float64)
    inked = np.flatnonzero(ink.any(0))
    first, last = (inked[0], inked[-1] + 1) if len(inked) else (0, width)
    middles: F64 = first + (np.arange(length) + 0.5) / length * (last - first)
    return middles


def _borders(inked: Mask, words: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Return the columns between which each word's ink lies.

    Args:
        inked: Whether each column has ink, (W,).
        words: Middles of each word's first and last character, in pixels.
    """
    gaps = [_gap(inked, end, start) for (_, end), (start, _) in pairwise(words)]
    return list(zip([0, *(right for _, right in gaps)], [*(left for left, _ in gaps), len(inked)], strict=True))


def _gap(inked: Mask, start: float, end: float) -> tuple[int, int]:
    """Return the widest run of columns without ink between two characters' middles, an empty one at the least."""
    first, last = (int(np.clip(place, 0, len(inked))) for place in (start, math.ceil(end)))
    edges = np.flatnonzero(np.diff(np.concatenate([[True], inked[first:last], [True]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        middle = (first + last) // 2
        return middle, middle
    widest = int((ends - starts).argmax())
    return first + int(starts[widest]), first + int(ends[widest])


def _inked(ink: ImageU8, left: int, right: int) -> Box | None:
    """Return the box of the ink between two columns, in pixels; None where there is none."""
    part = ink[:, left:right]
    columns, rows = np.flatnonzero(part.any(0)), np.flatnonzero(part.any(1))
    if not len(columns):
        return None
    return float(left + columns[0]), float(rows[0]), float(left + columns[-1] + 1), float(rows[-1] + 1)


def _uninked(left: float, right: float, height: int) -> Box:
    return max(0.0, left), _UNINKED_TOP * height, max(0.0, right), _UNINKED_BOTTOM * height
