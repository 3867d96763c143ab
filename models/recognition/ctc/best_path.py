"""Reading what a CTC network says (Graves et al. 2006): the best path, with its probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F32
from models.recognition.types import LineReading

BLANK = 0


def decode(probabilities: F32, characters: Sequence[str], weights: F32 | None = None) -> LineReading:
    """Return the text of one line.

    Args:
        probabilities: (T, C), each row sums to one; column 0 is the blank.
        characters: What each of the C columns stands for; the first is never looked at.
        weights: How likely each character is before anything was seen, (C,); all the same where None.

    The confidence is the mean of the characters' own probabilities; 0 where there are none.
    """
    best = (probabilities if weights is None else probabilities * weights).argmax(1)
    starts = np.flatnonzero((best != BLANK) & (best != np.concatenate([[BLANK], best[:-1]])))
    if not len(starts):
        return LineReading("", 0.0, ())
    text = "".join(characters[best[start]] for start in starts)
    confidence = float(probabilities[starts, best[starts]].mean())
    return LineReading(text, confidence, tuple(float(position) for position in (starts + 0.5) / len(best)))
