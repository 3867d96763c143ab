"""The training loop of stroke network and head: AdamW, its rate falling along a cosine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.arrays import F32, I64


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Hyperparameters. `decay` is of weights, not of biases; `rate` is the first step's."""

    epochs: int
    batch: int
    rate: float
    decay: float
    seed: int = 0


def parameters_of(layers: Sequence[F32]) -> list[Tensor]:
    """Return weights and biases as trainable tensors."""
    return [torch.from_numpy(layer).clone().requires_grad_() for layer in layers]


def fit_parameters(
    parameters: Sequence[Tensor],
    count: int,
    options: FitOptions,
    rng: np.random.Generator,
    batch_loss: Callable[[I64], Tensor],
) -> list[float]:
    """Fit parameters in place, and return the mean loss of each epoch.

    Args:
        parameters: Weights have two axes or more, biases one.
        count: How many examples there are.
        options: Hyperparameters.
        rng: Shuffles the examples.
        batch_loss: Takes the indices of a batch's examples, (n,), and returns its mean loss.
    """
    weights, biases = ([p for p in parameters if (p.ndim > 1) == is_weight] for is_weight in (True, False))
    groups = [{"params": weights, "weight_decay": options.decay}, {"params": biases, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, options.rate)
    steps = options.epochs * -(-count // options.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps))
    )
    losses = []
    for _ in range(options.epochs):
        order = rng.permutation(count)
        total = 0.0
        for start in range(0, count, options.batch):
            some = order[start : start + options.batch]
            loss = batch_loss(some)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(some)
        losses.append(total / count)
    return losses
