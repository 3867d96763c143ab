"""Where a text departs from the truth, word by word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rapidfuzz.distance import Levenshtein

from models.evaluation.scores import normalise

Part = tuple[Literal["same", "missing", "extra"], str]


def word_diff(truth: str, said: str) -> Iterator[Part]:
    """Yield the runs of words that both have, that only the truth has, and that were only said."""
    true, found = normalise(truth).split(), normalise(said).split()
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
