"""AdamW (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019), its rate falling along a cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F32

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Moves layers down their slopes, in place; weights, which have two axes, decay, and biases do not."""

    def __init__(self, layers: Sequence[F32], rate: float, decay: float, steps: int) -> None:
        """Begin; the rate reaches 0 after `steps`."""
        self._layers = layers
        self._rate = rate
        self._decay = decay
        self._steps = steps
        self._taken = 0
        self._mean = [np.zeros_like(layer) for layer in layers]
        self._square = [np.zeros_like(layer) for layer in layers]

    def step(self, slopes: Sequence[F32]) -> None:
        """Take one step."""
        rate = self._rate * 0.5 * (1 + np.cos(np.pi * self._taken / self._steps))
        self._taken += 1
        for layer, slope, mean, square in zip(self._layers, slopes, self._mean, self._square, strict=True):
            mean += (1 - _BETA1) * (slope - mean)
            square += (1 - _BETA2) * (slope**2 - square)
            if layer.ndim == 2:
                layer *= 1 - rate * self._decay
            steady = mean / (1 - _BETA1**self._taken)
            layer -= rate * steady / (np.sqrt(square / (1 - _BETA2**self._taken)) + _EPSILON)
