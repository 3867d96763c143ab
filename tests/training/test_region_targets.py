"""Targets of the segmentation map."""

from __future__ import annotations

import numpy as np

from models.kinds.model import KINDS
from models.training.regions.targets import targets_of
from models.training.synthesis.signed_draft import SIGNATURE

PRINTED, SIGNED = KINDS.index("printed"), KINDS.index("signature")


def test_a_signature_over_print_is_both() -> None:
    ink = np.zeros((160, 160), np.uint8)
    ink[40:80, 40:120] = 1
    ink[60:100, 60:100:2] = SIGNATURE  # its strokes leave print between them
    targets = targets_of(ink, 40, 40)
    both = targets.kinds[PRINTED] & targets.kinds[SIGNED]
    assert both[16:19, 16:24].all()


def test_each_signature_has_its_box_in_cells() -> None:
    ink = np.zeros((160, 320), np.uint8)
    ink[40:80, 40:120] = SIGNATURE
    ink[100:120, 200:280] = SIGNATURE + 1
    targets = targets_of(ink, 40, 80)
    assert targets.boxes.tolist() == [[10, 10, 30, 20], [50, 25, 70, 30]]
    assert set(np.unique(targets.numbers)) == {0, 1, 2}


def test_letters_of_a_line_are_joined_and_lines_are_not() -> None:
    ink = np.zeros((160, 320), np.uint8)
    for top in (40, 72):
        ink[top : top + 8, 40:280:12] = 1
        ink[top : top + 8, 41:280:12] = 1
    printed = targets_of(ink, 40, 80).kinds[PRINTED]
    assert printed[10, 10:68].all()
    assert not printed[14:17].any()


def test_the_seam_around_an_area_is_not_trained_on_and_the_area_is() -> None:
    ink = np.zeros((160, 160), np.uint8)
    ink[40:80, 40:120] = 1
    counted = targets_of(ink, 40, 40).loss_mask[PRINTED]
    assert counted[10:20, 10:30].all()
    assert not counted[9, 9:31].any()
    assert counted[8].all()


def test_a_blank_page_has_no_signatures() -> None:
    targets = targets_of(np.zeros((160, 160), np.uint8), 40, 40)
    assert targets.boxes.shape == (0, 4)
    assert not targets.kinds.any()
