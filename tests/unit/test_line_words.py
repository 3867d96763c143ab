"""Tesseract's words on the lines of a detector: assigned, joined where they are one number, trusted or not."""

from __future__ import annotations

import pytest

from models.layout.geometry import box_corners
from models.recognition.tesseract.line_words import words_by_line
from models.recognition.tesseract.words import PlacedWord

LINE = box_corners((0, 0, 400, 30))
DIGIT = 20.0  # pixels from one digit to the next


def words(*texts: str, gap: float) -> list[PlacedWord]:
    """Return words one after the other, that many digit pitches apart."""
    placed, x = [], 10.0
    for text in texts:
        width = DIGIT * (len(text) - 0.15)
        placed.append(PlacedWord((x, 5, x + width, 25), text, 0.97))
        x += width + gap * DIGIT
    return placed


@pytest.mark.parametrize(
    ("texts", "gap", "read"),
    [
        (("17.", "26"), 0.25, "17.26"),
        (("17.", "26"), 0.5, "17.26"),
        (("17", ".26"), 0.3, "17.26"),
        (("EUR", "1,", "234.", "50"), 0.4, "EUR 1,234.50"),
        (("17.", "26"), 0.75, "17. 26"),  # a list, or a sentence that ends
        (("17.", "26"), 1.5, "17. 26"),
        (("17", "26"), 0.3, "17 26"),  # no sign: two numbers
        (("No.", "26"), 0.3, "No. 26"),
        (("17.", "items"), 0.3, "17. items"),
        (("17.", ".26"), 0.3, "17. .26"),
    ],
)
def test_a_number_that_was_read_in_pieces_is_one_word(texts: tuple[str, ...], gap: float, read: str) -> None:
    (line,), elsewhere = words_by_line(words(*texts, gap=gap), [LINE])
    assert not elsewhere
    reading = line.reading()
    assert reading.text == read
    assert len(reading.positions) == len(read)
    assert list(reading.positions) == sorted(reading.positions)
    assert reading.confidences == (0.97,) * len(read)


def test_a_word_belongs_to_the_line_around_it() -> None:
    apart = (PlacedWord((10, y, 60, y + 20), text, 0.9) for text, y in (("down", 45), ("away", 205)))
    placed = [*words("up", gap=1), *apart]
    (upper, lower), elsewhere = words_by_line(placed, [LINE, box_corners((0, 40, 400, 70))])
    assert [word.text for word in upper.words] == ["up"]
    assert [word.text for word in lower.words] == ["down"]
    assert [word.text for word in elsewhere] == ["away"]


@pytest.mark.parametrize(
    ("confidences", "width", "trusted"),
    [((0.97, 0.97), 390, True), ((0.99, 0.55), 390, False), ((0.94, 0.94), 390, False), ((0.97, 0.97), 200, False)],
)
def test_a_line_is_trusted_by_confidence_and_by_what_of_it_was_read(
    confidences: tuple[float, float], width: float, trusted: bool
) -> None:
    half = width / 2
    placed = [
        PlacedWord((5 + half * n, 5, half * (n + 1), 25), "words", confidence)
        for n, confidence in enumerate(confidences)
    ]
    (line,), _ = words_by_line(placed, [LINE])
    assert line.is_trusted is trusted
