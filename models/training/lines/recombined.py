"""New text in real handwriting: pieces of a writer's transcribed lines put together at their letters.

Real lines are few and French; the strokes in them are those of real pens. A line is cut between letters by its
alignment (`aligned.py`), at the column with the least ink near the middle between two letters.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.pages.ink import ink_coverage, paper_by_closing
from models.training.forking import opencv_on_one_thread
from models.training.lines.aligned import Alignment
from models.training.lines.handwritten import HandwrittenLine
from models.training.synthesis.choices import one_of
from models.training.synthesis.lines import PlacedInk, cropped, on_one_baseline

_HEIGHT_PX = 60  # of lines while they are cut
_MIN_INK_DEPTH = 16  # grey levels between ink and paper: less is the grain of the paper
_LONGEST_PIECE = 5  # letters
_MIN_LETTER_PROB = 0.5  # of each letter of a piece in its alignment: a lower one is often cut in the wrong place
_CUT_REACH = 0.35  # of the distance between two letters: how far from the middle a cut may be
_BODY_FRACTION = 0.45  # of the fullest row's ink: rows with more are between baseline and x-height
_BODY_PX = (12, 30)  # x-heights of lines that are used, at a height of 60
_MIN_PIECES_OF_WRITER = 150  # letters; a writer with fewer gets only those of others


class _Piece(NamedTuple):
    """Letters `first` to `last` of a line."""

    line: int
    first: int
    last: int


class CutLine(NamedTuple):
    """A line's ink, (60, w) uint8, the edges between its letters, and the rows of its x-height and baseline."""

    ink: ImageU8
    edges: Sequence[int]
    top: float
    base: float


class Recombiner:
    """Draws text with pieces of lines."""

    def __init__(
        self, lines: Sequence[HandwrittenLine], alignments: Sequence[Alignment], processes: int = 1
    ) -> None:
        """Cut the lines, in several processes. Those that cannot be cut well are left out.

        A writer is a document of a source.
        """
        self._lines: list[CutLine] = []
        self._pieces: dict[str, dict[str, list[_Piece]]] = {}
        self._all: dict[str, list[_Piece]] = {}
        sizes: dict[str, int] = {}
        with opencv_on_one_thread(), multiprocessing.Pool(processes) as pool:
            cuts = pool.starmap(cut, zip(lines, alignments, strict=True), chunksize=64)
        for line, alignment, parts in zip(lines, alignments, cuts, strict=True):
            if parts is None:
                continue
            text, writer = line.text, f"{line.source}/{line.document}"
            certain = alignment.probabilities >= _MIN_LETTER_PROB
            own = self._pieces.setdefault(writer, {})
            for first in range(len(text)):
                for last in range(first + 1, min(len(text), first + _LONGEST_PIECE) + 1):
                    if text[last - 1] == " " or not certain[last - 1]:
                        break
                    piece = _Piece(len(self._lines), first, last)
                    own.setdefault(text[first:last], []).append(piece)
                    if last == first + 1:
                        self._all.setdefault(text[first], []).append(piece)
                        sizes[writer] = sizes.get(writer, 0) + 1
            self._lines.append(parts)
        self._writers = [writer for writer, size in sizes.items() if size >= _MIN_PIECES_OF_WRITER]
        odds = np.sqrt([sizes[writer] for writer in self._writers])
        self._odds = odds / max(1e-9, odds.sum())

    def __len__(self) -> int:
        """Return how many writers there are."""
        return len(self._writers)

    def line(self, rng: np.random.Generator, text: str) -> ImageU8 | None:
        """Return a line as black on white, (h, w) uint8; None where nobody wrote one of its characters."""
        if not set(text) - {" "} <= self._all.keys() or not self._writers:
            return None
        own = self._pieces[self._writers[int(rng.choice(len(self._writers), p=self._odds))]]
        body = float(rng.uniform(14, 22))
        gap, tightness = body * rng.uniform(0.6, 1.8), rng.uniform(-0.1, 0.04)
        drift, wander = rng.normal(0, 0.01), body * rng.uniform(0, 0.05)
        placed: list[PlacedInk] = []
        left = 0.0
        for word in text.split():
            offset = rng.normal(0, 0.06) * body
            for piece in self._spelt(rng, word, own):
                ink, base = self._drawn(rng, piece, body)
                placed.append(PlacedInk(ink, left, base - offset - drift * left + rng.normal(0, wander)))
                left += ink.shape[1] * (1 + tightness) if ink.shape[1] > body / 2 else ink.shape[1]
            left += gap * rng.uniform(0.6, 1.5)
        sheet = on_one_baseline(placed)
        return cropped(sheet) if sheet.max() > 0.2 else None

    def _spelt(self, rng: np.random.Generator, word: str, own: dict[str, list[_Piece]]) -> list[_Piece]:
        """Return pieces that spell a word: long ones mostly, by the writer where there are any."""
        pieces: list[_Piece] = []
        start = 0
        while start < len(word):
            length = min(len(word) - start, int(rng.integers(1, _LONGEST_PIECE + 1)))
            while length > 1 and word[start : start + length] not in own:
                length -= 1
            choices = own.get(word[start : start + length]) or self._all[word[start]]
            pieces.append(one_of(rng, choices))
            start += length
        return pieces

    def _drawn(self, rng: np.random.Generator, piece: _Piece, body: float) -> tuple[F32, float]:
        """Return a piece's ink at an x-height, and the row of its baseline."""
        line = self._lines[piece.line]
        ink = line.ink[:, line.edges[piece.first] : line.edges[piece.last]]
        scale = body / (line.base - line.top)
        size = max(1, round(ink.shape[1] * scale * rng.uniform(0.93, 1.07))), max(1, round(ink.shape[0] * scale))
        drawn = cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(drawn / np.float32(255), np.float32), line.base * scale


