"""What the reading of a line, and the rest of its page, show of its kind.

The classifier looks at strokes, and print on thermal paper, of needles or photographed looks like a pen's at times.
PP-OCR's recogniser was trained on print: what it reads with hardly a doubt is print more often than not. A page has
one hand or one printer for most of its lines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F64
from models.layout.geometry import box_sides
from models.reading.page_line import PageLine

# Probabilities of a pen between which the classifier is not near certain.
_DOUBTFUL = (0.05, 0.98)
_CLIP = 1e-4  # of probabilities: their log odds must exist
# Log odds for print, for each unit by which those of PP-OCR's raw confidence exceed those of .97. One in fifty
# lines of handwriting (writers of 2024, letters of 1905) is read with more than .975, every second line of receipts
# with more than .996. Words of three letters are read as surely in handwriting: a short text counts for less.
_PRINT_WEIGHT, _SURE_CONFIDENCE, _SURE_LENGTH = 1.0, 0.97, 8
# Of the log odds of the page's other lines, by length, how much counts for each line; at most so much.
_PAGE_WEIGHT, _MAX_PAGE_EVIDENCE = 0.5, 1.0


def is_doubtful(pen_probability: float) -> bool:
    """Return whether a line's kind is worth a reading."""
    return _DOUBTFUL[0] < pen_probability < _DOUBTFUL[1]


def settled_pen_probabilities(lines: Sequence[PageLine]) -> list[float]:
    """Return the probability that a pen wrote each line of a page, in [0, 1].

    Lines that are in no doubt keep theirs; they count for the others.
    """
    if not any(line.as_print for line in lines):
        return [line.pen_probability for line in lines]
    pen = np.array([line.pen_probability for line in lines])
    alone = _log_odds(pen) - np.array([_print_evidence(line) for line in lines])
    lengths = np.array([box_sides(line.corners)[0] for line in lines])
    settled = 1 / (1 + np.exp(-alone - _page_evidence(alone, lengths)))
    return [float(one if line.as_print else before) for one, before, line in zip(settled, pen, lines, strict=True)]


def _print_evidence(line: PageLine) -> float:
    """Return the log odds by which a line's reading as print speaks for print, 0 or more."""
    if line.as_print is None:
        return 0.0
    surer = float(_log_odds(np.array(line.as_print.confidence)) - _log_odds(np.array(_SURE_CONFIDENCE)))
    return _PRINT_WEIGHT * min(1.0, len(line.as_print.text.strip()) / _SURE_LENGTH) * max(0.0, surer)


def _page_evidence(log_odds: F64, lengths: F64) -> F64:
    """Return the log odds of a pen that each line has from the others, and from one more that is in doubt."""
    written = lengths / (1 + np.exp(-log_odds))
    others = lengths.sum() - lengths + lengths.mean()
    fraction = (written.sum() - written + lengths.mean() / 2) / others
    return np.clip(_PAGE_WEIGHT * _log_odds(fraction), -_MAX_PAGE_EVIDENCE, _MAX_PAGE_EVIDENCE)


def _log_odds(probabilities: F64) -> F64:
    clipped = np.clip(probabilities, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(clipped) - np.log(1 - clipped), np.float64)
