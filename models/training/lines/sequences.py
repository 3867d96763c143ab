"""Counts letter sequences of a language: models/recognition/letter_sequences.py reads what is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from models.recognition.letter_sequences import BITS, LONGEST

_RARE = 3  # letters seen less often are none of the language's
_ONCE = 5  # sequences of this length and more are kept from the second time on


def count_sequences(lines: Iterable[str], target: Path) -> int:
    """Write the counts of all sequences of up to six letters, and return how many sequences there are.

    Args:
        lines: Texts; none knows of the others.
        target: An .npz file.
    """
    lines = [f" {' '.join(line.split())} " for line in lines]
    letters = Counter("".join(lines))
    alphabet = "".join(sorted(letter for letter, times in letters.items() if times >= _RARE))[: 1 << BITS]
    place = {letter: number for number, letter in enumerate(alphabet)}
    counts = [_counted(lines, place, length) for length in range(1, LONGEST + 1)]
    arrays = {}
    for length, counted in enumerate(counts, 1):
        kept = sorted(key for key, times in counted.items() if times > (length >= _ONCE))
        keys = np.array(kept, np.uint64)
        arrays[f"steps{length}"] = np.diff(keys, prepend=np.uint64(0))  # small numbers: they pack well
        arrays[f"counts{length}"] = np.array([min(65535, counted[key]) for key in kept], np.uint16)
    np.savez_compressed(target, alphabet=np.array(alphabet), **arrays)  # type: ignore[arg-type]  # arrays, not a flag
    return sum(len(counted) for counted in arrays.values()) // 2


def _counted(lines: Iterable[str], place: dict[str, int], length: int) -> Counter[int]:
    counted: Counter[int] = Counter()
    mask = (1 << BITS * length) - 1
    for line in lines:
        number = known = 0
        for letter in line:
            if letter not in place:
                known = 0
                continue
            number, known = (number << BITS | place[letter]) & mask, known + 1
            if known >= length:
                counted[number] += 1
    return counted
