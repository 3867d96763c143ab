"""Guards against hallucinated text: limits of length, and repetition loops."""

from __future__ import annotations

import math
from collections.abc import Sequence

from models.recognition.trocr.greedy import Hypothesis

# Letters of a line are rarely narrower than a quarter of its height, and a token has one letter or more.
_TOKENS_PER_HEIGHT = 4
_MIN_TOKENS = 8
# A text that repeats the same this often, one token or up to eight, does not stop by itself. Rows of dots and
# dashes do it rightly: for them vocabularies have long tokens, or, where a token is a letter, they are no loop.
_LOOP_REPEATS = {1: 8}
LONG_LOOP_REPEATS = 4
MAX_LOOP_TOKENS = 8
# A mean probability below this is a guess: trained networks say right words with .8 and more.
MIN_MEAN_PROBABILITY = 0.2


def most_tokens(shape: tuple[int, ...], most: int) -> int:
    """Return how many tokens a picture of this shape, (H, W, …), may say, `most` at the most."""
    height, width = shape[:2]
    return min(most, _MIN_TOKENS + math.ceil(_TOKENS_PER_HEIGHT * width / max(1, height)))


def loop(tokens: Sequence[int], rows: frozenset[int] = frozenset()) -> int:
    """Return how many of the last tokens say nothing new, 0 where the text goes on.

    Args:
        rows: Tokens that may rightly be repeated.
    """
    for length in range(1, MAX_LOOP_TOKENS + 1):
        times = _LOOP_REPEATS.get(length, LONG_LOOP_REPEATS)
        if len(tokens) < length * times:
            continue
        last = list(tokens[-length:])
        if rows.issuperset(last):
            return 0
        if all(
            list(tokens[-length * turn : len(tokens) - length * (turn - 1)]) == last for turn in range(2, times + 1)
        ):
            return length * (times - 1)
    return 0


def is_loop(tokens: Sequence[int], rows: frozenset[int] = frozenset()) -> bool:
    """Return whether a text has begun to repeat itself without end."""
    return loop(tokens, rows) > 0


def without_loop(hypothesis: Hypothesis, rows: frozenset[int] = frozenset()) -> Hypothesis:
    """Return a text that was stopped in a loop, what it repeats kept once."""
    idle = 0 if hypothesis.ended else loop(hypothesis.tokens, rows)
    if not idle:
        return hypothesis
    return Hypothesis(hypothesis.tokens[:-idle], hypothesis.scores[:-idle], ended=True)


def confidence(scores: Sequence[float]) -> float:
    """Return the mean log-probability of tokens as a probability, in [0, 1]; not calibrated."""
    return math.exp(min(0.0, sum(scores) / len(scores))) if scores else 0.0
