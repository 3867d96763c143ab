"""Learns the head that tells kinds from features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import F32, I64
from models.kinds.model import KINDS, KindHead
from models.training.kinds.adam import Adam
from models.training.kinds.losses import cross_entropy, weights_of


@dataclass(frozen=True, slots=True)
class HeadOptions:
    """How the head is learnt; `noise` is added to the standardised features, whose spread is 1."""

    hidden: int = 48
    epochs: int = 16
    batch: int = 256
    rate: float = 2e-3
    decay: float = 0.02
    noise: float = 0.2
    dropout: float = 0.2
    seed: int = 0


def fit_head(features: F32, kinds: I64, options: HeadOptions) -> tuple[KindHead, list[float]]:
    """Return the head learnt from (n, F) features of (n,) KINDS indices, and the mean loss of each epoch."""
    rng = np.random.default_rng(options.seed)
    mean, spread = features.mean(0), features.std(0) + np.float32(1e-3)
    features = (features - mean) / spread
    weights = weights_of(kinds)
    size, hidden = features.shape[1], options.hidden
    layers = [
        rng.normal(0, np.sqrt(2 / size), (size, hidden)).astype(np.float32),
        np.zeros(hidden, np.float32),
        rng.normal(0, np.sqrt(1 / hidden), (hidden, len(KINDS))).astype(np.float32),
        np.zeros(len(KINDS), np.float32),
    ]
    adam = Adam(layers, options.rate, options.decay, options.epochs * -(-len(kinds) // options.batch))
    losses = []
    for _ in range(options.epochs):
        order = rng.permutation(len(kinds))
        seen = 0.0
        for start in range(0, len(order), options.batch):
            some = order[start : start + options.batch]
            noisy = features[some] + rng.normal(0, options.noise, (len(some), size)).astype(np.float32)
            kept = (rng.random((len(some), hidden)) >= options.dropout) / np.float32(1 - options.dropout)
            loss, slopes = _slopes(layers, noisy, kinds[some], weights[some], kept.astype(np.float32))
            adam.step(slopes)
            seen += loss * len(some)
        losses.append(seen / len(order))
    return KindHead(mean, spread, *layers), losses


def _slopes(layers: list[F32], features: F32, kinds: I64, weights: F32, kept: F32) -> tuple[float, list[F32]]:
    """Return a batch's loss and its slope at each layer."""
    first, first_bias, second, second_bias = layers
    hidden = np.maximum(features @ first + first_bias, 0) * kept
    loss, error = cross_entropy(hidden @ second + second_bias, kinds, weights)
    back = error @ second.T * (hidden > 0) * kept
    return loss, [features.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
