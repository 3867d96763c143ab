"""What both trainings minimise: cross-entropy in which rare kinds count for more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.kinds.model import KINDS

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


def weights_of(kinds: Integers) -> Floats:
    """Return each example's weight, (n,): its kind's rarity to the power of a half; their mean is 1."""
    share = np.bincount(kinds, minlength=len(KINDS)) / len(kinds)
    weights = 1 / np.sqrt(np.maximum(share, 1e-6))
    return np.asarray((weights / (weights * share).sum())[kinds], np.float32)


def cross_entropy(logits: Floats, kinds: Integers, weights: Floats) -> tuple[float, Floats]:
    """Return the mean loss of a batch, (n, K) logits, and its slope at the logits."""
    likelihoods = np.exp(logits - logits.max(1, keepdims=True))
    likelihoods /= likelihoods.sum(1, keepdims=True)
    rows = np.arange(len(kinds))
    loss = float((-np.log(likelihoods[rows, kinds] + 1e-9) * weights).mean())
    slope = likelihoods
    slope[rows, kinds] -= 1
    return loss, np.asarray(slope * weights[:, None] / len(kinds), np.float32)
