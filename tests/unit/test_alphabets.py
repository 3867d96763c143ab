from __future__ import annotations

import numpy as np
import pytest

from models.recognition.alphabets import letter_priors
from models.recognition.ctc.best_path import decode

CHARACTERS = ["", "A", "Ä", "é", "Ī", "1", "€", " "]


def best_path(languages: str, *likely: tuple[str, str]) -> str:
    """Return what is decoded where the first of each pair is a little less likely than the second."""
    rows = np.zeros((2 * len(likely), len(CHARACTERS)), np.float32)
    for number, (first, second) in enumerate(likely):
        rows[2 * number, CHARACTERS.index(first)] = 0.45
        rows[2 * number, CHARACTERS.index(second)] = 0.55
        rows[2 * number + 1, 0] = 1
    return decode(rows, CHARACTERS, letter_priors(CHARACTERS, languages)).text


@pytest.mark.parametrize(
    ("languages", "text"), [("eng", "AA"), ("deu", "ÄA"), ("eng+deu", "ÄA"), ("lav", "AĪ"), ("xyz", "ÄĪ")]
)
def test_doubtful_letters_are_those_of_the_language(languages: str, text: str) -> None:
    assert best_path(languages, ("A", "Ä"), ("A", "Ī")) == text


def test_signs_and_digits_are_likely_in_every_language() -> None:
    weights = letter_priors(CHARACTERS, "eng")
    assert weights is not None
    assert list(weights[[0, 1, 5, 6, 7]]) == [1, 1, 1, 1, 1]
