"""Fine-tunes a network to leave out crossed-out words, and changes nothing else: it is its own teacher.

For a line, the target is what the network predicted before fine-tuning. For the same line with a crossed-out word
inserted, the target is the same, with blanks at that word's steps. Transcriptions are not used, so that handwriting
is recognised as before (learning without forgetting, Li and Hoiem 2016).
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
from models.training.lines.loop import TrainStep
from models.training.lines.mixture import BATCH_WIDTH_PX, STRIDE_PX, Mixture, grouped, padded, padded_width
from models.training.lines.network import OnnxNetwork
from models.training.synthesis.augment import augment_appearance, augment_geometry
from models.training.synthesis.crossed_out import with_word_crossed_out

_HEIGHT_PX = 96  # of lines while a word is inserted: twice what the network takes
_CROSSED_OUT_FRACTION = 0.6  # fraction of the lines that get a word
_MAX_WIDTH_PX = 768  # at the network's height
_POOL_LINES = 96  # sorted by width together


class Pair(NamedTuple):
    """A line as the network takes it, (3, 48, w): clean, and with a crossed-out word.

    `first_step` is the output step at which the word begins, `steps` how many it takes; 0 where there is none.
    """

    clean: F32
    crossed_out: F32
    first_step: int
    steps: int


def pairs(mixture: Mixture, rng: np.random.Generator) -> Iterator[Pair]:
    """Yield lines without end. In some of them both pictures are the same, and `steps` is 0."""
    grid = STRIDE_PX * _HEIGHT_PX // 48
    for source in mixture.lines(rng):
        line = augment_geometry(rng, source.picture)
        high = cv2.resize(line, (max(1, round(line.shape[1] * _HEIGHT_PX / len(line))), _HEIGHT_PX))
        line = np.pad(high, ((0, 0), (0, -line.shape[1] % grid)), mode="edge")
        crossed_out, column, width = line, 0, 0
        if rng.random() < _CROSSED_OUT_FRACTION:
            crossed_out, column, width = with_word_crossed_out(rng, line, grid)
        # both pictures get the same pen, paper and noise
        seed = int(rng.integers(1 << 32))
        clean, after = (
            network_input(augment_appearance(np.random.default_rng(seed), picture, source.synthetic))
            for picture in (line, crossed_out)
        )
        if after.shape[2] <= _MAX_WIDTH_PX:
            yield Pair(clean, after, column // grid, width // grid)


def distillation_steps(teacher: OnnxNetwork, lines: Iterator[Pair]) -> Iterator[TrainStep]:
    """Yield steps whose targets are the teacher's predictions, with blanks where a word is crossed out."""
    while True:
        pool = sorted((next(lines) for _ in range(_POOL_LINES)), key=lambda line: line.crossed_out.shape[2])
        groups = grouped(pool, lambda line: int(line.crossed_out.shape[2]), BATCH_WIDTH_PX)
        for number in np.random.default_rng(pool[0].crossed_out.shape[2]).permutation(len(groups)):
            yield _step(teacher, groups[int(number)])


def distillation_loss(logits: torch.Tensor, targets: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean cross entropy of logits to soft targets, both (N, T, C), at the steps of a mask, (N, T)."""
    log_probs = functional.log_softmax(logits.float(), 2)
    targets, mask = targets.to(logits.device), mask.to(logits.device)
    return -((targets * log_probs).sum(2) * mask).sum() / mask.sum()


def _step(teacher: OnnxNetwork, lines: list[Pair]) -> TrainStep:
    clean, crossed_out = _stacked([line.clean for line in lines]), _stacked([line.crossed_out for line in lines])
    device = next(teacher.parameters()).device
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
        predicted = teacher(torch.from_numpy(clean).to(device)).float().softmax(2).cpu()
    steps = crossed_out.shape[3] // STRIDE_PX
    targets, mask = torch.zeros(len(lines), steps, predicted.shape[2]), torch.zeros(len(lines), steps)
    for row, line in enumerate(lines):
        own, first = line.clean.shape[2] // STRIDE_PX, line.first_step
        blanks = _blanks(line.steps, predicted.shape[2])
        # a last letter may come a step late, where there is one more
        parts = torch.cat([predicted[row, :first], blanks, predicted[row, first : own + 1]])[:steps]
        targets[row, : len(parts)], mask[row, : len(parts)] = parts, 1
    return TrainStep(crossed_out, partial(distillation_loss, targets=targets, mask=mask))


def _blanks(steps: int, characters: int) -> torch.Tensor:
    blanks = torch.zeros(steps, characters)
    blanks[:, 0] = 1
    return blanks


def _stacked(pictures: list[F32]) -> F32:
    width = max(padded_width(picture) for picture in pictures)
    return np.stack([padded(picture, width) for picture in pictures])
