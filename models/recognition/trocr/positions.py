"""Position embeddings of TrOCR's decoder, where a checkpoint does not have trained ones."""

from __future__ import annotations

import numpy as np

from models.arrays import F32

POSITION_OFFSET = 2  # fairseq keeps the rows below for padding: position 0 is row 2
_LONGEST_WAVE = 10000


def sinusoids(count: int, width: int, first: int = 0) -> F32:
    """Return sinusoidal position embeddings, (count, width) float32 (Vaswani et al. 2017, section 3.5).

    Sines are in the first half of the channels and cosines in the second, as fairseq has them.

    Args:
        width: Even.
        first: The position of the first row.
    """
    half = width // 2
    steps = np.exp(np.arange(half, dtype=np.float32) * np.float32(-np.log(_LONGEST_WAVE) / (half - 1)))
    angles = np.arange(first, first + count, dtype=np.float32)[:, None] * steps
    return np.concatenate([np.sin(angles), np.cos(angles)], 1).astype(np.float32)
