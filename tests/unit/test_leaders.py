from __future__ import annotations

from dataclasses import replace

import numpy as np
import pymupdf
import pytest

from models.arrays import F32, ImageU8
from models.reading.leaders import extended_to_next, with_leaders
from models.recognition.types import LineReading

SIZE, DPI = 12, 200
SCALE = DPI / 72


def drawn(text: str, font: str = "cour") -> tuple[ImageU8, LineReading]:
    """Return a line of text and a reading of it whose characters stand where they were drawn."""
    document = pymupdf.open()
    width = pymupdf.get_text_length(text, fontname=font, fontsize=SIZE) + 12
    document.new_page(width=width, height=1.6 * SIZE).insert_text(
        (6, 1.15 * SIZE), text, fontname=font, fontsize=SIZE
    )
    picture = document[0].get_pixmap(dpi=DPI)
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)
    ends = [pymupdf.get_text_length(text[: n + 1], fontname=font, fontsize=SIZE) for n in range(len(text))]
    middles = [(start + end) / 2 for start, end in zip([0.0, *ends], ends, strict=False)]
    return pixels, LineReading(text, 0.9, tuple((6 + middle) / width for middle in middles))


def misread(reading: LineReading, misreading: str) -> LineReading:
    """Return the reading with fewer marks, as a CTC network gives it: each character where the true one stands."""
    places, at = [], 0
    for character in misreading:
        at = reading.text.index(character, at)
        places.append(reading.positions[at])
        at += 1
    return LineReading(misreading, reading.confidence, tuple(places))


@pytest.mark.parametrize(
    ("true", "misreading"),
    [
        ("Brand --------- OLD GOLD", "Brand OLD GOLD"),
        ("Print-----------OLD GOLD", "Print--OLD GOLD"),
        ("Introduction .......... 12", "Introduction ... 12"),
        ("Shipping -----------", "Shipping"),
        ("a -- b ------ c", "a -- b - c"),
    ],
)
def test_marks_that_were_merged_are_counted_in_the_picture(true: str, misreading: str) -> None:
    pixels, reading = drawn(true)
    assert with_leaders(misread(reading, misreading), pixels).text == true


@pytest.mark.parametrize(
    ("true", "misreading"), [("Brand --------- OLD GOLD", "Brand OLD GOLD"), ("Total ........", "Total")]
)
def test_characters_of_a_leader_stand_where_its_marks_do(true: str, misreading: str) -> None:
    pixels, reading = drawn(true)
    found = with_leaders(replace(misread(reading, misreading), confidences=(0.8,) * len(misreading)), pixels)
    assert found.positions == pytest.approx(reading.positions, abs=0.02)
    assert [found.confidences[0], found.confidences[true.index(" ") + 1]] == [0.8, 0.9]


def test_a_leader_behind_the_line_stands_beyond_its_end() -> None:
    pixels, reading = drawn("Total ........")
    share = 0.4  # of the picture that was detected as a line
    line = misread(reading, "Total")
    line = replace(line, positions=tuple(position / share for position in line.positions))
    assert with_leaders(line, pixels, share).positions[-1] == pytest.approx(reading.positions[-1] / share, abs=0.05)


@pytest.mark.parametrize(
    "text", ["no leaders here", "well-known - and so on", "wide      gap", "x", "", "3.14 - 2.71"]
)
def test_other_text_is_left_alone(text: str) -> None:
    pixels, reading = drawn(text or " ")
    reading = reading if text else LineReading("", 0.0)
    assert with_leaders(reading, pixels) is reading


def test_a_rule_is_no_leader() -> None:
    pixels, reading = drawn("Name                Date")
    ruled = pixels.copy()
    ruled[-12:-9, 130:420] = 0
    assert with_leaders(misread(reading, "Name Date"), ruled).text == "Name Date"


def test_letters_that_were_not_read_are_no_leader() -> None:
    pixels, reading = drawn("Name of the writer Date")
    assert with_leaders(misread(reading, "Name Date"), pixels).text == "Name Date"


def test_a_line_reaches_to_the_next_of_its_row() -> None:
    def box(x0: float, y0: float, x1: float, y1: float) -> F32:
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)

    longer = extended_to_next([box(0, 0, 100, 20), box(180, 2, 300, 22), box(150, 60, 220, 80)], 400)
    assert [float(corners[1, 0]) for corners in longer] == [180, 400, 380]