def cut(handwritten: HandwrittenLine, alignment: Alignment) -> CutLine | None:
    """Return a line in pieces; None where it has no alignment, hardly any ink, or no clear x-height."""
    if len(alignment.middles) < 2:
        return None
    picture = handwritten.pixels()
    width = max(16, round(picture.shape[1] * _HEIGHT_PX / picture.shape[0]))
    line = np.asarray(cv2.resize(picture, (width, _HEIGHT_PX), interpolation=cv2.INTER_AREA), np.uint8)
    paper = paper_by_closing(line, _HEIGHT_PX // 2 | 1, smooth=True)
    ink = ink_coverage(line, paper, full_percentile=97, min_depth=_MIN_INK_DEPTH, floor=0.25, span=0.65)
    if ink.depth < _MIN_INK_DEPTH:
        return None
    rows = cv2.blur(ink.coverage.sum(1, keepdims=True), (1, 3)).ravel()
    full = np.flatnonzero(rows >= _BODY_FRACTION * rows.max())
    top, base = float(full[0]), float(full[-1] + 1)
    if not _BODY_PX[0] <= base - top <= _BODY_PX[1]:
        return None
    edges = _edges(ink.coverage.sum(0), alignment.middles * width, handwritten.text)
    return CutLine(np.asarray(255 * np.clip(ink.coverage, 0, 1), np.uint8), edges, top, base)


def _edges(ink: F32, middles: F32, text: str) -> list[int]:
    """Return the columns between letters, one more than there are letters; beside a space, where ink ends."""
    smooth = cv2.blur(ink[None, :], (3, 1)).ravel()
    edges = [0]
    for left, right in pairwise(middles.tolist()):
        reach = max(1.0, _CUT_REACH * (right - left))
        low = max(edges[-1] + 1, round(float((left + right) / 2 - reach)))
        high = min(len(ink) - 1, round(float((left + right) / 2 + reach)))
        if high <= low:
            edges.append(min(len(ink) - 1, max(edges[-1], low)))
            continue
        window = smooth[low : high + 1] + 0.02 * np.abs(np.arange(low, high + 1) - (left + right) / 2)
        edges.append(low + int(window.argmin()))
    edges.append(len(ink))
    for number, character in enumerate(text):
        # a word's letters end where its ink does, not in the middle of the gap
        if character == " ":
            edges[number] = _back(ink, edges[number - 1] if number else 0, edges[number])
            edges[number + 1] = _on(
                ink, edges[number + 1], edges[number + 2] if number + 2 < len(edges) else len(ink)
            )
    edges[0] = _on(ink, edges[0], edges[1])
    edges[-1] = _back(ink, edges[-2], edges[-1])
    return edges


def _back(ink: F32, least: int, edge: int) -> int:
    """Return the end of the last ink between two columns."""
    inked = np.flatnonzero(ink[least:edge] > 0.3)
    return least + int(inked[-1]) + 1 if len(inked) else edge


def _on(ink: F32, edge: int, most: int) -> int:
    """Return the beginning of the first ink between two columns."""
    inked = np.flatnonzero(ink[edge:most] > 0.3)
    return edge + int(inked[0]) if len(inked) else edge
