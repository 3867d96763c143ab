"""Training lines sampled from every source by its weight, whatever its size, in batches of one width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import numpy as np

from models.arrays import F32, ImageU8
from models.recognition.line_images import network_input
from models.training.lines.drawn import (
    MATERIALS,
    MIXED_FONTS,
    RECOMBINED,
    SYNTHETIC_HANDWRITING,
    SYNTHETIC_PRINT,
    DrawnLines,
    SourceLine,
)
from models.training.lines.handwritten import HandwrittenLine
from models.training.synthesis.augment import augment, augment_geometry
from models.training.synthesis.choices import one_of

Example = tuple[ImageU8, str]
Batch = tuple[F32, list[str], list[int]]
"""Lines as the network takes them, (N, 3, 48, W), their texts, and their own widths in pixels."""
T = TypeVar("T")

STRIDE_PX = 8  # of width per step of the output
BUCKET_PX = 64  # widths are padded to multiples of it
BATCH_WIDTH_PX = 5120  # the widest line of a batch, times their number
_MAX_WIDTH_PX = 1024  # at the network's height; a wider line costs more time and is worth no more
_MAX_LINES = 256  # of a batch of even ones: short lines would be many
_POOL_LINES = 96  # sorted by width together, so that a batch has little padding

# Modern sources and those of many writers weigh more than they have lines. Synthetic lines are English.
SOURCE_WEIGHTS: Mapping[str, float] = {
    SYNTHETIC_HANDWRITING: 0.42, SYNTHETIC_PRINT: 0.14, "memorials": 0.06, "testaments-de-poilus": 0.12,
    "peraire": 0.08, "lectaurep-repertoires": 0.06, "cremma-mss-19": 0.03, "tables-decennales": 0.02,
    "lectaurep-mariages": 0.03, "timeus": 0.01, "doniau-danest": 0.01, "cremma-mss-20": 0.02,
}  # fmt: skip
# One recogniser for all: print of every material, and fonts mixed letter by letter. With these weights the network
# that is distributed was trained. Recombined strokes stay out until their gain is shown (deploy/docs/lab-log.md).
WIDE_SOURCE_WEIGHTS: Mapping[str, float] = {
    SYNTHETIC_HANDWRITING: 0.26, MIXED_FONTS: 0.20, RECOMBINED: 0.0, SYNTHETIC_PRINT: 0.05, MATERIALS: 0.20,
    "memorials": 0.03, "memorials-print": 0.01, "testaments-de-poilus": 0.08, "peraire": 0.06,
    "lectaurep-repertoires": 0.05, "cremma-mss-19": 0.03, "tables-decennales": 0.01, "lectaurep-mariages": 0.01,
    "timeus": 0.01, "doniau-danest": 0.005, "cremma-mss-20": 0.005,
}  # fmt: skip
MIXTURES: Mapping[str, Mapping[str, float]] = {"handwriting": SOURCE_WEIGHTS, "wide": WIDE_SOURCE_WEIGHTS}
PRINTED_SOURCES = ("memorials-print",)


@dataclass(frozen=True, slots=True)
class Mixture:
    """The sources of training lines.

    Attributes:
        drawn: Draws synthetic lines.
        real: Lines of every other source.
        characters: The network's alphabet; lines with others are skipped.
        weights: How often each source is sampled, relative to the others that have lines.
    """

    drawn: DrawnLines
    real: Sequence[HandwrittenLine]
    characters: frozenset[str]
    weights: Mapping[str, float] = field(default_factory=lambda: SOURCE_WEIGHTS)

    def examples(self, rng: np.random.Generator) -> Iterator[Example]:
        """Yield augmented lines, (h, w) uint8, with their text, without end."""
        for line in self.lines(rng):
            yield augmented(rng, line), line.text

    def lines(self, rng: np.random.Generator) -> Iterator[SourceLine]:
        """Yield lines as their source has them, without end."""
        by_source: dict[str, list[HandwrittenLine]] = {}
        for line in self.real:
            by_source.setdefault(line.source, []).append(line)
        names = [name for name in self.weights if name in by_source or name in self.drawn.sources]
        weights = np.array([self.weights[name] for name in names])
        while True:
            name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
            example = _real(rng, by_source[name]) if name in by_source else self.drawn.line(rng, name)
            if example is not None and example.text and self.characters.issuperset(example.text):
                yield example


def augmented(rng: np.random.Generator, line: SourceLine) -> ImageU8:
    """Return a line in another look; one that is finished only moves a little."""
    if not line.finished:
        return augment(rng, line.picture, line.synthetic, line.printed)
    return augment_geometry(rng, line.picture, 0.03) if rng.random() < 0.5 else line.picture


def batches(examples: Iterator[Example]) -> Iterator[Batch]:
    """Yield batches of lines that are sorted by width, so that little is padded."""
    while True:
        pool: list[tuple[F32, str]] = []
        while len(pool) < _POOL_LINES:
            line, text = next(examples)
            planes = network_input(line)
            if _fits(planes, text):
                pool.append((planes, text))
        pool.sort(key=lambda example: example[0].shape[2])
        groups = grouped(pool, lambda example: padded_width(example[0]), BATCH_WIDTH_PX)
        for number in np.random.default_rng(len(pool[0][1])).permutation(len(groups)):
            group = groups[int(number)]
            yield _batch(group, padded_width(group[-1][0]))


def even_batches(examples: Iterator[Example], batch_width_px: int) -> Iterator[Batch]:
    """Yield batches like `batches`, those of one width all with the same number of lines.

    On CUDA each new shape of a batch costs from .15 s (NCHW) to 3 s (NHWC in bfloat16): cuDNN plans every
    convolution for it.
    """
    waiting: dict[int, list[tuple[F32, str]]] = {}
    for line, text in examples:
        planes = network_input(line)
        width = padded_width(planes)
        if not _fits(planes, text):
            continue
        group = waiting.setdefault(width, [])
        group.append((planes, text))
        if len(group) == max(1, min(_MAX_LINES, batch_width_px // width)):
            yield _batch(waiting.pop(width), width)


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


def _fits(planes: F32, text: str) -> bool:
    """Return whether a line is short enough to train on, and long enough for CTC to align its text."""
    width = int(planes.shape[2])
    return width <= _MAX_WIDTH_PX and steps_needed(text) <= width // STRIDE_PX


def _batch(lines: Sequence[tuple[F32, str]], width: int) -> Batch:
    return (
        np.stack([padded(planes, width) for planes, _ in lines]),
        [text for _, text in lines],
        [planes.shape[2] for planes, _ in lines],
    )


def _real(rng: np.random.Generator, lines: Sequence[HandwrittenLine]) -> SourceLine:
    line = one_of(rng, lines)
    return SourceLine(line.pixels(), line.text, synthetic=False, printed=line.source in PRINTED_SOURCES)
