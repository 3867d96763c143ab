"""In which languages a text is: py3langid, a naive Bayes classifier of byte n-grams (Lui and Baldwin 2012).

Loading it takes .7 s and 105 MB, which is why nobody does before the first page whose language is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from models.languages import is_known, tesseract_codes

_PIECE_CHARACTERS = (
    200  # at least, of the lines that are judged together: languages may change from one to the next
)
_MAX_CHARACTERS = 8000  # of a page: the rest does not change the result
# Of 413 pieces of three lines each, as read on English forms, papers and old scans, 270 are English by this,
# none is another language, and 143 (names, numbers) are left open.
_MIN_PROBABILITY = 0.8
_MIN_SHARE = 0.3  # of the letters, of a language that a page is in
_MIN_LETTERS = 8  # of a text whose language is certain
# Labels of the classifier for what Tesseract reads with the data of another language.
_READ_AS = {"nn": "nor", "pcm": "eng", "wuu": "zh", "yue": "zh", "arz": "ara", "ary": "ara", "hbo": "heb"}


def languages_of_text(text: str) -> tuple[str, ...]:
    """Return the main language of a text and, where there is one, the second: Tesseract's codes.

    A language has three letters in ten or more. Empty where none is certain: too few words, or only names and
    numbers.
    """
    text = text[:_MAX_CHARACTERS]
    votes: Counter[str] = Counter()
    for piece in _pieces(text):
        if language := _certain_language(piece):
            votes[language] += _letters(piece)
    least = _MIN_SHARE * _letters(text)
    found = tuple(language for language, letters in votes.most_common(2) if letters >= least)
    return found or tuple(filter(None, [_certain_language(text)]))


def load() -> None:
    """Load the classifier now: a reader process does before its first page."""
    _classifier()


@cache
def _classifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _pieces(text: str) -> Iterator[str]:
    """Yield the text in pieces of whole lines; what is left of less than a piece goes with the last."""
    pieces = [""]
    for line in text.splitlines():
        if len(pieces[-1]) >= _PIECE_CHARACTERS:
            pieces.append("")
        pieces[-1] += line + "\n"
    if len(pieces) > 1 and len(pieces[-1]) < _PIECE_CHARACTERS:
        pieces[-2:] = ["".join(pieces[-2:])]
    yield from pieces


def _certain_language(text: str) -> str | None:
    if _letters(text) < _MIN_LETTERS:
        return None
    probabilities: Counter[str] = Counter()
    for label, probability in _classifier().rank(text):
        code = tesseract_codes(_READ_AS.get(label, label))
        probabilities[code] += probability
    code, probability = probabilities.most_common(1)[0]
    if probability < _MIN_PROBABILITY or not is_known(code):
        return None
    return _chinese(text) if code == "chi_sim" else code


def _chinese(text: str) -> str:
    """Return whether Chinese has more signs that only China's, or only Taiwan's old character set has."""
    simplified = sum(_is_in(sign, "gb2312") - _is_in(sign, "big5") for sign in text)
    return "chi_sim" if simplified >= 0 else "chi_tra"


def _is_in(sign: str, encoding: str) -> bool:
    return bool(sign.encode(encoding, errors="ignore"))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))
