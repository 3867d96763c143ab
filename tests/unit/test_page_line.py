"""Which lines inside a signature keep their text."""

from __future__ import annotations

import numpy as np

from models.arrays import F32
from models.document import Kind
from models.kinds.types import SignatureBox
from models.reading.page_line import PageLine, has_print, separate_signatures
from models.recognition.types import LineReading


def corners(left: float, top: float, right: float, bottom: float) -> F32:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def line(top: float, kind: Kind, confidence: float = 0.7, left: float = 0) -> PageLine:
    reading = LineReading("text", confidence)
    return PageLine(corners(left, top, left + 300, top + 20), kind, reading)


PRINT = [line(top, "printed") for top in (0, 30, 60)]
SIGNATURE = SignatureBox(corners(-20, 90, 330, 150), 0.99)


def kinds(lines: list[PageLine], signatures: list[SignatureBox]) -> list[Kind]:
    return [one.kind for one in separate_signatures(lines, signatures, printed_page=has_print(lines))]


def test_what_a_pen_wrote_inside_a_signature_is_the_signature() -> None:
    assert kinds([*PRINT, line(100, "handwritten")], [SIGNATURE]) == ["printed"] * 3 + ["signature"]


def test_print_that_is_signed_over_keeps_its_text() -> None:
    assert kinds([*PRINT, line(100, "printed")], [SIGNATURE]) == ["printed"] * 4 + ["signature"]


def test_a_line_of_print_is_no_signature_whatever_the_map_shows() -> None:
    assert kinds([*PRINT, line(100, "printed")], [SignatureBox(corners(10, 95, 290, 121), 0.99)]) == ["printed"] * 4


def test_a_line_beside_a_signature_stays() -> None:
    lines = [*PRINT, line(100, "handwritten", left=250)]
    assert kinds(lines, [SIGNATURE]) == ["printed"] * 3 + ["handwritten", "signature"]


def test_what_is_read_for_sure_is_no_signature() -> None:
    assert kinds([*PRINT, line(100, "handwritten", 0.97)], [SIGNATURE]) == ["printed"] * 3 + ["handwritten"]


def test_a_note_of_several_lines_is_no_signature() -> None:
    note = [line(top, "handwritten") for top in (92, 108, 124)]
    assert kinds([*PRINT, *note], [SIGNATURE]) == ["printed"] * 3 + ["handwritten"] * 3


def test_a_page_by_hand_keeps_all_its_lines_the_signed_one_too() -> None:
    letter = [line(top, "handwritten") for top in range(0, 400, 30)]
    assert kinds(letter, [SIGNATURE]) == ["handwritten"] * len(letter) + ["signature"]
    assert kinds(letter, [SignatureBox(SIGNATURE.corners, 0.95)]) == ["handwritten"] * len(letter)


def test_a_letter_by_hand_is_signed_once_where_it_is_surest() -> None:
    letter = [line(top, "handwritten") for top in range(0, 400, 30)]
    surer = SignatureBox(corners(0, 380, 200, 420), 1.0)
    lines = separate_signatures(letter, [SIGNATURE, surer], printed_page=False)
    (signed,) = [one for one in lines if one.is_signature]
    assert signed.corners is surer.corners


def test_a_signature_on_which_no_line_was_found_is_one() -> None:
    assert kinds(PRINT, [SIGNATURE]) == ["printed"] * 3 + ["signature"]


def test_a_page_with_nothing_else_may_hold_a_signature() -> None:
    assert kinds([], [SIGNATURE]) == ["signature"]
