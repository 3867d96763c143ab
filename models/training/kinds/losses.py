"""The loss of both trainings: cross-entropy in which rare kinds count for more."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.arrays import F32, I64
from models.kinds.model import KINDS


def weights_of(kinds: I64) -> F32:
    """Return each example's weight, (n,): one over the square root of its kind's frequency; their mean is 1."""
    frequencies = np.bincount(kinds, minlength=len(KINDS)) / len(kinds)
    weights = 1 / np.sqrt(np.maximum(frequencies, 1e-6))
    return np.asarray((weights / (weights * frequencies).sum())[kinds], np.float32)


def weighted_cross_entropy(logits: Tensor, kinds: I64, weights: F32) -> Tensor:
    """Return the mean loss of a batch, logits (n, 3), KINDS indices (n,), weights (n,)."""
    losses = functional.cross_entropy(logits, torch.from_numpy(kinds), reduction="none")
    return (losses * torch.from_numpy(weights)).mean()
