"""How likely a letter is after others: counts of letter sequences, each length smoothed by the shorter ones."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from string import digits

import numpy as np
import numpy.typing as npt

from models.arrays import F64

Keys = npt.NDArray[np.uint64]

LONGEST = 6  # letters in a sequence, the one that is told included
BITS = 8  # of a letter in a sequence's number


class LetterSequences:
    """An n-gram model of letters with Witten and Bell's (1991) smoothing, in arrays.

    A file holds the alphabet, and for each length the numbers of the sequences, ascending, with how often each
    was seen. The number of a sequence is its letters' places in the alphabet, eight bits each, the last lowest; so
    what follows a context stands side by side. A space stands before the first letter of a text.
    """

    def __init__(self, path: Path) -> None:
        """Load the counts."""
        with np.load(path, allow_pickle=False) as file:
            self.alphabet = str(file["alphabet"])
            self._keys: list[Keys] = [
                np.cumsum(file[f"steps{length}"], dtype=np.uint64) for length in range(1, LONGEST + 1)
            ]
            self._counts = [file[f"counts{length}"].astype(np.float64) for length in range(1, LONGEST + 1)]
        self._places = {letter: place for place, letter in enumerate(self.alphabet)}
        self._digits = [place for digit in digits if (place := self.place(digit)) is not None]
        self.after = lru_cache(maxsize=1 << 14)(self._after)
        self.digit_after = lru_cache(maxsize=1 << 14)(self._digit_after)

    def place(self, letter: str) -> int | None:
        """Return where a letter stands in the alphabet; None for one that was never seen."""
        return self._places.get(letter)

    @property
    def has_digits(self) -> bool:
        """Whether any digit was counted."""
        return bool(self._digits)

    def context(self, text: str) -> str:
        """Return what of a text bears on the letter after it: the longest sequence of known letters at its end."""
        end = (" " + text)[-(LONGEST - 1) :]
        unknown = [place for place, letter in enumerate(end) if letter not in self._places]
        return end[unknown[-1] + 1 :] if unknown else end

    def _after(self, context: str) -> F64:
        """Return how likely each letter of the alphabet is after a context, (A,), summing to one."""
        size = len(self.alphabet)
        if not context:
            return self._smoothed(1, 0, np.full(size, 1 / size))
        number = 0
        for letter in context:
            number = number << BITS | self._places[letter]
        return self._smoothed(len(context) + 1, number, self.after(context[1:]))

    def _digit_after(self, context: str) -> float:
        """Return how likely any digit is after a context."""
        return float(self.after(context)[self._digits].sum())

    def _smoothed(self, length: int, number: int, shorter: F64) -> F64:
        """Return shares of what follows a context, the shorter one counted as often as there are kinds."""
        keys = self._keys[length - 1]
        first, last = np.searchsorted(keys, np.array([number << BITS, number + 1 << BITS], np.uint64))
        if first == last:
            return shorter
        counts = self._counts[length - 1][first:last]
        kinds = float(last - first)
        likely = kinds * shorter
        likely[(keys[first:last] & np.uint64((1 << BITS) - 1)).astype(np.intp)] += counts
        return np.asarray(likely / (counts.sum() + kinds), np.float64)
