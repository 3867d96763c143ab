from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.diff import word_diff
from models.evaluation.scores import ErrorCount, Overlap, character_errors, normalise, word_errors, word_overlap


def test_line_breaks_and_runs_of_spaces_do_not_count() -> None:
    assert normalise(" a\u00a0 b\n\nc\f") == "a b c"


def test_a_letter_with_its_accent_apart_is_the_same_letter() -> None:
    assert character_errors("déjà", "de\u0301ja\u0300") == ErrorCount(0, 4)


def test_case_and_punctuation_count() -> None:
    assert character_errors("Total: 5", "total 5") == ErrorCount(2, 8)


def test_characters_are_counted_as_code_points() -> None:
    # kitten → sitting: two substitutions and an insertion
    assert character_errors("kitten", "sitting") == ErrorCount(3, 6)
    assert character_errors("𝒳y", "y") == ErrorCount(1, 2)


def test_words_are_compared_whole_and_in_order() -> None:
    assert word_errors("one two three four", "one too three") == ErrorCount(2, 4)
    assert word_errors("one two", "two one") == ErrorCount(2, 2)


def test_the_bag_of_words_has_no_order_but_counts_repeats() -> None:
    assert word_overlap("a b b c", "b a b b x") == Overlap(correct=3, predicted=5, true=4)
    found = word_overlap("a b b c", "b a b b x")
    assert (found.precision, found.recall, found.f1) == (3 / 5, 3 / 4, 6 / 9)


def test_nothing_true_has_no_rate_and_nothing_read_is_all_wrong() -> None:
    assert character_errors("", "abc") == ErrorCount(3, 0)
    assert character_errors("", "abc").rate is None
    assert character_errors("abc", "").rate == 1.0
    assert (Overlap().precision, Overlap().recall, Overlap().f1) == (None, None, None)


def test_a_rate_over_items_weighs_them_by_their_length() -> None:
    assert sum([ErrorCount(1, 2), ErrorCount(0, 8)], ErrorCount()).rate == 0.1


def test_pages_that_are_too_long_for_a_table_of_all_pairs_are_compared() -> None:
    true, read = "abcde fghij " * 5_000, "fghij klmno " * 5_000  # 3.6 billion pairs
    found = character_errors(true, read)
    assert found.length == len(true.strip())
    assert 0 < found.errors < found.length


@given(st.text(max_size=30), st.text(max_size=30))
def test_errors_are_none_exactly_where_the_normal_forms_agree(one: str, other: str) -> None:
    assert (character_errors(one, other).errors == 0) == (normalise(one) == normalise(other))
    assert character_errors(one, other).errors == character_errors(other, one).errors


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_a_diff_holds_both_texts(true: list[str], read: list[str]) -> None:
    parts = list(word_diff(" ".join(true), " ".join(read)))
    assert " ".join(text for what, text in parts if what != "extra").split() == true
    assert " ".join(text for what, text in parts if what != "missing").split() == read
