"""Columns are read down, rows across, whatever the white between them: drawn pages of both kinds."""

from __future__ import annotations

import random
import textwrap

import pytest

from models.document import Region
from models.layout.geometry import box_polygon
from models.layout.reading_order import in_reading_order, page_text

HEIGHT, LEADING, PITCH = 30, 40, 13  # pixels: of a line, from line to line, and of a character
PROSE = (
    "The council met on Monday to hear about the new bridge. Two firms had sent in their offers, and both "
    "of them were higher than what had been set aside. Several members asked if the work could wait until "
    "the river is low, because the foundations are cheaper to dig in autumn. The engineer answered that "
    "the old bridge would not last another winter without repairs. After some talk it was decided to take "
    "the lower offer and to close the road for six weeks. Letters were read from three shopkeepers who "
    "fear for their trade. The mayor promised them that a ferry will run every day while the road is "
    "closed, and that nobody has to pay for it."
)
JAPANESE = "吾輩は猫である名前はまだ無いどこで生れたかとんと見当がつかぬ何でも薄暗いじめじめした所で泣い"


def line(text: str, x0: float, y0: float, pitch: float = PITCH) -> Region:
    return Region(box_polygon((x0, y0, x0 + pitch * len(text), y0 + HEIGHT), 9000, 9000), text, 0.9, "test")


def column(lines: list[str], x0: float, y0: float, leading: float = LEADING, pitch: float = PITCH) -> list[Region]:
    return [line(text, x0, y0 + leading * number, pitch) for number, text in enumerate(lines)]


def read(regions: list[Region]) -> list[str]:
    """Return the rows that are read, whatever order the regions were found in."""
    shuffled = random.Random(7).sample(regions, len(regions))
    return page_text(in_reading_order(shuffled)).split("\n")


