"""Whether passages are in a text, absent from it, or in order: the tests of olmOCR-bench (Poznanski et al. 2025).

Texts are compared after Unicode normalisation to NFC, with every run of whitespace made one space, and with quotes,
dashes and ellipses of one kind, as the benchmark does.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

_SAME = str.maketrans({
    **dict.fromkeys("‘’‚‛", "'"), **dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‐‑‒–—−", "-"),
    "…": "...", "＿": "_", "µ": "μ",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class PassageCheck:
    """One test of a page's text.

    Attributes:
        name: Unique in its set.
        kind: Whether the passage is to be there, not to be there, or before another one.
        passage: What is looked for.
        following: What it stands before; empty unless the kind is `order`.
        max_edits: Characters by which a passage may differ.
        case_sensitive: Whether case counts.
        first_characters: Look only at so many characters of the text's beginning; None for all of it.
        last_characters: Likewise of its end.
    """

    name: str
    kind: Literal["present", "absent", "order"]
    passage: str
    following: str = ""
    max_edits: int = 0
    case_sensitive: bool = True
    first_characters: int | None = None
    last_characters: int | None = None

    def passes(self, text: str) -> bool:
        """Return whether a text passes."""
        text = _normalised(text)
        if self.kind == "order":
            before, after = (
                _positions(_normalised(part), text, self.max_edits) for part in (self.passage, self.following)
            )
            return bool(before and after) and min(before) < max(after)
        passage = _normalised(self.passage)
        text = text[: self.first_characters]
        text = text[-self.last_characters :] if self.last_characters else text
        if not self.case_sensitive:
            passage, text = passage.lower(), text.lower()
        is_there = fuzz.partial_ratio(passage, text) / 100 >= 1 - self.max_edits / max(1, len(passage))
        return is_there == (self.kind == "present")


def _normalised(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).translate(_SAME).split())


def _positions(passage: str, text: str, max_edits: int) -> list[int]:
    """Return where a passage begins in a text: all places, or else the one most like it, if like enough."""
    found, start = [], text.find(passage)
    while start >= 0:
        found.append(start)
        start = text.find(passage, start + 1)
    if found or not max_edits:
        return found
    nearest = fuzz.partial_ratio_alignment(passage, text)
    if nearest is None:
        return []
    edits = min(
        Levenshtein.distance(passage, text[max(0, begin) : end], score_cutoff=max_edits)
        for begin in range(nearest.dest_start - max_edits, nearest.dest_start + max_edits + 1)
        for end in range(nearest.dest_end - max_edits, nearest.dest_end + max_edits + 1)
    )
    return [nearest.dest_start] if edits <= max_edits else []
