"""Training lines sampled from every source by its weight, whatever its size, in batches of one width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from models.arrays import F32, ImageU8
from models.recognition.line_images import network_input
from models.training.lines.handwritten import HandwrittenLine
from models.training.synthesis.augment import augment
from models.training.synthesis.lines import handwritten_line, has_glyphs, has_only_capitals, printed_line
from models.training.synthesis.text import EnglishText

Example = tuple[ImageU8, str]
T = TypeVar("T")

STRIDE_PX = 8  # of width per step of the output
BUCKET_PX = 64  # widths are padded to multiples of it
BATCH_WIDTH_PX = 5120  # the widest line of a batch, times their number
_MAX_WIDTH_PX = 1024  # at the network's height; a wider line costs more time and is worth no more
_POOL_LINES = 96  # sorted by width together, so that a batch has little padding

SYNTHETIC_HANDWRITING = "synthetic-handwriting"
SYNTHETIC_PRINT = "synthetic-print"
# Modern sources and those of many writers weigh more than they have lines. Synthetic lines are English.
SOURCE_WEIGHTS: Mapping[str, float] = {
    SYNTHETIC_HANDWRITING: 0.42, SYNTHETIC_PRINT: 0.14, "memorials": 0.06, "testaments-de-poilus": 0.12,
    "peraire": 0.08, "lectaurep-repertoires": 0.06, "cremma-mss-19": 0.03, "tables-decennales": 0.02,
    "lectaurep-mariages": 0.03, "timeus": 0.01, "doniau-danest": 0.01, "cremma-mss-20": 0.02,
}  # fmt: skip


class SourceLine(NamedTuple):
    """A line, (h, w) uint8 with dark ink, and its text; whether a font drew it, and whether it is print."""

    picture: ImageU8
    text: str
    synthetic: bool
    printed: bool


@dataclass(frozen=True, slots=True)
class Mixture:
    """The sources of training lines.

    Attributes:
        text: What synthetic lines are of.
        handwriting_fonts: Files.
        print_fonts: Files.
        real: Lines of every other source.
        characters: The network's alphabet; lines with others are skipped.
        weights: How often each source is sampled, relative to the others that have lines.
    """

    text: EnglishText
    handwriting_fonts: Sequence[Path]
    print_fonts: Sequence[Path]
    real: Sequence[HandwrittenLine]
    characters: frozenset[str]
    weights: Mapping[str, float] = field(default_factory=lambda: SOURCE_WEIGHTS)

    def examples(self, rng: np.random.Generator) -> Iterator[Example]:
        """Yield augmented lines, (h, w) uint8, with their text, without end."""
        for line in self.lines(rng):
            yield augment(rng, line.picture, line.synthetic, line.printed), line.text

    def lines(self, rng: np.random.Generator) -> Iterator[SourceLine]:
        """Yield lines as their source has them, without end."""
        by_source: dict[str, list[HandwrittenLine]] = {}
        for line in self.real:
            by_source.setdefault(line.source, []).append(line)
        synthetic = {SYNTHETIC_HANDWRITING, SYNTHETIC_PRINT}
        names = [name for name in self.weights if name in by_source or name in synthetic]
        weights = np.array([self.weights[name] for name in names])
        while True:
            name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
            example = self._synthetic(rng, name) if name in synthetic else _real(rng, by_source[name])
            if example is not None and example.text and self.characters.issuperset(example.text):
                yield example

    def _synthetic(self, rng: np.random.Generator, name: str) -> SourceLine | None:
        """Return a synthetic line, None where the font lacks a character of its text."""
        text = " ".join(self.text.line(rng).split())
        printed = name == SYNTHETIC_PRINT
        fonts = self.print_fonts if printed else self.handwriting_fonts
        font = fonts[int(rng.integers(0, len(fonts)))]
        if not printed and has_only_capitals(font):
            text = text.upper()
        if not has_glyphs(font, text):
            return None
        line = printed_line(rng, text, font) if printed else handwritten_line(rng, text, font)
        return SourceLine(line, text, synthetic=True, printed=printed)


def batches(examples: Iterator[Example]) -> Iterator[tuple[F32, list[str], list[int]]]:
    """Yield lines as the network takes them, (N, 3, 48, W) float32, their texts, and their own widths in pixels."""
    while True:
        pool: list[tuple[F32, str]] = []
        while len(pool) < _POOL_LINES:
            line, text = next(examples)
            planes = network_input(line)
            if planes.shape[2] <= _MAX_WIDTH_PX and steps_needed(text) <= planes.shape[2] // STRIDE_PX:
                pool.append((planes, text))
        pool.sort(key=lambda example: example[0].shape[2])
        groups = grouped(pool, lambda example: padded_width(example[0]), BATCH_WIDTH_PX)
        for number in np.random.default_rng(len(pool[0][1])).permutation(len(groups)):
            group = groups[int(number)]
            width = padded_width(group[-1][0])
            yield (
                np.stack([padded(planes, width) for planes, _ in group]),
                [text for _, text in group],
                [planes.shape[2] for planes, _ in group],
            )


def grouped(pool: Sequence[T], size: Callable[[T], int], most: int) -> list[list[T]]:
    """Return a pool that is sorted by size in batches whose largest, times their number, is at most `most`."""
    groups: list[list[T]] = [[]]
    for one in pool:
        if groups[-1] and (len(groups[-1]) + 1) * size(one) > most:
            groups.append([])
        groups[-1].append(one)
    return groups


def padded(planes: F32, width: int) -> F32:
    """Return a line padded with zeros on the right to a width."""
    return np.pad(planes, ((0, 0), (0, 0), (0, width - planes.shape[2])))


def padded_width(planes: F32) -> int:
    """Return the width of a line's bucket."""
    return int(planes.shape[2] + -planes.shape[2] % BUCKET_PX)


def steps_needed(text: str) -> int:
    """Return how many steps CTC needs for a text: one a character, and a blank between two that are the same."""
    return len(text) + sum(one == other for one, other in pairwise(text))


def _real(rng: np.random.Generator, lines: Sequence[HandwrittenLine]) -> SourceLine:
    line = lines[int(rng.integers(0, len(lines)))]
    return SourceLine(line.pixels(), line.text, synthetic=False, printed=False)