@pytest.mark.parametrize("gutter", [4, 12, 30, 90])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("offset", [0, 13])
def test_columns_are_read_down_however_narrow_the_gutter(gutter: int, count: int, offset: int) -> None:
    lines = textwrap.wrap(PROSE * 2, 42)
    length = -(-len(lines) // count)
    parts = [lines[start : start + length] for start in range(0, len(lines), length)]
    width = PITCH * 42 + gutter
    regions = [r for n, part in enumerate(parts) for r in column(part, 100 + n * width, 300 + n * offset)]
    assert read(regions) == lines


def test_a_heading_across_two_columns_comes_first_and_a_caption_between_parts_them() -> None:
    first, second, third, fourth = (
        textwrap.wrap(PROSE, 40)[:4],
        *[textwrap.wrap(PROSE, 40)[a : a + 4] for a in (4, 8, 12)],
    )
    heading, caption = (
        "A bridge that lasts another winter, and what it costs",
        "Fig. 2: the old bridge as it is seen from the north",
    )
    upper = [*column(first, 100, 200), *column(second, 700, 200)]
    lower = [*column(third, 100, 500), *column(fourth, 700, 500)]
    regions = [line(heading, 200, 100), *upper, line(caption, 250, 410), *lower]
    assert read(regions) == [heading, *first, *second, caption, *third, *fourth]


def test_a_heading_across_two_of_three_columns_leaves_the_third_whole() -> None:
    parts = [textwrap.wrap(PROSE, 40)[a : a + 5] for a in (0, 5, 10)]
    third = [*textwrap.wrap(PROSE, 40)[3:6], *parts[2]]
    heading = "Over the first two columns stands this, and nothing else"
    regions = [line(heading, 150, 100), *column(parts[0], 100, 220), *column(parts[1], 700, 220)]
    assert read([*regions, *column(third, 1300, 100)]) == [heading, *parts[0], *parts[1], *third]


ITEMS = [
    ("Milk", "1.20"),
    ("Brown bread", "2.45"),
    ("Soap, two pieces", "3.10"),
    ("Tea", "12.99"),
    ("Salt", "0.55"),
]


@pytest.mark.parametrize("right", [500, 700, 1800])
def test_a_receipt_is_read_row_by_row(right: int) -> None:
    names = [line(name, 100, 50 * n) for n, (name, _) in enumerate(ITEMS)]
    amounts = [line(amount, right - PITCH * len(amount), 50 * n + 2) for n, (_, amount) in enumerate(ITEMS)]
    assert read([*names, *amounts]) == [f"{name} {amount}" for name, amount in ITEMS]


def test_a_table_without_rules_is_read_row_by_row() -> None:
    rows = [
        ("Hafen GmbH", "11", "111111111", "Paid"), ("Werft KGaA", "12", "222222222", "Open"),
        ("Kran und Sohn", "13", "333333333", "Paid"), ("Lotsen e.V.", "14", "444444444", "Paid"),
    ]  # fmt: skip
    cells = [line(text, 100 + 260 * k, 60 * n) for n, row in enumerate(rows) for k, text in enumerate(row)]
    assert read(cells) == [" ".join(row) for row in rows]


def test_a_form_is_read_label_by_label() -> None:
    rows = [("Surname:", "Lindqvist"), ("First name:", "Astrid"), ("Born:", "3 June 1984"), ("Town:", "Uppsala")]
    cells = [line(text, 100 + 500 * k, 60 * n) for n, row in enumerate(rows) for k, text in enumerate(row)]
    assert read(cells) == [" ".join(row) for row in rows]


def test_terms_with_explanations_of_several_lines_stay_together() -> None:
    parts = [textwrap.wrap(sentence + ".", 40) for sentence in PROSE.split(". ")[:4]]
    terms = ["Bridge", "Offer", "Ferry", "Road"]
    regions = [line(term, 100, 160 * n) for n, term in enumerate(terms)]
    regions += [region for n, part in enumerate(parts) for region in column(part, 400, 160 * n)]
    assert read(regions) == [
        row for term, (head, *rest) in zip(terms, parts, strict=True) for row in (f"{term} {head}", *rest)
    ]


def test_one_gutter_parts_columns_above_and_the_cells_of_a_table_below() -> None:
    left, right = textwrap.wrap(PROSE, 40)[:8], textwrap.wrap(PROSE, 40)[8:16]
    above = [*column(left, 100, 100), *column(right, 700, 100)]
    names = [line(name, 100, 560 + 50 * n) for n, (name, _) in enumerate(ITEMS)]
    amounts = [line(amount, 700, 560 + 50 * n) for n, (_, amount) in enumerate(ITEMS)]
    assert read([*above, *names, *amounts]) == [*left, *right, *(f"{name} {amount}" for name, amount in ITEMS)]


def test_columns_of_a_script_without_capitals() -> None:
    lines = [JAPANESE[start : start + 12] for start in range(0, 48, 12)]
    regions = [*column(lines, 100, 100, pitch=HEIGHT), *column(lines[::-1], 500, 100, pitch=HEIGHT)]
    assert read(regions) == [*lines, *lines[::-1]]


def test_a_page_number_beside_the_header_is_its_row() -> None:
    lines = textwrap.wrap(PROSE, 60)
    regions = [line("Minutes of the council", 100, 20), line("17", 860, 22), *column(lines, 100, 120)]
    assert read(regions) == ["Minutes of the council 17", *lines]


def test_every_row_of_a_justified_text_stays_whole() -> None:
    lines = textwrap.wrap(PROSE, 70)
    halves = [(text[:cut], text[cut + 1 :]) for text in lines if (cut := text.find(" ", 30)) > 0]
    regions = [
        r
        for n, (a, b) in enumerate(halves)
        for r in (line(a, 100, 40 * n), line(b, 100 + PITCH * (len(a) + 1.5), 40 * n))
    ]
    assert read(regions) == [f"{a} {b}" for a, b in halves]


def test_lone_rows_of_head_and_foot_come_from_top_to_bottom() -> None:
    lines = textwrap.wrap(PROSE, 60)
    date, title, place, number = "3 June", "Sample report", "Harbour office, second floor", "vii"
    head = [line(date, 800, 10), line(title, 300, 60)]
    foot = [line(place, 500, 700), line(number, 100, 760)]
    assert read([*head, *column(lines, 100, 150), *foot]) == [date, title, *lines, place, number]


def test_the_most_level_neighbours_make_a_row() -> None:
    labels = [line("Paper", 100, 50 * n) for n in range(4)]
    values = [line("Ecusta 556", 500, 50 * n + 14) for n in range(4)]  # each overlaps two labels
    regions = [r for pair in zip(labels, values, strict=True) for r in pair]
    assert read(regions) == ["Paper Ecusta 556"] * 4


def test_labels_in_a_grid_are_read_row_by_row() -> None:
    labels = [[f"Pump P-{row}{column} see detail 4" for column in range(4)] for row in range(5)]
    regions = [line(text, 600 * k, 300 * n) for n, row in enumerate(labels) for k, text in enumerate(row)]
    assert read(regions) == [" ".join(row) for row in labels]


@pytest.mark.parametrize("left", [20, 640])
def test_line_numbers_in_a_margin_or_between_columns_come_last(left: float) -> None:
    first, second = textwrap.wrap(PROSE * 3, 40)[:22], textwrap.wrap(PROSE * 3, 40)[22:44]
    numbers = [line(str(5 * n), left, 100 + LEADING * (5 * n - 1)) for n in range(1, 5)]
    regions = [*column(first, 100, 100), *column(second, 700, 100), *numbers]
    assert read(regions)[:-4] == [*first, *second]


def test_the_numbers_of_a_table_stay_in_their_rows() -> None:
    rows = [(str(n + 1), name, amount) for n, (name, amount) in enumerate(ITEMS)]
    cells = [line(text, (100, 200, 700)[k], 60 * n) for n, row in enumerate(rows) for k, text in enumerate(row)]
    assert read(cells) == [" ".join(row) for row in rows]


def test_a_table_of_contents_beside_prose_is_no_row_of_it() -> None:
    """Two pages of a book on one picture; a detector has each page number alone."""
    titles = ["Introduction", "Materials and methods", "Samples", "Results", "Discussion"]
    contents = [
        piece
        for number, title in enumerate(titles)
        for piece in (
            line(f"{title} ........", 100, 300 + LEADING * number),
            line(str(3 + 14 * number), 900, 300 + LEADING * number),
        )
    ]
    prose = textwrap.wrap(PROSE, 42)[:5]
    found = read([*contents, *column(prose, 1200, 300)])
    assert found == [*(f"{title} ........ {3 + 14 * n}" for n, title in enumerate(titles)), *prose]
