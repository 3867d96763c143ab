"""Words that are crossed out are not read, and what stands beside them is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.arrays import F32, ImageU8
from models.recognition.ctc.crossed_out import ink_density, may_be_crossed_out, without_crossed_out
from models.recognition.ctc.handwriting import HandwritingRecogniser
from models.recognition.line_images import network_input
from tests.drawing.letters import line, shaky

BLANK, A, SPACE = 0, 1, 3


@pytest.fixture(scope="module")
def recogniser() -> HandwritingRecogniser:
    return HandwritingRecogniser()


def scribbled(picture: ImageU8, start: float, end: float) -> ImageU8:
    """Return a line with strokes to and fro over a part of it, from and to shares of its width."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    x = np.array([start, end]) * width
    points = [(x[number % 2], y * height) for number, y in enumerate(np.linspace(0.4, 0.75, 9))]
    cv2.polylines(picture, [np.array(points, np.int32)], False, (20, 20, 20), 3, cv2.LINE_AA)
    return picture


def certain_rows(*columns: int) -> F32:
    rows = np.full((len(columns), 4), 0.01, np.float32)
    rows[np.arange(len(columns)), columns] = 0.97
    return rows


def best_classes(rows: F32) -> list[int]:
    return [int(column) for column in rows.argmax(1)]


def test_a_word_that_is_scribbled_over_is_left_out(recogniser: HandwritingRecogniser) -> None:
    written = shaky(line("please send it back today"))
    whole, corrected = recogniser.recognise([written, scribbled(written, 0.49, 0.56)])
    assert whole.text == "please send it back today"
    assert corrected.text == "please send back today"


def test_a_line_is_read_alike_whatever_is_crossed_out_in_its_neighbours(recogniser: HandwritingRecogniser) -> None:
    written = shaky(line("please send it back today"))
    alone = recogniser.recognise([written])
    assert recogniser.recognise([scribbled(written, 0.49, 0.56), written])[1:] == alone


def test_ruled_lines_and_bold_words_are_no_scribble(recogniser: HandwritingRecogniser) -> None:
    ruled = shaky(line("please send it back today"))
    cv2.line(ruled, (0, 40), (ruled.shape[1], 42), (60, 60, 60), 2)
    underlined = shaky(line("please send it back today"))
    cv2.line(underlined, (130, 50), (230, 50), (20, 20, 20), 3)
    bold = np.concatenate([shaky(line("please send")), shaky(line("it back", "times-bolditalic"))], 1)
    texts = [read.text for read in recogniser.recognise([ruled, underlined, bold])]
    assert texts[:2] == ["please send it back today"] * 2
    assert texts[2].split()[-2:] == ["it", "back"]


def test_ink_is_as_dense_as_is_usual_but_in_a_blot() -> None:
    written = shaky(line("please send it back today"))
    density = ink_density(network_input(written))
    assert len(density) == -(-network_input(written).shape[2] // 8)
    assert not may_be_crossed_out(density)
    blot = ink_density(network_input(scribbled(written, 0.49, 0.56)))
    assert may_be_crossed_out(blot)
    assert 0.4 < int(blot.argmax()) / len(blot) < 0.6


def test_blank_paper_has_no_ink_and_nothing_is_crossed_out_on_it() -> None:
    density = ink_density(np.full((3, 48, 20), 0.8, np.float32))
    assert density.tolist() == [0, 0, 0] and not may_be_crossed_out(density)


def test_only_what_is_dense_and_found_by_one_network_alone_is_left_out() -> None:
    seen = certain_rows(A, BLANK, SPACE, A, A, A, SPACE, A, BLANK, A)
    second = certain_rows(A, BLANK, SPACE, BLANK, BLANK, BLANK, SPACE, A, BLANK, A)
    dense, usual = np.ones(10, np.float32), np.ones(10, np.float32)
    dense[4] = 2.0
    left = without_crossed_out(seen, second, dense, SPACE)
    assert best_classes(left) == [A, BLANK, SPACE, BLANK, BLANK, BLANK, BLANK, A, BLANK, A]  # one space of two
    glued = certain_rows(A, BLANK, BLANK, BLANK, BLANK, BLANK, BLANK, A, BLANK, A)
    assert best_classes(without_crossed_out(seen, glued, dense, SPACE))[6:] == [BLANK, A, BLANK, A]
    assert SPACE in best_classes(without_crossed_out(seen, glued, dense, SPACE))[:6]  # words stay apart
    assert (without_crossed_out(seen, second, usual, SPACE) == seen).all()
    assert (without_crossed_out(seen, seen, dense, SPACE) == seen).all()
    assert (without_crossed_out(second, second, dense, SPACE) == second).all()


def test_what_may_be_letters_is_left_out_where_ink_is_denser_still() -> None:
    seen, second = (
        certain_rows(A, BLANK, BLANK, BLANK, BLANK, BLANK, A),
        certain_rows(A, BLANK, BLANK, BLANK, BLANK, BLANK, A),
    )
    seen[3, [BLANK, A]] = 0.6, 0.38  # the language may make a letter of it
    for dense, probability in ((2.0, 0.38), (2.5, 0.0)):
        left = without_crossed_out(seen, second, np.full(7, dense, np.float32), SPACE)
        assert left[3, A] == pytest.approx(probability)


def test_what_is_crossed_out_at_an_end_leaves_no_space() -> None:
    seen, second = certain_rows(A, A, A, SPACE, A, BLANK), certain_rows(BLANK, BLANK, BLANK, SPACE, A, BLANK)
    dense = np.full(6, 2.0, np.float32)
    assert best_classes(without_crossed_out(seen, second, dense, SPACE)) == [BLANK] * 4 + [A, BLANK]
    assert best_classes(without_crossed_out(seen[::-1], second[::-1], dense, SPACE)) == [BLANK, A] + [BLANK] * 4
