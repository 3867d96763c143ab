"""Counts letter sequences of a language: models/recognition/ctc/ngrams.py reads what is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.arrays import I64
from models.recognition.ctc.ngrams import BITS_PER_LETTER, ORDER

_RARE = 3  # letters seen less often are none of the language's
_ONCE = 5  # sequences of this length and more are kept from the second time on
_UNKNOWN = -1
_BETWEEN = "\n"  # lines: no sequence goes over it
_MOST = np.iinfo(np.uint16).max


def count_sequences(lines: Iterable[str], target: Path) -> int:
    """Write the counts of all sequences of up to six letters, and return how many sequences there are.

    Args:
        lines: Texts; none knows of the others.
        target: An .npz file.
    """
    text = _BETWEEN.join(f" {' '.join(line.split())} " for line in lines)
    known = [letter for letter, times in Counter(text).items() if times >= _RARE and letter != _BETWEEN]
    alphabet = "".join(sorted(known)[: 1 << BITS_PER_LETTER])
    places = _places(text, alphabet)
    arrays, count = {}, 0
    for length in range(1, ORDER + 1):
        keys, times = np.unique(_sequences(places, length), return_counts=True)
        often = times > (length >= _ONCE)
        arrays[f"steps{length}"] = np.diff(keys[often], prepend=np.uint64(0))  # small numbers: they pack well
        arrays[f"counts{length}"] = np.minimum(times[often], _MOST).astype(np.uint16)
        count += int(often.sum())
    np.savez_compressed(target, alphabet=np.array(alphabet), **arrays)  # type: ignore[arg-type]  # arrays, not a flag
    return count


def _places(text: str, alphabet: str) -> I64:
    """Return where each letter of a text stands in the alphabet."""
    letters, inverse = np.unique(np.frombuffer(text.encode("utf-32-le"), np.uint32), return_inverse=True)
    return np.array([alphabet.find(chr(letter)) for letter in letters], np.int64)[inverse]


def _sequences(places: I64, length: int) -> npt.NDArray[np.uint64]:
    """Return the number of each sequence of known letters (see CharNgramLM)."""
    count = max(0, len(places) - length + 1)
    numbers, known = np.zeros(count, np.uint64), np.ones(count, bool)
    for start in range(length):
        window = places[start : start + count]
        known &= window != _UNKNOWN
        numbers = numbers << np.uint64(BITS_PER_LETTER) | np.maximum(window, 0).astype(np.uint64)
    return numbers[known]
