"""What both trainings minimise: cross-entropy in which rare kinds count for more."""

from __future__ import annotations

import numpy as np

from models.arrays import F32, I64
from models.kinds.model import KINDS


def weights_of(kinds: I64) -> F32:
    """Return each example's weight, (n,): its kind's rarity to the power of a half; their mean is 1."""
    share = np.bincount(kinds, minlength=len(KINDS)) / len(kinds)
    weights = 1 / np.sqrt(np.maximum(share, 1e-6))
    return np.asarray((weights / (weights * share).sum())[kinds], np.float32)


def cross_entropy(logits: F32, kinds: I64, weights: F32) -> tuple[float, F32]:
    """Return the mean loss of a batch, (n, K) logits, and its slope at the logits."""
    likelihoods = np.exp(logits - logits.max(1, keepdims=True))
    likelihoods /= likelihoods.sum(1, keepdims=True)
    rows = np.arange(len(kinds))
    loss = float((-np.log(likelihoods[rows, kinds] + 1e-9) * weights).mean())
    slope = likelihoods
    slope[rows, kinds] -= 1
    return loss, np.asarray(slope * weights[:, None] / len(kinds), np.float32)
