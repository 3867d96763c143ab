"""Words that were split at line ends are whole in paragraphs; hyphens that belong to words stay."""

from __future__ import annotations

import pytest

from models.document import Region
from models.documents.unicode_text import plain_letters
from models.layout.geometry import box_polygon
from models.layout.paragraph_text import paragraph_texts


def page(*paragraphs: str) -> list[Region]:
    """Return the lines of paragraphs, one under the other."""
    regions: list[Region] = []
    for number, paragraph in enumerate(paragraphs):
        for text in paragraph.split("\n"):
            y = 40.0 * len(regions)
            regions.append(
                Region(box_polygon((0, y, 600, y + 30), 5000, 5000), text, 0.9, "test", paragraph=number)
            )
    return regions


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ("kept by the commit-\ntee of the board", "kept by the committee of the board"),
        ("the years 1998-\n1999 and after", "the years 1998-1999 and after"),
        ("Frau Müller-\nLüdenscheidt kam", "Frau Müller-Lüdenscheidt kam"),
        ("a text-surface-\nbased method", "a text-surface-based method"),
        ("that is - or\nwas - so", "that is - or was - so"),
        ("the sum of -\nfive", "the sum of - five"),
        ("die Über¬\nsetzung", "die Übersetzung"),
        ("no hyphen\nhere", "no hyphen here"),
        ("ends with-", "ends with-"),
    ],
)
def test_lines_are_joined(lines: str, joined: str) -> None:
    assert paragraph_texts(page(lines)) == (joined,)


def test_the_pages_own_words_decide_on_a_hyphen() -> None:
    hyphenated = page("they co-\noperate well", "to co-operate is good")
    assert paragraph_texts(hyphenated)[0] == "they co-operate well"
    joined = page("they Co-\nOperate well", "to cooperate is good")
    assert paragraph_texts(joined)[0] == "they CoOperate well"


def test_each_paragraph_has_its_place_even_one_without_text() -> None:
    assert paragraph_texts(page("one\ntwo", "", "three")) == ("one two", "", "three")
    assert paragraph_texts([]) == ()


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("The o\ufb03ce \ufb01led", "The office filed"),
        ("\ufeed\ufeaf\ufe8d\ufead\ufe93", "\u0648\u0632\u0627\u0631\u0629"),
        ("\ufe8d\ufedf\ufee4\ufeb8\ufedc\ufefc\ufe95", "\u0627\u0644\u0645\u0634\u0643\u0644\u0627\u062a"),
        ("Mu\u0308ller", "Müller"),
        ("doc\u00adu\u00admentation", "documentation"),
        ("commit\u00ad", "commit-"),
        ("x² ½ ＡＢ ﴾ plain", "x² ½ ＡＢ ﴾ plain"),
    ],
)
def test_letters_are_plain(given: str, plain: str) -> None:
    assert plain_letters(given) == plain
