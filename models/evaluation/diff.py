"""Where a text differs from the truth, word by word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rapidfuzz.distance import Levenshtein

from models.evaluation.scores import normalise

Part = tuple[Literal["same", "missing", "extra"], str]


def word_diff(truth: str, text: str) -> Iterator[Part]:
    """Yield runs of words: in both texts, missing from the text, extra in the text."""
    true, found = normalise(truth).split(), normalise(text).split()
    for run in Levenshtein.opcodes(true, found):
        wanted = " ".join(true[run.src_start : run.src_end])
        given = " ".join(found[run.dest_start : run.dest_end])
        if run.tag == "equal":
            yield "same", wanted
            continue
        if wanted:
            yield "missing", wanted
        if given:
            yield "extra", given
