"""What confidence is worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.document import Kind, PageLines, Region, Word
from models.recognition.confidence import calibrated, calibrated_word, with_calibrated_confidence
from models.training.calibrate import JudgedWord, fit

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
GROUPS: list[tuple[str, Kind]] = [
    ("tesseract", "printed"),
    ("ppocr", "printed"),
    ("ppocr", "handwritten"),
    ("handwriting", "handwritten"),
]


@given(st.sampled_from(GROUPS), st.floats(0, 1), st.floats(0, 1))
def test_what_is_surer_stays_surer(group: tuple[str, Kind], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= calibrated(low, *group) <= calibrated(high, *group) <= 1
    assert 0 <= calibrated_word(low, *group) <= calibrated_word(high, *group) <= 1


def test_handwriting_is_worth_less_than_print_given_with_the_same_confidence() -> None:
    assert calibrated(0.95, "ppocr", "handwritten") < calibrated(0.95, "ppocr", "printed")


def test_a_recogniser_that_was_not_measured_is_taken_at_its_word() -> None:
    assert calibrated(0.7, "another") == pytest.approx(0.7)


def test_words_are_calibrated_by_their_own_confidence() -> None:
    words = (Word("sure", SQUARE, 0.99), Word("unsure", SQUARE, 0.4))
    lines = PageLines((Region(SQUARE, "sure unsure", 0.7, "ppocr", words=words),))
    (region,) = with_calibrated_confidence(lines, 0.0).regions
    found = [word.confidence for word in region.words]
    assert found == [calibrated_word(0.99, "ppocr"), calibrated_word(0.4, "ppocr")]
    assert region.confidence == calibrated(0.7, "ppocr")


def test_lines_worth_less_than_asked_for_are_dropped_and_counted() -> None:
    lines = PageLines(
        (Region(SQUARE, "sure", 0.99, "another"), Region(SQUARE, "unsure", 0.4, "another")), dropped=1
    )
    kept = with_calibrated_confidence(lines, 0.5)
    assert [region.text for region in kept.regions] == ["sure"]
    assert kept.dropped == 2


def test_a_signature_has_no_confidence_and_is_never_dropped() -> None:
    lines = PageLines((Region(SQUARE, "", None, "none", "signature"),))
    assert with_calibrated_confidence(lines, 0.99).regions == lines.regions


def test_fitting_finds_how_often_words_are_right() -> None:
    rng = np.random.default_rng(1)
    raw = rng.uniform(0.02, 0.98, 20000)
    right = rng.random(20000) < raw**2  # overconfident
    words = [JudgedWord(float(c), bool(r), "set", str(n)) for n, (c, r) in enumerate(zip(raw, right, strict=True))]
    a, b, offset = fit(words)
    for confidence in (0.3, 0.6, 0.9):
        odds = a * np.log(confidence) - b * np.log(1 - confidence) + offset
        assert 1 / (1 + np.exp(-odds)) == pytest.approx(confidence**2, abs=0.03)
