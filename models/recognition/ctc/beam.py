"""Reading what a CTC network says with a word from the language: prefix beam search (Hannun et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import digits

import numpy as np

from models.arrays import F32
from models.recognition.ctc.best_path import BLANK
from models.recognition.ctc.ngrams import LetterSequences
from models.recognition.types import LineReading

_WIDTH = 30  # texts that are followed at a time
_HOPELESS = 6.0  # a text whose logarithm is so much less than the best one's is not followed
_SEEN = 1e-3  # what the network thinks less likely is not written there
_CERTAIN = 0.9995  # a blank that nothing contends
_INVENTED = 0.15  # a text whose letters are hardly seen is the language's, not the line's: blank paper has .06
_NEVER = -1e30
_DIGIT = -1  # in place of a letter's: any digit
_USUAL = -2.5  # less than a letter's logarithm usually is: no text gains by being shorter

# One text so far: logarithms of being there with a blank last, with its own last letter last, and of the language.
_Path = tuple[float, float, float]


class LanguageDecoder:
    """Finds the text that is likeliest by what is seen and by how letters follow each other.

    Which digit it is, capitals after a digit, signs, and letters that the language has not are told by sight alone:
    an amount or a code is never made likelier by what others wrote. That there is a digit is likelier after others
    than in a word.
    """

    def __init__(self, characters: Sequence[str], sequences: LetterSequences, weight: float) -> None:
        """`characters` are the network's classes, the blank first; `weight` is the language's, 0 for none."""
        self._characters, self._sequences, self._weight = characters, sequences, weight
        self._columns = {name: column for column, name in enumerate(characters)}
        self._places = [self._place(name) for name in characters]

    def decode(self, probabilities: F32, weights: F32 | None = None) -> LineReading:
        """Return the text of one line.

        Args:
            probabilities: (T, C), each row sums to one; column 0 is the blank.
            weights: How likely each character is before anything was seen, (C,); all the same where None.

        The confidence is the mean of its characters' own probabilities where they stand; 0 where there are none.
        """
        paths: dict[str, _Path] = {"": (0.0, _NEVER, 0.0)}
        for row in probabilities if weights is None else probabilities * weights:
            if row[BLANK] > _CERTAIN:
                blank = math.log(row[BLANK])
                paths = {text: (_added(b, o) + blank, _NEVER, said) for text, (b, o, said) in paths.items()}
            else:
                paths = self._step(paths, row)
        text = max(paths.items(), key=lambda path: _value(path[1]))[0]
        return self._reading(probabilities, text)

    def _step(self, paths: dict[str, _Path], row: F32) -> dict[str, _Path]:
        columns = np.flatnonzero(row >= min(_SEEN, row.max())).tolist()
        seen = [(self._characters[c], math.log(row[c]), self._places[c]) for c in columns if c != BLANK]
        blank_seen = math.log(row[BLANK]) if BLANK in columns else None
        new: dict[str, _Path] = {}
        for text, (blank, own, said) in paths.items():
            either = _added(blank, own)
            if blank_seen is not None:
                _add(new, text, either + blank_seen, _NEVER, said)
            last, context = text[-1:], None
            for character, likely, place in seen:
                arrived = likely + either
                if character == last:
                    _add(new, text, _NEVER, own + likely, said)
                    arrived = likely + blank
                if arrived <= _NEVER / 2:
                    continue
                longer = text + character
                if longer in new:
                    _add(new, longer, _NEVER, arrived, 0.0)
                    continue
                told = 0.0
                if place is not None and self._weight and not (character.isupper() and _is_code(text)):
                    context = self._sequences.context(text) if context is None else context
                    told = self._weight * (math.log(self._after(context, place)) - _USUAL)
                new[longer] = (_NEVER, arrived, said + told)
        return _likeliest(new)

    def _place(self, name: str) -> int | None:
        """Return a letter's place in the sequences; None for what is told by sight alone."""
        if name and name in digits:
            return _DIGIT if self._sequences.has_digits else None
        return self._sequences.place(name) if _is_told(name) else None

    def _after(self, context: str, place: int) -> float:
        """Return how likely a letter, or any digit, is after a context."""
        if place == _DIGIT:
            return self._sequences.digit_after(context)
        return float(self._sequences.after(context)[place])

    def _reading(self, probabilities: F32, text: str) -> LineReading:
        if not text:
            return LineReading("", 0.0, ())
        columns = [self._columns[character] for character in text]
        steps = aligned(probabilities, columns)
        confidence = float(np.mean([probabilities[step, c] for step, c in zip(steps, columns, strict=True)]))
        if confidence < _INVENTED:
            return LineReading("", 0.0, ())
        places = tuple((step + 0.5) / len(probabilities) for step in steps)
        return LineReading(text, confidence, places)


def aligned(probabilities: F32, text: Sequence[int]) -> list[int]:
    """Return at which step each character of a text is likeliest to stand (Viterbi), in order, each its own.

    Args:
        probabilities: (T, C), column 0 the blank.
        text: Columns of the characters; CTC must be able to say them in T steps.
    """
    states = np.zeros(2 * len(text) + 1, np.intp)
    states[1::2] = text
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    seen = np.log(np.maximum(probabilities[:, states], 1e-30)).astype(np.float64)
    best = np.full(len(states), _NEVER)
    best[:2] = seen[0, :2]
    came = np.zeros((len(seen), len(states)), np.intp)
    for step in range(1, len(seen)):
        one = np.concatenate([[_NEVER], best[:-1]])
        two = np.where(skips, np.concatenate([[_NEVER, _NEVER], best[:-2]]), _NEVER)
        choices = np.stack([best, one, two])
        came[step] = choices.argmax(0)
        best = choices.max(0) + seen[step]
    state = len(states) - 1 if best[-1] >= best[-2] else len(states) - 2
    strongest: dict[int, int] = {}
    for step in range(len(seen) - 1, -1, -1):
        if state % 2 and (state not in strongest or seen[step, state] > seen[strongest[state], state]):
            strongest[state] = step
        state -= int(came[step, state])
    return [strongest[state] for state in sorted(strongest)]


def _is_told(character: str) -> bool:
    return character.isalpha() or character in " ,.;:'-!?"


def _is_code(text: str) -> bool:
    """Return whether the last word of a text has a digit."""
    return any(character in digits for character in text[text.rfind(" ") + 1 :])


def _add(paths: dict[str, _Path], text: str, blank: float, own: float, said: float) -> None:
    before = paths.get(text)
    if before is None:
        paths[text] = (blank, own, said)
    else:
        paths[text] = (_added(before[0], blank), _added(before[1], own), before[2])


def _likeliest(paths: dict[str, _Path]) -> dict[str, _Path]:
    """Return the paths that are worth following."""
    valued = sorted(((_value(path), text) for text, path in paths.items()), reverse=True)
    least = valued[0][0] - _HOPELESS
    return {text: paths[text] for value, text in valued[:_WIDTH] if value >= least}


def _added(one: float, other: float) -> float:
    """Return the logarithm of the sum of two numbers given by their logarithms."""
    low, high = (one, other) if one < other else (other, one)
    return high if low <= _NEVER else high + math.log1p(math.exp(low - high))


def _value(path: _Path) -> float:
    return _added(path[0], path[1]) + path[2]
