from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.document import Kind, Region, Word
from models.evaluation.boxes import BoxScores, score_boxes
from models.evaluation.calibration import accuracy_above, calibration_error, judge_words, reliability
from models.evaluation.items import Item, TruthBox, Unit
from models.evaluation.scores import ErrorCount, Overlap, Share
from models.layout.geometry import Box, box_polygon

PAGE = (1000.0, 1000.0)


def line(x0: float, y0: float, x1: float, y1: float, text: str = "", kind: Kind | None = None) -> TruthBox:
    return TruthBox(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), text, kind)


def region(
    x0: float, y0: float, x1: float, y1: float, text: str = "", kind: Kind = "printed", sure: float | None = None
) -> Region:
    return Region(box_polygon((x0, y0, x1, y1), 1000, 1000), text, sure, "test", kind)


def scored(
    boxes: list[TruthBox], regions: list[Region], unit: Unit = "line", size: tuple[float, float] | None = None
) -> BoxScores:
    scores = score_boxes(Item("page", Path("page.png"), "", tuple(boxes), unit, size), regions, PAGE)
    assert scores is not None
    return scores


def test_a_line_cut_in_two_is_covered_though_neither_half_is_its_pair() -> None:
    scores = scored([line(0, 0, 100, 10)], [region(0, 0, 45, 10), region(50, 0, 95, 10)])
    assert (scores.coverage_recall, scores.coverage_precision) == (Share(1, 1), Share(2, 2))
    assert scores.pairs == Overlap(correct=0, predicted=2, true=1)


@pytest.mark.parametrize(("x1", "right"), [(50.0, 1), (49.9, 0)])
def test_a_pair_shares_at_least_half_of_what_both_cover(x1: float, right: int) -> None:
    scores = scored([line(0, 0, 100, 10)], [region(0, 0, x1, 10)])
    assert scores.pairs == Overlap(right, 1, 1)
    assert scores.coverage_recall == Share(right, 1)


def test_each_region_is_the_pair_of_one_line_only() -> None:
    twice = [line(0, 0, 100, 10), line(0, 0, 100, 10)]
    assert scored(twice, [region(0, 0, 100, 10)]).pairs == Overlap(correct=1, predicted=1, true=2)


def test_coordinates_of_the_truth_are_scaled_to_the_picture() -> None:
    assert scored([line(0.1, 0.4, 0.3, 0.8)], [region(100, 200, 300, 400)], size=(1, 2)).pairs == Overlap(1, 1, 1)


def test_kinds_are_judged_by_what_covers_most_of_a_line() -> None:
    boxes = [line(0, 0, 100, 10, kind="handwritten"), line(0, 20, 100, 30, kind="printed"), line(0, 40, 9, 50),
             line(0, 60, 100, 70, kind="printed")]  # fmt: skip
    regions = [region(0, 0, 60, 10, kind="handwritten"), region(60, 0, 100, 10),
               region(0, 20, 100, 30, kind="signature"), region(0, 60, 40, 70)]  # fmt: skip
    scores = scored(boxes, regions)
    assert scores.kinds == {
        ("handwritten", "handwritten"): 1, ("printed", "signature"): 1, ("printed", "missed"): 1,
    }  # fmt: skip
    assert scores.kind_accuracy == Share(1, 2)


def test_texts_are_compared_line_by_line_whatever_the_order() -> None:
    boxes = [line(0, 0, 100, 10, "one two", "printed"), line(0, 20, 100, 30, "three", "handwritten")]
    regions = [region(0, 20, 100, 30, "thee"), region(0, 0, 40, 10, "one"), region(50, 0, 100, 10, "two"),
               region(500, 500, 600, 510, "smudge")]  # fmt: skip
    scores = scored(boxes, regions)
    assert scores.characters == {"printed": ErrorCount(0, 7), "handwritten": ErrorCount(1, 5)}
    assert (scores.insertions, scores.line_characters) == (6, ErrorCount(7, 12))


def test_words_are_only_asked_whether_they_are_covered() -> None:
    scores = scored([line(0, 0, 10, 10, "a"), line(20, 0, 30, 10, "b")], [region(0, 0, 15, 10)], unit="word")
    assert (scores.coverage_recall, scores.coverage_precision, scores.pairs) == (Share(1, 2), Share(1, 1), None)


def test_only_regions_given_as_signatures_count_against_signatures() -> None:
    boxes = [line(0, 0, 100, 50, kind="signature"), line(0, 500, 100, 550, kind="signature")]
    regions = [region(10, 0, 100, 50, kind="signature"), region(0, 500, 100, 550, kind="handwritten"),
               region(700, 0, 800, 50, kind="signature")]  # fmt: skip
    assert scored(boxes, regions, unit="signature").signatures == Overlap(correct=1, predicted=2, true=2)


