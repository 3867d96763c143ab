"""CTC prefix beam search with a character language model (Hannun et al. 2014, arXiv 1408.2873)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import digits
from typing import NamedTuple

import numpy as np

from models.arrays import F32
from models.recognition.ctc.alignment import forced_align
from models.recognition.ctc.best_path import BLANK
from models.recognition.ctc.ngrams import CharNgramLM
from models.recognition.types import LineReading

_BEAM_WIDTH = 30  # hypotheses that are kept after each step
_PRUNE_LOGP = 6.0  # a hypothesis is dropped once its log-probability is this much below the best one's
_MIN_PROB = 1e-3  # characters less probable than this at a step do not extend a hypothesis there
_BLANK_ONLY_PROB = 0.9995  # a blank this probable is the only class that is looked at
_MIN_CONFIDENCE = 0.15  # a text below is the language model's, not the line's: blank paper has .06
_TYPICAL_LM_LOGP = -2.5  # less than a letter's usual one; taken off each, so that shorter texts do not win
_LOG_ZERO = -1e30  # the logarithm of 0; finite, so that sums with it stay numbers
_IMPOSSIBLE_LOGP = _LOG_ZERO / 2  # sums with the logarithm of 0 lie below, all others above
_ANY_DIGIT = -1  # takes the place of a letter's index in the language model


class Hypothesis(NamedTuple):
    """One text that the steps so far may spell, in logarithms."""

    logp_blank: float
    """Of all paths that spell it and end with a blank."""
    logp_character: float
    """Of all paths that spell it and end with its last character."""
    lm_score: float
    """Of the language model, weighted."""


class _Emission(NamedTuple):
    """A character that one step may stand for."""

    character: str
    logp: float
    lm_index: int | None


class CtcBeamDecoder:
    """Finds the text that is most probable by a CTC network and a character language model together.

    The language model has no say on digits (which one it is), capitals after a digit, signs, and letters that it
    does not have: an amount or a code must not become a more usual one. It does count that there is some digit,
    which is likelier after digits than within a word.
    """

    def __init__(self, characters: Sequence[str], lm: CharNgramLM, lm_weight: float) -> None:
        """Prepare for one alphabet.

        Args:
            characters: What each class of the network stands for, the blank first.
            lm_weight: The factor of the language model's log-probabilities; 0 decodes without it.
        """
        self._characters, self._lm, self._lm_weight = characters, lm, lm_weight
        self._most_lm_gain = -lm_weight * _TYPICAL_LM_LOGP  # of a letter that it is certain of
        self._columns = {character: column for column, character in enumerate(characters)}
        self._lm_indices = [self._lm_index(character) for character in characters]

    def decode(self, probabilities: F32, priors: F32 | None = None) -> LineReading:
        """Return the text of one line.

        Args:
            probabilities: (T, C) float32, each row sums to one; column 0 is the blank.
            priors: Factors of the classes, (C,), for what is known before the line is looked at; None for none.

        The confidence is the mean of its characters' own probabilities where they stand; 0 where there are none.
        """
        beam = {"": Hypothesis(0.0, _LOG_ZERO, 0.0)}
        weighted = probabilities if priors is None else probabilities * priors
        # What a blank's prior leaves of its probability is never this near to one.
        is_blank = (probabilities[:, BLANK] > _BLANK_ONLY_PROB) & (weighted.argmax(1) == BLANK)
        for row, blank_only in zip(weighted, is_blank.tolist(), strict=True):
            if blank_only:
                logp = math.log(row[BLANK])
                beam = {
                    text: Hypothesis(_logaddexp(by_blank, by_character) + logp, _LOG_ZERO, lm_score)
                    for text, (by_blank, by_character, lm_score) in beam.items()
                }
            else:
                beam = self._step(beam, row)
        text = max(beam.items(), key=lambda item: _score(item[1]))[0]
        return self._reading(probabilities, text)

    def _step(self, beam: dict[str, Hypothesis], row: F32) -> dict[str, Hypothesis]:
        """Return the hypotheses after one more step, whose classes have the probabilities `row`, (C,)."""
        columns = np.flatnonzero(row >= min(_MIN_PROB, row.max()))
        logps = dict(zip(columns.tolist(), map(math.log, row[columns].tolist()), strict=True))
        logp_blank = logps.pop(BLANK, None)
        emissions = [_Emission(self._characters[c], logp, self._lm_indices[c]) for c, logp in logps.items()]
        new = self._unchanged(beam, logp_blank, logps)
        # Scores of hypotheses only rise from here on: what is too far below the best so far need not be kept.
        least = max(map(_score, new.values()), default=-math.inf) - _PRUNE_LOGP
        for text, (by_blank, by_character, lm_score) in beam.items():
            total, last, context = _logaddexp(by_blank, by_character), text[-1:], None
            for character, logp, lm_index in emissions:
                # The same character twice needs a blank between: without one, CTC merges them.
                arrived = logp + (by_blank if character == last else total)
                longer = text + character
                if (known := new.get(longer)) is not None:  # it was in the beam already
                    together = _logaddexp(known.logp_character, arrived)
                    new[longer] = Hypothesis(known.logp_blank, together, known.lm_score)
                    continue
                if arrived + lm_score + self._most_lm_gain < least:
                    continue  # whatever the language model makes of it
                lm_gain = 0.0
                if lm_index is not None and self._lm_weight and not (character.isupper() and _is_code(text)):
                    context = self._lm.context(text) if context is None else context
                    lm_gain = self._lm_weight * (math.log(self._lm_prob(context, lm_index)) - _TYPICAL_LM_LOGP)
                score = arrived + (lm_score + lm_gain)
                if score >= least and arrived > _IMPOSSIBLE_LOGP:
                    least = max(least, score - _PRUNE_LOGP)
                    new[longer] = Hypothesis(_LOG_ZERO, arrived, lm_score + lm_gain)
        return _pruned(new)

    def _unchanged(
        self, beam: dict[str, Hypothesis], logp_blank: float | None, logps: dict[int, float]
    ) -> dict[str, Hypothesis]:
        """Return the hypotheses whose text a step leaves alone: it is a blank, or the last character goes on."""
        stayed = {}
        for text, (by_blank, by_character, lm_score) in beam.items():
            logp_last = logps.get(self._columns[text[-1]]) if text else None
            if logp_blank is not None or logp_last is not None:
                stayed[text] = Hypothesis(
                    _LOG_ZERO if logp_blank is None else _logaddexp(by_blank, by_character) + logp_blank,
                    _LOG_ZERO if logp_last is None else by_character + logp_last,
                    lm_score,
                )
        return stayed

    def _lm_index(self, character: str) -> int | None:
        """Return a character's index in the language model; None where that has no say."""
        if character and character in digits:
            return _ANY_DIGIT if self._lm.has_digits else None
        return self._lm.index(character) if character.isalpha() or character in " ,.;:'-!?" else None

    def _lm_prob(self, context: str, lm_index: int) -> float:
        if lm_index == _ANY_DIGIT:
            return self._lm.digit_prob(context)
        return float(self._lm.next_probs(context)[lm_index])

    def _reading(self, probabilities: F32, text: str) -> LineReading:
        if not text:
            return LineReading("", 0.0, ())
        columns = [self._columns[character] for character in text]
        steps = forced_align(probabilities, columns)
        confidences = [float(probabilities[step, c]) for step, c in zip(steps, columns, strict=True)]
        confidence = float(np.mean(confidences))
        if confidence < _MIN_CONFIDENCE:
            return LineReading("", 0.0, ())
        positions = tuple((step + 0.5) / len(probabilities) for step in steps)
        return LineReading(text, confidence, positions, tuple(confidences))


def _is_code(text: str) -> bool:
    """Return whether the last word of a text has a digit."""
    return any(character in digits for character in text[text.rfind(" ") + 1 :])


def _pruned(beam: dict[str, Hypothesis]) -> dict[str, Hypothesis]:
    """Return the hypotheses that are worth keeping, best first."""
    scored = sorted(((_score(hypothesis), text) for text, hypothesis in beam.items()), reverse=True)
    least = scored[0][0] - _PRUNE_LOGP
    return {text: beam[text] for score, text in scored[:_BEAM_WIDTH] if score >= least}


def _score(hypothesis: Hypothesis) -> float:
    return _logaddexp(hypothesis.logp_blank, hypothesis.logp_character) + hypothesis.lm_score


def _logaddexp(one: float, other: float) -> float:
    """Return the logarithm of the sum of two numbers given by their logarithms."""
    low, high = (one, other) if one < other else (other, one)
    return high if low <= _LOG_ZERO else high + math.log1p(math.exp(low - high))
