"""Crossed-out words, inserted into a line at a gap. They are no part of the line's transcription."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.pages.ink import Ink, ink_coverage, paper_by_closing

_MIN_INK_DEPTH = 16  # grey levels between ink and paper: less is the grain of the paper
_MIN_GAP = 0.3  # of the height: narrower gaps may be within a word
_SUPERSAMPLING = 4  # strokes are drawn this much larger, then downscaled


class CrossedOutLine(NamedTuple):
    """A line, (h, w) uint8, and the inserted part of it: its first column and its width in pixels."""

    picture: ImageU8
    column: int
    width: int


def with_word_crossed_out(rng: np.random.Generator, line: ImageU8, grid: int = 1) -> CrossedOutLine:
    """Return a line with one more word, which is crossed out with several strokes; width 0 where it has no ink.

    Args:
        rng: Chooses word, position and strokes.
        line: (h, w) uint8 grey with dark ink.
        grid: Pixels that the column and the width are multiples of, as far as the line is long enough.

    The word is a piece of the line itself, so that the pen is the same. It is put into a gap or at an end. A single
    stroke does not count: such a word can still be read, and ruled paper has strokes like that.
    """
    height = len(line)
    ink, depth = _ink_of(line)
    if depth == 0:
        return CrossedOutLine(line, 0, 0)
    word = _piece(rng, ink)
    crossed = np.maximum(word, _strokes_over(rng, word, _pen_width(ink)))
    before, after = round(height * rng.uniform(0.1, 0.4)), round(height * rng.uniform(0.1, 0.5))
    to_grid = -(crossed.shape[1] + before + after) % grid
    crossed = np.pad(crossed, ((0, 0), (before, after + to_grid)))
    column = min(round(_insertion_column(rng, ink) / grid) * grid, line.shape[1])
    patch = _blank_paper(rng, line, ink, column, crossed.shape[1]) - crossed * depth * rng.uniform(0.8, 1.2)
    word = np.asarray(np.clip(patch, 0, 255), np.uint8)
    return CrossedOutLine(np.concatenate([line[:, :column], word, line[:, column:]], 1), column, word.shape[1])


def _ink_of(line: ImageU8) -> Ink:
    """Return how much of each pixel is ink, in [0, 1], and how many grey levels darker than paper it is, or 0."""
    size = max(3, len(line) // 2 | 1)
    paper = paper_by_closing(line, size, smooth=True)
    # as recognition looks for words that are crossed out, in grey levels
    ink = ink_coverage(line, paper, full_percentile=97, min_depth=_MIN_INK_DEPTH, floor=0.25, span=0.65)
    return ink if ink.depth >= _MIN_INK_DEPTH else Ink(np.zeros(line.shape, np.float32), 0.0)


def _blank_paper(rng: np.random.Generator, line: ImageU8, ink: F32, column: int, width: int) -> F32:
    """Return paper as it is around a column, (h, width): with the tone and grain of the blank pixels there."""
    height = len(line)
    near = slice(max(0, column - height), column + height)
    blank = cv2.dilate(ink, np.ones((5, 5), np.uint8))[:, near] < 0.1
    shades = line[:, near].astype(np.float32)
    if not blank.any():
        return np.full((height, width), shades.max(), np.float32)
    usual = float(np.median(shades[blank]))
    tones = [float(np.median(row[free])) if free.any() else usual for row, free in zip(shades, blank, strict=True)]
    smooth = cv2.blur(np.array(tones, np.float32)[:, None], (1, 5))
    grain = (shades - smooth)[blank]
    return np.asarray(smooth + rng.choice(grain, (height, width)), np.float32)


def _insertion_column(rng: np.random.Generator, ink: F32) -> int:
    """Return the column of a wide gap, or of one of the line's ends."""
    columns = np.flatnonzero((ink > 0.5).sum(0) > 0)
    if not len(columns):
        return 0
    wide = np.flatnonzero(np.diff(columns) >= _MIN_GAP * len(ink))
    gaps = ((columns[wide] + columns[wide + 1]) // 2).tolist()
    return int(rng.choice(gaps if gaps and rng.random() < 0.85 else [0, ink.shape[1]]))


def _piece(rng: np.random.Generator, ink: F32) -> F32:
    """Return the ink of a piece of the line, from one to five times as wide as high."""
    height, width = ink.shape
    wide = min(width, round(height * float(np.exp(rng.uniform(-0.5, 1.5)))))
    left = int(rng.integers(0, width - wide + 1))
    return ink[:, left : left + wide]


def _pen_width(ink: F32) -> float:
    """Return the stroke width in pixels, from the distance transform along the strokes' ridges."""
    inside = cv2.distanceTransform((ink > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    ridge = inside[(inside > 0) & (inside == cv2.dilate(inside, np.ones((3, 3), np.uint8)))]
    return float(np.clip(2 * np.median(ridge) - 0.5, 1, len(ink) / 8)) if len(ridge) else 1.0


def _strokes_over(rng: np.random.Generator, word: F32, pen: float) -> F32:
    """Return the ink of strokes over a whole word, (h, w): to and fro, zigzags, loops or hatching."""
    height, width = word.shape
    weight = word.sum(1) + 1e-3
    middle = float((weight * np.arange(height)).sum() / weight.sum())
    strokes = [_to_and_fro, _zigzag, _loops, _hatching][int(rng.choice(4, p=[0.4, 0.3, 0.15, 0.15]))]
    sheet = np.zeros((height * _SUPERSAMPLING, width * _SUPERSAMPLING), np.uint8)
    thick = max(1, round(_SUPERSAMPLING * pen * rng.uniform(0.8, 1.6)))
    for _ in range(1 if rng.random() < 0.6 else 2):
        for path in strokes(rng, width, height):
            shaken = path + np.array([0.0, middle]) + rng.normal(0, 0.02 * height, path.shape)
            points = np.round(_smooth(shaken.astype(np.float32)) * _SUPERSAMPLING).astype(np.int32)
            cv2.polylines(sheet, [points], False, 255, thick, cv2.LINE_AA)
    ink = cv2.resize(sheet, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(ink / 255 * rng.uniform(0.8, 1.0), np.float32)


def _to_and_fro(rng: np.random.Generator, width: int, height: int) -> list[F32]:
    """Return one path of horizontal strokes from one end of the word to the other and back."""
    count, reach = int(rng.integers(4, 10)), height * rng.uniform(0.08, 0.25)
    y = np.linspace(-reach, reach, count)
    if rng.random() < 0.5:
        rng.shuffle(y)
    near, far = width * rng.uniform(-0.02, 0.1, count), width * (1 - rng.uniform(-0.02, 0.1, count))
    x = np.where(np.arange(count) % 2, near, far)
    back = np.where(np.arange(count) % 2, far, near)
    points = np.stack([np.stack([back, x], 1).ravel(), np.repeat(y, 2)], 1)
    return [points.astype(np.float32)]


def _zigzag(rng: np.random.Generator, width: int, height: int) -> list[F32]:
    """Return a zigzag along the word."""
    count = max(5, round(width / (height * rng.uniform(0.05, 0.16))))
    reach = height * rng.uniform(0.15, 0.4) * rng.uniform(0.7, 1.2, count) * (-1) ** np.arange(count)
    return [np.stack([np.linspace(0, width, count), reach], 1).astype(np.float32)]


def _loops(rng: np.random.Generator, width: int, height: int) -> list[F32]:
    """Return loops along the word."""
    count = max(2.0, width / (height * rng.uniform(0.12, 0.3)))
    angle = np.linspace(0, 2 * np.pi * count, round(16 * count))
    reach = height * rng.uniform(0.15, 0.32)
    x = np.linspace(0, width, len(angle)) + reach * rng.uniform(0.5, 1.0) * np.cos(angle)
    return [np.stack([x, reach * np.sin(angle)], 1).astype(np.float32)]


def _hatching(rng: np.random.Generator, width: int, height: int) -> list[F32]:
    """Return slanted strokes side by side, some crossed by others."""
    pitch, reach, slant = height * rng.uniform(0.1, 0.25), height * rng.uniform(0.2, 0.4), rng.uniform(-0.8, 0.8)
    columns = np.arange(pitch / 2, width, pitch)
    paths = [np.array([[x - slant * reach, reach], [x + slant * reach, -reach]], np.float32) for x in columns]
    if rng.random() < 0.5:
        paths += [path * np.array([1, -1], np.float32) for path in paths]
    return paths


def _smooth(path: F32) -> F32:
    """Return a path with its corners rounded off (Chaikin 1974); the ends stay."""
    for _ in range(2):
        near, far = path[:-1] * 0.75 + path[1:] * 0.25, path[:-1] * 0.25 + path[1:] * 0.75
        path = np.concatenate([path[:1], np.stack([near, far], 1).reshape(-1, 2), path[-1:]])
    return path
