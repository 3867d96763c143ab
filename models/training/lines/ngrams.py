"""Counts character n-grams of a language: models/recognition/ctc/ngrams.py reads the file that is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.arrays import I64
from models.recognition.ctc.ngrams import BITS_PER_LETTER, ORDER

_MIN_LETTER_COUNT = 3  # rarer letters are typing errors or other scripts
_PRUNED_FROM = 5  # n-grams of this length and more are kept from their second occurrence on: most occur once
_UNKNOWN = -1
_LINE_BREAK = "\n"  # no n-gram goes over it
_MAX_COUNT = np.iinfo(np.uint16).max


def count_ngrams(lines: Iterable[str], target: Path) -> int:
    """Write the counts of all n-grams of up to six letters, and return how many different ones there are.

    Args:
        lines: Texts. N-grams do not go from one to the next.
        target: An .npz file.
    """
    text = _LINE_BREAK.join(f" {' '.join(line.split())} " for line in lines)
    known = [
        letter for letter, times in Counter(text).items() if times >= _MIN_LETTER_COUNT and letter != _LINE_BREAK
    ]
    alphabet = "".join(sorted(known)[: 1 << BITS_PER_LETTER])
    indices = _indices(text, alphabet)
    arrays, count = {}, 0
    for length in range(1, ORDER + 1):
        keys, times = np.unique(_keys(indices, length), return_counts=True)
        kept = times > (length >= _PRUNED_FROM)
        arrays[f"steps{length}"] = np.diff(keys[kept], prepend=np.uint64(0))  # small numbers compress well
        arrays[f"counts{length}"] = np.minimum(times[kept], _MAX_COUNT).astype(np.uint16)
        count += int(kept.sum())
    np.savez_compressed(target, alphabet=np.array(alphabet), **arrays)  # type: ignore[arg-type]  # arrays, not a flag
    return count


def _indices(text: str, alphabet: str) -> I64:
    """Return each letter's index in the alphabet, (len(text),), -1 for those that are not in it."""
    letters, inverse = np.unique(np.frombuffer(text.encode("utf-32-le"), np.uint32), return_inverse=True)
    return np.array([alphabet.find(chr(letter)) for letter in letters], np.int64)[inverse]


def _keys(indices: I64, length: int) -> npt.NDArray[np.uint64]:
    """Return the key of each n-gram of known letters (see CharNgramLM)."""
    count = max(0, len(indices) - length + 1)
    keys, known = np.zeros(count, np.uint64), np.ones(count, bool)
    for start in range(length):
        window = indices[start : start + count]
        known &= window != _UNKNOWN
        keys = keys << np.uint64(BITS_PER_LETTER) | np.maximum(window, 0).astype(np.uint64)
    return keys[known]
