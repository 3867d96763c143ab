"""The words of a line: how a text splits, and how polygons follow a text that changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.document import Region, Word
from models.layout.geometry import bounds, box_corners, corners_of, part_of
from models.layout.pieces import join_pieces
from models.layout.words import evenly_split, with_margins, with_words_of_text, word_spans

LINE = corners_of((100, 10, 200, 30))
TEXTS = st.text("ab é-\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\x1c\x85\u200b", max_size=20)


def region(text: str, words: tuple[Word, ...]) -> Region:
    return Region(LINE, text, 0.9, "test", words=words)


@given(TEXTS)
def test_words_are_what_stands_between_white_space(text: str) -> None:
    assert [text[start:end] for start, end in word_spans(text)] == text.split()
    assert [word.text for word in evenly_split(text, LINE, None)] == text.split()


@given(TEXTS.filter(str.strip), TEXTS)
def test_words_split_as_a_changed_text_does(before: str, after: str) -> None:
    changed = with_words_of_text(region(after, evenly_split(before, LINE, 0.5)))
    assert [word.text for word in changed.words] == after.split()
    boxes = [bounds(word.polygon) for word in changed.words]
    assert all(100 <= x0 <= x1 <= 200 and (y0, y1) == (10, 30) for x0, y0, x1, y1 in boxes)
    assert all(left[2] <= right[0] for left, right in pairwise(boxes))


def test_characters_share_a_line_of_which_nothing_else_is_known() -> None:
    first, second = evenly_split("ab cdefghi", LINE, 0.7)
    assert (first.polygon, second.polygon) == (corners_of((100, 10, 120, 30)), corners_of((130, 10, 200, 30)))
    assert (first.confidence, second.confidence) == (0.7, 0.7)


def test_words_that_become_one_are_one_from_the_first_to_the_last() -> None:
    words = (
        Word("P<UTO", corners_of((100, 10, 140, 30)), 0.9),
        Word("ERIKSS0N", corners_of((150, 12, 200, 30)), 0.5),
    )
    (joined,) = with_words_of_text(region("P<UTOERIKSSON", words)).words
    assert joined.polygon == ((100, 10), (200, 12), (200, 30), (100, 30))
    assert joined.confidence == pytest.approx((5 * 0.9 + 8 * 0.5) / 13, abs=1e-4)


def test_a_line_without_words_stays_so() -> None:
    assert with_words_of_text(region("two words", ())).words == ()


def test_joined_pieces_have_the_words_of_both() -> None:
    left, right = corners_of((100, 10, 140, 30)), corners_of((150, 10, 200, 30))
    pieces = [
        Region(box, text, None, "text_layer", words=evenly_split(text, box, None))
        for text, box in (("one", left), ("two more", right))
    ]
    (joined,) = join_pieces(pieces)
    assert " ".join(word.text for word in joined.words) == joined.text == "one two more"


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0.5, 30)), min_size=1, max_size=6), st.floats(0, 15))
def test_margins_end_where_two_words_meet(words: list[tuple[float, float]], margin: float) -> None:
    boxes, x = [], 0.0
    for gap, width in words:
        boxes.append((x + gap, 5.0, x + gap + width, 15.0))
        x += gap + width
    wider = with_margins(boxes, margin)
    assert all(left[2] <= right[0] + 1e-9 for left, right in pairwise(wider))
    assert with_margins(boxes[::-1], margin) == wider[::-1]  # read from right to left
    for box, wide in zip(boxes, wider, strict=True):
        assert wide[0] <= box[0] and box[2] <= wide[2]
        assert (wide[1], wide[3]) == (5 - margin, 15 + margin)


def test_a_part_of_a_sloping_line_slopes_with_it() -> None:
    line = np.array([[0, 0], [80, 60], [74, 68], [-6, 8]], np.float32)  # 100 long, 10 high
    part = part_of(line, (0.5, 0.5, 1.0, 1.0))
    assert part == pytest.approx(np.array([[37, 34], [77, 64], [74, 68], [34, 38]], np.float32))
    assert part_of(box_corners((10, 20, 30, 40)), (0, 0, 1, 1)) == pytest.approx(box_corners((10, 20, 30, 40)))
