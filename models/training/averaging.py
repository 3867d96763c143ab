"""Averages of weights: over the steps of one run, and between the two ends of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from models.arrays import F32


def update_ema(averaged: Mapping[str, torch.Tensor], network: torch.nn.Module, step: int, decay: float) -> None:
    """Move an exponential moving average of weights one step towards a network's, in place.

    Args:
        averaged: The averages by parameter name.
        network: Its parameters that require no gradient are left as they are.
        step: Steps taken so far. Early steps use the smaller decay (1 + step) / (10 + step), so that the average
            forgets where it started.
        decay: How much of the average is kept at each later step, in [0, 1].
    """
    keep = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.requires_grad:
                averaged[name].lerp_(value, 1 - keep)


def interpolate_weights(start: Mapping[str, F32], end: Mapping[str, F32], alpha: float) -> dict[str, F32]:
    """Return (1 - alpha) · start + alpha · end, weight by weight (WiSE-FT, Wortsman et al. 2022).

    On writers outside the training set, a point between pretrained and fine-tuned weights is better than both ends.
    """
    return {name: np.asarray((1 - alpha) * start[name] + alpha * end[name], np.float32) for name in start}


def interpolate_states(start: Mapping[str, Any], end: Mapping[str, Any], alpha: float) -> dict[str, Any]:
    """Return two state dicts interpolated like `interpolate_weights`; integers are those of `end`.

    torch.lerp rounds its last bit otherwise than `interpolate_weights` does. regions.onnx was written with this one
    and handwriting_latin.onnx with that one. There are two functions so that both files can be made again byte for
    byte.
    """
    return {
        name: torch.lerp(start[name], value, alpha) if value.is_floating_point() else value
        for name, value in end.items()
    }
