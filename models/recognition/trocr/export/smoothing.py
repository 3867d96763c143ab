"""Making inputs of 8-bit products even: channels that are much larger than others leave nothing of the others.

A normalisation multiplies each channel with its gain, and the product after it with the channel's weights: a factor
moves from one to the other without changing the result (SmoothQuant, Xiao et al. 2023). There the channels' sizes
are measured on data; here they are taken from gain and shift, as what is normalised has size one.
"""

from __future__ import annotations

import numpy as np

from models.arrays import F32

_USUAL_DEVIATION = 3.0  # how far normalised values go from zero
_MIN_FACTOR = 1e-4


def smoothed(gain: F32, shift: F32, weights: F32) -> tuple[F32, F32, F32]:
    """Return a normalisation's gain and shift, (n,), and the weights after it, (m, n), with factors moved."""
    factors = _factors(np.float32(_USUAL_DEVIATION) * np.abs(gain) + np.abs(shift), weights)
    return gain / factors, shift / factors, weights * factors


def smoothed_pair(first: tuple[F32, F32 | None], second: F32) -> tuple[tuple[F32, F32 | None], F32]:
    """Return weights and bias, (n, k) and (n,), and the weights after them, (m, n), with factors moved.

    Only where nothing between the two mixes channels or bends them: attention takes means of values.
    """
    weights, bias = first
    sizes = _USUAL_DEVIATION * np.linalg.norm(weights, axis=1) + (0 if bias is None else np.abs(bias))
    factors = _factors(sizes.astype(np.float32), second)
    return (weights / factors[:, None], None if bias is None else bias / factors), second * factors


def _factors(sizes: F32, weights: F32) -> F32:
    """Return by how much each channel is to be divided: half of the difficulty goes to the weights."""
    columns = np.maximum(np.abs(weights).max(0), _MIN_FACTOR)
    factors = np.sqrt(np.maximum(sizes, _MIN_FACTOR) / columns)
    return np.asarray(factors / np.exp(np.log(factors).mean()), np.float32)
