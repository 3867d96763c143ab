"""Trains the head that classifies lines by their features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.arrays import F32, I64
from models.kinds.model import KINDS, KindHead
from models.training.kinds.loop import FitOptions, fit_parameters, parameters_of
from models.training.kinds.losses import weighted_cross_entropy, weights_of

_MIN_SPREAD = np.float32(1e-3)  # a feature that never varies is not to be divided by zero


@dataclass(frozen=True, slots=True)
class HeadOptions(FitOptions):
    """Hyperparameters; `noise` is added to the standardised features, whose deviation is 1."""

    epochs: int = 16
    batch: int = 256
    rate: float = 2e-3
    decay: float = 0.02
    hidden: int = 48
    noise: float = 0.2
    dropout: float = 0.2


def fit_head(features: F32, kinds: I64, options: HeadOptions) -> tuple[KindHead, list[float]]:
    """Return the head fitted to (n, F) features of (n,) KINDS indices, and the mean loss of each epoch."""
    rng = np.random.default_rng(options.seed)
    mean, spread = features.mean(0), features.std(0) + _MIN_SPREAD
    features = (features - mean) / spread
    weights = weights_of(kinds)
    size, hidden = features.shape[1], options.hidden
    parameters = parameters_of([
        rng.normal(0, np.sqrt(2 / size), (size, hidden)).astype(np.float32),
        np.zeros(hidden, np.float32),
        rng.normal(0, np.sqrt(1 / hidden), (hidden, len(KINDS))).astype(np.float32),
        np.zeros(len(KINDS), np.float32),
    ])  # fmt: skip

    def batch_loss(some: I64) -> Tensor:
        # numpy's generator draws noise and dropout too: one seed for all of a run
        noisy = features[some] + rng.normal(0, options.noise, (len(some), size)).astype(np.float32)
        kept = (rng.random((len(some), hidden)) >= options.dropout) / np.float32(1 - options.dropout)
        first, first_bias, second, second_bias = parameters
        values = (torch.from_numpy(noisy) @ first + first_bias).relu() * torch.from_numpy(kept.astype(np.float32))
        return weighted_cross_entropy(values @ second + second_bias, kinds[some], weights[some])

    losses = fit_parameters(parameters, len(kinds), options, rng, batch_loss)
    return KindHead(mean, spread, *(layer.detach().numpy() for layer in parameters)), losses
