"""A character n-gram language model: how probable each letter is after those before it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from string import digits

import numpy as np
import numpy.typing as npt

from models.arrays import F64

Keys = npt.NDArray[np.uint64]

ORDER = 6  # letters in the longest n-gram: five of context, and the one that is predicted
BITS_PER_LETTER = 8  # of a letter in an n-gram's key
_CACHED_CONTEXTS = 1 << 14  # per decoder, each an array of the alphabet's size: at most 20 MB


class CharNgramLM:
    """A character n-gram model with Witten and Bell's (1991) smoothing: each order backs off to the one below.

    A file, .npz, holds the alphabet, and for each length of n-gram the ascending keys (as differences) and how
    often each occurred. The key of an n-gram is its letters' indices in the alphabet, eight bits each, the last one
    lowest: what follows one context is therefore one slice of the keys. A space stands before the first letter.
    """

    def __init__(self, path: Path) -> None:
        """Load the counts."""
        with np.load(path, allow_pickle=False) as file:
            self.alphabet = str(file["alphabet"])
            self._keys: list[Keys] = [
                np.cumsum(file[f"steps{length}"], dtype=np.uint64) for length in range(1, ORDER + 1)
            ]
            self._counts = [file[f"counts{length}"].astype(np.float64) for length in range(1, ORDER + 1)]
        self._indices = {letter: index for index, letter in enumerate(self.alphabet)}
        self._digits = [index for digit in digits if (index := self.index(digit)) is not None]
        self.next_probs = lru_cache(maxsize=_CACHED_CONTEXTS)(self._next_probs)
        self.digit_prob = lru_cache(maxsize=_CACHED_CONTEXTS)(self._digit_prob)

    def index(self, letter: str) -> int | None:
        """Return a letter's index in the alphabet; None for one that was never counted."""
        return self._indices.get(letter)

    @property
    def has_digits(self) -> bool:
        """Whether any digit was counted."""
        return bool(self._digits)

    def context(self, text: str) -> str:
        """Return what of a text bears on the letter after it: up to five known letters at its end."""
        end = (" " + text)[-(ORDER - 1) :]
        unknown = [place for place, letter in enumerate(end) if letter not in self._indices]
        return end[unknown[-1] + 1 :] if unknown else end

    def _next_probs(self, context: str) -> F64:
        """Return the probability of each letter of the alphabet after a context, (A,) float64, summing to one."""
        size = len(self.alphabet)
        if not context:
            return self._smoothed(1, 0, np.full(size, 1 / size))
        key = 0
        for letter in context:
            key = key << BITS_PER_LETTER | self._indices[letter]
        return self._smoothed(len(context) + 1, key, self.next_probs(context[1:]))

    def _digit_prob(self, context: str) -> float:
        """Return the probability that any digit follows a context."""
        return float(self.next_probs(context)[self._digits].sum())

    def _smoothed(self, length: int, key: int, backoff: F64) -> F64:
        """Return (counts + kinds · backoff) / (total + kinds), kinds being how many letters follow the context.

        Args:
            length: Of the n-grams.
            key: Of the context, which is one letter shorter.
            backoff: What the context without its first letter gives, (A,).
        """
        keys = self._keys[length - 1]
        bounds = np.array([key << BITS_PER_LETTER, key + 1 << BITS_PER_LETTER], np.uint64)
        first, last = np.searchsorted(keys, bounds)
        if first == last:
            return backoff
        counts = self._counts[length - 1][first:last]
        kinds = float(last - first)
        probs = kinds * backoff
        letters = keys[first:last] & np.uint64((1 << BITS_PER_LETTER) - 1)
        probs[letters.astype(np.intp)] += counts
        return np.asarray(probs / (counts.sum() + kinds), np.float64)
