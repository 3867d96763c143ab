"""Two readings of a page are compared line by line, and word by word where a line changed."""

from __future__ import annotations

from streams.messages.page_diff import page_diff
from tests.unit.test_api import PAGE


def test_lines_and_words_that_changed_have_kinds_of_their_own() -> None:
    before = PAGE.model_copy(update={"text": "Harbour office\nan invo1ce of May\nnoise"})
    after = PAGE.model_copy(update={"text": "Harbour office\nan invoice of May"})
    found = page_diff(before, after)
    assert found.changes == 2
    assert [line.kind for line in found.lines] == ["same", "changed", "removed"]
    assert found.lines[1].parts == (
        ("same", "an"), ("removed", "invo1ce"), ("added", "invoice"), ("same", "of May"),
    )  # fmt: skip


def test_a_page_that_was_blank_has_all_its_lines_added() -> None:
    found = page_diff(PAGE.model_copy(update={"text": ""}), PAGE.model_copy(update={"text": "a\nb"}))
    assert [line.kind for line in found.lines] == ["added", "added"]
