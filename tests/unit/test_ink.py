"""What is ink and what is paper, on pictures whose answer is known."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from models.arrays import ImageU8
from models.pages.ink import (
    components,
    coverage,
    has_ink,
    ink_by_column,
    ink_by_otsu,
    ink_coverage,
    ink_on_even_paper,
    ink_on_uneven_paper,
    paper_by_closing,
    tones,
)

BOX = (slice(20, 30), slice(50, 90))  # 40 pixels wide, 10 high


@pytest.fixture
def page() -> ImageU8:
    """Paper that darkens from left to right, with a rectangle of ink on it."""
    page = np.tile(np.linspace(240, 200, 160), (60, 1)).astype(np.uint8)
    page[BOX] = 40
    return page


@pytest.mark.parametrize(
    "find", [ink_by_otsu, lambda page: ink_on_uneven_paper(page, 51, 40), lambda page: ink_on_even_paper(page, 0.5)]
)
def test_every_threshold_finds_the_ink_and_no_paper(page: ImageU8, find: Callable[[ImageU8], ImageU8]) -> None:
    ink = find(page)
    assert ink.sum() == 400 and ink[BOX].all()


def test_coverage_is_full_on_ink_and_nothing_on_paper(page: ImageU8) -> None:
    paper = paper_by_closing(page, 25)
    assert np.abs(paper[BOX] - 220).max() < 15
    ink = ink_coverage(page, paper, full_percentile=97, min_depth=16, floor=0.25, span=0.65)
    assert ink.coverage.dtype == np.float32
    assert (ink.coverage[BOX] == 1).all() and ink.coverage.sum() == 400
    assert 170 < ink.depth < 190


def test_blank_paper_has_no_coverage_and_shows_it_by_its_depth() -> None:
    blank = np.full((48, 100), 230, np.uint8)
    ink = ink_coverage(
        blank, paper_by_closing(blank, 25, smooth=True), full_percentile=97, min_depth=16, floor=0.25, span=0.65
    )
    assert ink.depth == 0 and not ink.coverage.any()


def test_coverage_grows_from_the_floor_to_the_end_of_the_span() -> None:
    depths = np.array([0, 25, 50, 75, 100], np.float32)
    assert coverage(depths, 100, floor=0.25, span=0.5).tolist() == [0, 0, 0.5, 1, 1]


def test_a_column_s_ink_is_what_differs_from_the_paper_on_dark_paper_too(page: ImageU8) -> None:
    for line in (page, 255 - page):
        columns = ink_by_column(line)
        assert (columns[50:90] > 0).all() and not columns[:50].any() and not columns[90:].any()


def test_tones_are_those_of_ink_and_paper(page: ImageU8) -> None:
    dark, paper = tones(page)
    assert dark == 40 and 210 < paper < 230
    assert has_ink(page) and not has_ink(page[:15, :60])


@pytest.mark.parametrize("size", [(60, 160), (300, 700)])
def test_components_have_boxes_areas_centres_and_labels(size: tuple[int, int]) -> None:
    ink = np.zeros(size, np.uint8)
    ink[BOX] = 1
    ink[5, 5] = ink[6, 6] = 1  # touch at a corner
    if size[1] > 160:
        ink[100::2, ::2] = 1  # more components than labels of 16 bits are tried for
    found = components(ink)
    assert found.boxes[0].tolist() == [5, 5, 2, 2] and found.areas[0] == 2
    assert found.boxes[1].tolist() == [50, 20, 40, 10] and found.areas[1] == 400
    assert found.centres[1].tolist() == [69.5, 24.5]
    assert (found.labels[BOX] == 2).all() and found.labels[0, 0] == 0
    assert len(found.boxes) == cv2.connectedComponents(ink)[0] - 1