def test_a_page_with_nothing_read_misses_everything() -> None:
    scores = scored([line(0, 0, 100, 10, "four", "printed")], [])
    assert (scores.coverage_recall, scores.coverage_precision, scores.pairs) == (
        Share(0, 1),
        Share(0, 0),
        Overlap(0, 0, 1),
    )
    assert scores.line_characters == ErrorCount(4, 4)
    assert scores.kinds == {("printed", "missed"): 1}


def test_a_polygon_that_crosses_itself_or_has_no_area_is_no_failure() -> None:
    bow = TruthBox(((0, 0), (100, 100), (100, 0), (0, 100)))
    flat = TruthBox(((0, 0), (100, 0), (50, 0)))
    scores = scored([bow, flat], [region(0, 0, 100, 100), Region((), "lost", None, "test")])
    assert scores.coverage_recall == Share(1, 2)
    assert scores.pairs == Overlap(1, 2, 2)


def test_a_page_without_boxes_has_no_scores_of_places() -> None:
    assert score_boxes(Item("page", Path("page.png"), "text"), [region(0, 0, 9, 9)], PAGE) is None


def test_pages_add_up() -> None:
    one = scored([line(0, 0, 100, 10, "abcd", "printed")], [region(0, 0, 100, 10, "abcx")])
    signed = scored([line(0, 0, 9, 9, kind="signature")], [], unit="signature")
    both = one + one + signed
    assert (both.coverage_recall, both.pairs, both.signatures) == (Share(2, 2), Overlap(2, 2, 2), Overlap(0, 0, 1))
    assert both.characters == {"printed": ErrorCount(2, 8)}
    assert both.kinds == {("printed", "printed"): 2}


def test_a_word_that_the_truth_has_with_spaces_in_it_is_right() -> None:
    regions = [region(0, 0, 1, 1, "$7,569,000.00 ab", sure=0.9)]
    assert sorted(judge_words("$7,569, 000. 00 a b", regions)) == [(0.9, False), (0.9, True)]


def with_words(*words: tuple[str, Box, float]) -> Region:
    placed = tuple(Word(text, box_polygon(box, 1000, 1000), sure) for text, box, sure in words)
    return replace(region(0, 0, 1, 1, " ".join(word.text for word in placed), sure=0.6), words=placed)


def test_words_are_paired_with_the_nearest_of_the_same_text() -> None:
    boxes = [
        line(0, 0, 40, 10, "of"),
        line(50, 0, 90, 10, "ink"),
        line(100, 0, 140, 10, "of"),
        line(150, 0, 9, 9, "x"),
    ]
    read = with_words(("of", (0, 0, 40, 10), 0.9), ("lnk", (50, 0, 90, 10), 0.9), ("of", (100, 0, 120, 10), 0.9),
                      ("x", (500, 0, 540, 10), 0.9))  # fmt: skip
    scores = scored(boxes, [read], "word")
    assert scores.word_iou.value == pytest.approx(0.75)
    assert scores.word_iou.count == 2
    assert scored(boxes, [region(0, 0, 90, 10, "of ink")], "word").word_iou.value is None


def test_a_word_is_judged_by_its_own_confidence_where_it_has_one() -> None:
    read = with_words(("yes", (0, 0, 40, 10), 0.9), ("mo", (50, 0, 90, 10), 0.2))
    assert sorted(judge_words("yes no", [read])) == [(0.2, False), (0.9, True)]


def test_of_a_word_read_too_often_the_most_confident_is_right() -> None:
    regions = [region(0, 0, 1, 1, "yes no", sure=0.5), region(0, 0, 1, 1, "yes", sure=0.9),
               region(0, 0, 1, 1, "yes no", sure=None)]  # fmt: skip
    assert sorted(judge_words("no yes", regions)) == [(0.5, False), (0.5, True), (0.9, True)]


def test_the_calibration_error_is_the_distance_of_given_from_right() -> None:
    # four words at .9 of which three are right: |.9 - .75|; one at 1.0, right; one at .3, wrong
    judged = [(0.9, True), (0.9, True), (0.9, True), (0.9, False), (0.3, False)]
    assert calibration_error(judged) == pytest.approx((4 * 0.15 + 1 * 0.3) / 5)
    assert [(found.low, found.words, found.accuracy) for found in reliability(judged)] == [
        (0.3, 1, 0.0),
        (0.9, 4, 0.75),
    ]
    assert accuracy_above(judged, 0.9) == Share(3, 4)
    assert calibration_error([]) is None
    assert reliability([(1.0, True)])[0].low == 0.9
