"""Teaches a network to leave out words that are crossed out, and nothing else: it is its own teacher.

Of a line it is to tell what it told before it learnt; of the same line with a word crossed out it is to tell the
same, and blanks where that word stands. What lines say is not asked, so that other hands are read as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.nn import functional

from models.arrays import F32
from models.recognition.line_images import network_input
from models.training.lines.loop import Step
from models.training.lines.mixture import AT_ONCE, STRIDE, Mixture, grouped, padded, padded_width
from models.training.lines.network import OnnxNetwork
from models.training.synthesis.augment import augment_appearance, augment_geometry
from models.training.synthesis.crossed_out import with_word_crossed_out

_HEIGHT = 96  # pixels that lines are made before a word is put in: twice what the network takes
_CROSSED = 0.6  # share of lines
_WIDEST = 768  # pixels at the network's height


class Pair(NamedTuple):
    """A line as the network takes it, (3, 48, w): as it was, and with a word crossed out.

    `place` is the step of the output where the word begins, and `steps` how many there are of it.
    """

    before: F32
    after: F32
    place: int
    steps: int


def pairs(mixture: Mixture, rng: np.random.Generator) -> Iterator[Pair]:
    """Yield lines of handwriting without end; of some of them both pictures are the same, with no steps."""
    grid = STRIDE * _HEIGHT // 48
    for source in mixture.lines(rng):
        line = augment_geometry(rng, source.picture)
        high = cv2.resize(line, (max(1, round(line.shape[1] * _HEIGHT / len(line))), _HEIGHT))
        line = np.pad(high, ((0, 0), (0, -line.shape[1] % grid)), mode="edge")
        crossed, place, width = line, 0, 0
        if rng.random() < _CROSSED:
            crossed, place, width = with_word_crossed_out(rng, line, grid)
        seed = int(rng.integers(1 << 32))
        before, after = (
            network_input(augment_appearance(np.random.default_rng(seed), picture, source.drawn))
            for picture in (line, crossed)
        )
        if after.shape[2] <= _WIDEST:
            yield Pair(before, after, place // grid, width // grid)


def correcting(teacher: OnnxNetwork, lines: Iterator[Pair]) -> Iterator[Step]:
    """Yield steps that teach a network to tell what the teacher tells, and blanks for what is crossed out."""
    while True:
        pool = sorted((next(lines) for _ in range(96)), key=lambda line: line.after.shape[2])
        groups = grouped(pool, lambda line: int(line.after.shape[2]), AT_ONCE)
        for number in np.random.default_rng(pool[0].after.shape[2]).permutation(len(groups)):
            yield _step(teacher, groups[int(number)])


def agreement(scores: torch.Tensor, told: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return the cross entropy of scores to what was told, both (N, T, C), at the steps that count, (N, T)."""
    likely = functional.log_softmax(scores.float(), 2)
    told, counts = told.to(scores.device), counts.to(scores.device)
    return -((told * likely).sum(2) * counts).sum() / counts.sum()


def _step(teacher: OnnxNetwork, lines: list[Pair]) -> Step:
    before, after = _stacked([line.before for line in lines]), _stacked([line.after for line in lines])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        told = teacher(torch.from_numpy(before)).float().softmax(2)
    steps = after.shape[3] // STRIDE
    wanted, counts = torch.zeros(len(lines), steps, told.shape[2]), torch.zeros(len(lines), steps)
    for row, line in enumerate(lines):
        own, place = line.before.shape[2] // STRIDE, line.place
        parts = [told[row, :place], _blanks(line.steps, told.shape[2]), told[row, place : own + 1]]
        together = torch.cat(parts)[:steps]  # a last letter may come a step late, where there is one more
        wanted[row, : len(together)], counts[row, : len(together)] = together, 1
    return Step(after, partial(agreement, told=wanted, counts=counts))


def _blanks(steps: int, characters: int) -> torch.Tensor:
    blanks = torch.zeros(steps, characters)
    blanks[:, 0] = 1
    return blanks


def _stacked(pictures: list[F32]) -> F32:
    width = max(padded_width(picture) for picture in pictures)
    return np.stack([padded(picture, width) for picture in pictures])
