"""Forced alignment: at which steps of a CTC network's output the characters of a known text stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F32, F64, I64

_LOG_ZERO = -1e30  # low enough that no sum with it wins, and finite, so that differences stay numbers
_MIN_PROB = 1e-30  # what a probability of 0 counts as: its logarithm must exist


def forced_align(probabilities: F32, text: Sequence[int]) -> list[int]:
    """Return the step at which each character of a text is most probable on the best path (Viterbi).

    Args:
        probabilities: (T, C) in [0, 1], column 0 the blank.
        text: Columns of the characters, at least one; the T steps must be enough for them, and for a blank between
            each two that are equal.

    The steps ascend, and no two characters share one.
    """
    # The states of the path: blank, first character, blank, second character, …, blank.
    states = np.zeros(2 * len(text) + 1, np.intp)
    states[1::2] = text
    log_probs = np.log(np.maximum(probabilities[:, states], _MIN_PROB)).astype(np.float64)
    moves, best = _best_moves(log_probs, states)
    # A path ends with a blank or with the last character.
    state = len(states) - 1 if best[-1] >= best[-2] else len(states) - 2
    steps: dict[int, int] = {}
    for step in range(len(log_probs) - 1, -1, -1):
        is_character = state % 2 == 1
        if is_character and (state not in steps or log_probs[step, state] > log_probs[steps[state], state]):
            steps[state] = step
        state -= int(moves[step, state])
    return [steps[state] for state in sorted(steps)]


def _best_moves(log_probs: F64, states: I64) -> tuple[I64, F64]:
    """Return how many states, 0 to 2, the best path to each state moves at each step, (T, S), and its end, (S,)."""
    # The blank between two characters may be left out, unless they are the same: then they would merge.
    may_skip = np.zeros(len(states), bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    best = np.full(len(states), _LOG_ZERO)
    best[:2] = log_probs[0, :2]
    moves = np.zeros(log_probs.shape, np.intp)
    for step in range(1, len(log_probs)):
        from_previous = np.concatenate([[_LOG_ZERO], best[:-1]])
        from_before = np.where(may_skip, np.concatenate([[_LOG_ZERO, _LOG_ZERO], best[:-2]]), _LOG_ZERO)
        choices = np.stack([best, from_previous, from_before])
        moves[step] = choices.argmax(0)
        best = choices.max(0) + log_probs[step]
    return moves, best
