"""The words of a line: how its text splits into them, and how their polygons follow when the text changes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from models.document import Polygon, Region, Word, weighted_confidence
from models.layout.geometry import Box

_WORD = re.compile(r"\S+")


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return where each word of a line's text begins and ends: words are what stands between white space."""
    return [found.span() for found in _WORD.finditer(text)]


def with_margins(boxes: Sequence[Box], margin: float) -> list[Box]:
    """Return the boxes of a line's words with margins that end where two of them meet, whichever way it is read."""
    order = sorted(range(len(boxes)), key=lambda number: boxes[number][0])
    meet = [(boxes[one][2] + boxes[other][0]) / 2 for one, other in pairwise(order)]
    wider = list(boxes)
    for number, left, right in zip(order, [-math.inf, *meet], [*meet, math.inf], strict=True):
        x0, y0, x1, y1 = boxes[number]
        wider[number] = max(x0 - margin, min(x0, left)), y0 - margin, min(x1 + margin, max(x1, right)), y1 + margin
    return wider


def evenly_split(text: str, polygon: Polygon, confidence: float | None) -> tuple[Word, ...]:
    """Return the words of a line of which only the polygon is known: all characters count as equally wide."""
    whole = (Word(text, polygon, confidence),)
    return tuple(Word(text[start:end], _cut(whole, start, end), confidence) for start, end in word_spans(text))


def with_words_of_text(region: Region) -> Region:
    """Return a region with its words split as its text is, which may have changed since they were found.

    Joined by spaces, the words are the text again. A line without words stays so.
    """
    return replace(region, words=_fitted(region.words, region.text)) if region.words else region


def _fitted(words: tuple[Word, ...], text: str) -> tuple[Word, ...]:
    """Return words for a changed text: word by word, or where it splits otherwise, character by character."""
    wanted = text.split()
    if len(wanted) == len(words):
        return tuple(
            word if word.text == new else replace(word, text=new) for word, new in zip(words, wanted, strict=True)
        )
    scale = sum(len(word.text) for word in words) / max(1, sum(map(len, wanted)))
    fitted, at = [], 0
    for new in wanted:
        start, end = at * scale, (at + len(new)) * scale
        fitted.append(Word(new, _cut(words, start, end), _confidence_between(words, start, end)))
        at += len(new)
    return tuple(fitted)


def _cut(words: Sequence[Word], start: float, end: float) -> Polygon:
    """Return the polygon from one place to a later one, both counted in characters of the words."""
    top_left, bottom_left = _edge(words, start, is_end=False)
    top_right, bottom_right = _edge(words, end, is_end=True)
    return (top_left, top_right, bottom_right, bottom_left)


def _edge(words: Sequence[Word], place: float, *, is_end: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the upper and the lower point at a place, counted in characters; between two words it is either's."""
    for word in words[:-1]:
        if place < len(word.text) or (is_end and place == len(word.text)):
            return _edge_in(word, place)
        place -= len(word.text)
    return _edge_in(words[-1], place)


def _edge_in(word: Word, place: float) -> tuple[tuple[float, float], tuple[float, float]]:
    share = min(1.0, place / max(1, len(word.text)))
    top_left, top_right, bottom_right, bottom_left = word.polygon
    return _between(top_left, top_right, share), _between(bottom_left, bottom_right, share)


def _between(one: tuple[float, float], other: tuple[float, float], share: float) -> tuple[float, float]:
    x, y = (round(a + (b - a) * share, 1) for a, b in zip(one, other, strict=True))
    return x, y


def _confidence_between(words: Sequence[Word], start: float, end: float) -> float | None:
    """Return the mean confidence of the words from one place to another, None where one of them has none."""
    shares, at = [], 0
    for word in words:
        if at < end and at + len(word.text) > start:
            shares.append((word.text, word.confidence))
        at += len(word.text)
    if any(confidence is None for _, confidence in shares):
        return None
    mean = weighted_confidence((text, confidence or 0.0) for text, confidence in shares)
    return None if mean is None else round(mean, 4)
