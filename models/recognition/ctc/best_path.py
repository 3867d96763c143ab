"""Best-path decoding of a CTC network's output (Graves et al. 2006, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F32
from models.recognition.types import LineReading

BLANK = 0  # the class of no character


def decode(probabilities: F32, characters: Sequence[str], priors: F32 | None = None) -> LineReading:
    """Return the text of one line: the most probable class of each step, repeats merged and blanks left out.

    Args:
        probabilities: (T, C), each row sums to one; column 0 is the blank.
        characters: What each of the C columns stands for; the first is never used.
        priors: Factors of the classes, (C,), for what is known before the line is looked at; None for none.

    The confidence is the mean of the characters' own probabilities, without priors; 0 where there are none.
    """
    best = (probabilities if priors is None else probabilities * priors).argmax(1)
    starts = np.flatnonzero((best != BLANK) & (best != np.concatenate([[BLANK], best[:-1]])))
    if not len(starts):
        return LineReading("", 0.0, ())
    text = "".join(characters[best[start]] for start in starts)
    confidences = probabilities[starts, best[starts]]
    positions = (starts + 0.5) / len(best)
    return LineReading(text, float(confidences.mean()), tuple(positions.tolist()), tuple(confidences.tolist()))
