"""What a line's reading and its page show of its kind."""

from __future__ import annotations

import numpy as np
import pytest

from models.reading.kind_evidence import is_doubtful, settled_pen_probabilities
from models.reading.page_line import PageLine
from models.recognition.types import LineReading


def line(pen: float, confidence: float | None = None, text: str = "SUBTOTAL 12.50", width: float = 300) -> PageLine:
    corners = np.array([[0, 0], [width, 0], [width, 20], [0, 20]], np.float32)
    as_print = None if confidence is None else LineReading(text, confidence)
    return PageLine(corners, "printed", pen_probability=pen, as_print=as_print)


def test_what_is_read_as_print_with_hardly_a_doubt_is_print() -> None:
    (sure,) = settled_pen_probabilities([line(0.8, 0.9995)])
    (unsure,) = settled_pen_probabilities([line(0.9, 0.93)])
    assert sure < 0.1
    assert unsure == pytest.approx(0.9, abs=0.01)


def test_a_short_text_shows_little() -> None:
    (short,) = settled_pen_probabilities([line(0.95, 0.999, "12")])
    (long,) = settled_pen_probabilities([line(0.95, 0.999, "12 TABLES")])
    assert long < 0.5 < short


def test_the_other_lines_of_a_page_count_by_their_length() -> None:
    among_print = settled_pen_probabilities([line(0.7, 0.9)] + [line(0.01)] * 6)[0]
    among_handwriting = settled_pen_probabilities([line(0.3, 0.9)] + [line(0.999)] * 6)[0]
    beside_specks = settled_pen_probabilities([line(0.7, 0.9)] + [line(0.01, width=3)] * 6)[0]
    assert among_print < 0.5 < among_handwriting
    assert beside_specks > 0.5


def test_a_note_on_a_receipt_stays_handwriting() -> None:
    settled = settled_pen_probabilities([line(0.99, 0.8)] + [line(0.6, 0.998)] * 8)
    assert settled[0] > 0.5
    assert max(settled[1:]) < 0.1


def test_lines_that_are_in_no_doubt_keep_their_kind() -> None:
    assert settled_pen_probabilities([line(0.999), line(0.001), line(0.5, 0.9)])[:2] == [0.999, 0.001]
    assert settled_pen_probabilities([]) == []
    assert [is_doubtful(pen) for pen in (0.001, 0.3, 0.97, 0.999)] == [False, True, True, False]
