"""New lines of real words: lines of a hand are cut at gaps, where these are those of their text, and joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.training.lines.written import WrittenLine

_CLEAR = 1.8  # times as wide as the widest gap within words is the narrowest between them
_LEAST = 0.15  # of the height, that one
_ALIKE = 2.2  # times a line's mean width of a letter, or one of so many: else the gaps are not those between words
_MOST_WORDS = 9
_FEWEST = 12  # words of a document that make a hand


@dataclass(frozen=True, slots=True)
class WordImage:
    """A word's ink, (h, w) float32 in [0, 1] at the height of its line, and what it says."""

    ink: F32
    text: str


def words_of(line: ImageU8, text: str) -> list[WordImage]:
    """Return the words of a line, (h, w) uint8 grey; none where it is not clear which gaps part them."""
    words = text.split()
    if len(words) < 2:
        return []
    ink = _ink_of(line)
    columns = np.flatnonzero((ink > 0.5).sum(0) > 0)
    if not len(columns):
        return []
    steps = np.diff(columns)
    order = np.argsort(-steps, kind="stable")
    between, within = order[: len(words) - 1], order[len(words) - 1 :]
    if len(between) < len(words) - 1:
        return []
    narrowest = int(steps[between].min())
    if narrowest < _LEAST * len(line) or (len(within) and narrowest < _CLEAR * int(steps[within].max())):
        return []
    cuts = sorted((int(columns[place]) + int(columns[place + 1])) // 2 for place in between)
    edges = [max(0, int(columns[0]) - 2), *cuts, min(line.shape[1], int(columns[-1]) + 3)]
    widths = np.diff(edges) / [len(word) + 1 for word in words]
    usual = (edges[-1] - edges[0]) / (len(text) + 1)
    if widths.max() > _ALIKE * usual or widths.min() < usual / _ALIKE:
        return []
    return [WordImage(ink[:, a:b], word) for (a, b), word in zip(pairwise(edges), words, strict=True)]


def hands_of(lines: Iterable[WrittenLine]) -> list[list[WordImage]]:
    """Return the words of each document of which enough can be cut."""
    documents: dict[str, list[WordImage]] = {}
    for line in lines:
        words = words_of(line.pixels(), line.text)
        if words:
            documents.setdefault(f"{line.source} {line.document}", []).extend(words)
    return [words for words in documents.values() if len(words) >= _FEWEST]


def recombined(rng: np.random.Generator, words: Sequence[WordImage]) -> tuple[ImageU8, str]:
    """Return a line of some of a hand's words, black on white, (h, w) uint8, and its text."""
    chosen = [words[int(rng.integers(0, len(words)))] for _ in range(int(rng.integers(1, _MOST_WORDS + 1)))]
    height = max(word.ink.shape[0] for word in chosen)
    gaps = (height * rng.uniform(0.2, 0.6) * rng.uniform(0.7, 1.4, len(chosen))).astype(int)
    parts: list[F32] = []
    for word, gap in zip(chosen, gaps.tolist(), strict=True):
        width = max(1, round(word.ink.shape[1] * height / word.ink.shape[0]))
        parts += [cv2.resize(word.ink, (width, height)).astype(np.float32), np.zeros((height, gap), np.float32)]
    line = np.concatenate(parts[:-1], 1)
    return np.asarray(255 * (1 - line), np.uint8), " ".join(word.text for word in chosen)


def _ink_of(line: ImageU8) -> F32:
    """Return how much of each pixel is ink: 0 as light as the paper around it, 1 as dark as the darkest strokes."""
    size = max(3, len(line) // 2 | 1)
    paper = cv2.morphologyEx(line, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)).astype(np.float32)
    depth = np.maximum(paper - line, 0)
    strokes = float(np.percentile(depth, 98))
    return np.asarray(np.clip((depth / max(strokes, 24.0) - 0.25) / 0.65, 0, 1), np.float32)
