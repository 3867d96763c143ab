"""Signatures from maps drawn here, whose answers are known, and the shipped head on letters drawn here."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from models.arrays import F32, ImageU8
from models.detection.dbnet import DbnetDetector
from models.kinds.annotate import LineAnnotator
from models.kinds.maps import KindSegmenter
from models.kinds.model import KINDS
from models.kinds.signatures import find_signatures
from models.kinds.types import SignatureBox
from models.training.synthesis.pen import signature
from tests.drawing.letters import letter

SIGNED = KINDS.index("signature")
WEIGHTS = Path(__file__).parents[2] / "models" / "weights" / "shipped" / "regions.onnx"
WEIGHTS_SHA256 = "13f9b84646771f5e3357bba089d22e6d4e1800ff9fe76ce382bdad02dffa31ec"


def maps_with(*boxes: tuple[int, int, int, int], score: float = 0.97) -> F32:
    """Return maps of 60 × 80 cells with signatures at (left, top, right, bottom)."""
    kinds = np.zeros((3, 60, 80), np.float32)
    for left, top, right, bottom in boxes:
        kinds[SIGNED, top:bottom, left:right] = score
    return kinds


def test_a_signature_is_where_its_cells_are_in_page_pixels() -> None:
    (found,) = find_signatures(maps_with((10, 20, 40, 30)), page_width=800, page_height=600)
    assert found.corners.tolist() == [[100, 200], [400, 200], [400, 300], [100, 300]]
    assert found.score == pytest.approx(0.97)


def test_the_faint_ends_of_a_signature_belong_to_it_and_do_not_make_it_doubtful() -> None:
    kinds = maps_with((10, 20, 40, 30))
    kinds[SIGNED, 24:26, 40:50] = 0.4
    (found,) = find_signatures(kinds, page_width=80, page_height=60)
    assert found.corners[2].tolist() == [50, 30]
    assert found.score == pytest.approx(0.97)


def test_two_that_lie_apart_are_two_the_surer_first() -> None:
    kinds = maps_with((10, 20, 30, 30)) + maps_with((40, 20, 60, 30), score=0.99)
    assert [found.corners[0, 0] for found in find_signatures(kinds, page_width=80, page_height=60)] == [40, 10]


def test_a_crack_between_two_strokes_does_not_part_them() -> None:
    kinds = maps_with((10, 20, 40, 30))
    kinds[SIGNED, :, 25] = 0
    assert len(find_signatures(kinds, page_width=80, page_height=60)) == 1


def test_a_flourish_beside_a_signature_is_part_of_it_and_a_line_below_is_not() -> None:
    kinds = maps_with((10, 20, 30, 30)) + maps_with((33, 24, 50, 30), (10, 36, 40, 46), score=0.7)
    (found,) = find_signatures(kinds, page_width=80, page_height=60)
    assert found.corners[[0, 2]].tolist() == [[10, 20], [50, 30]]
    assert found.score == pytest.approx(0.97)


def test_a_chain_of_parts_is_one_whole_from_whichever_side_it_is_joined() -> None:
    kinds = maps_with((40, 20, 50, 30), (10, 20, 20, 30), score=0.6) + maps_with((23, 20, 37, 30))
    (found,) = find_signatures(kinds, page_width=80, page_height=60)
    assert found.corners[[0, 2]].tolist() == [[10, 20], [50, 30]]


def test_specks_and_what_is_hardly_one_are_no_signatures() -> None:
    assert find_signatures(maps_with((10, 20, 12, 22)), page_width=80, page_height=60) == []
    assert find_signatures(maps_with((10, 20, 40, 30), score=0.8), page_width=80, page_height=60) == []
    faint = maps_with((10, 20, 40, 30), score=0.8)
    assert len(find_signatures(faint, page_width=80, page_height=60, min_score=0.7)) == 1


def test_a_page_without_any_has_none() -> None:
    assert find_signatures(maps_with(), page_width=80, page_height=60) == []


def test_the_shipped_head_is_the_one_that_the_model_card_speaks_of() -> None:
    assert sha256(WEIGHTS.read_bytes()).hexdigest() == WEIGHTS_SHA256


def signed(seed: int) -> tuple[ImageU8, F32]:
    """Return a letter that is signed, and the box of the signature: left, top, right, bottom."""
    pixels, ink = letter("tiro").copy(), signature(np.random.default_rng(seed), 90)
    top, left = 700, 350
    window = pixels[top : top + ink.shape[0], left : left + ink.shape[1]]
    ink = ink[: window.shape[0], : window.shape[1]]
    window[:] = window * (1 - ink[..., None]) + 30 * ink[..., None]
    return pixels, np.array([left, top, left + ink.shape[1], top + ink.shape[0]], np.float32)


def overlap(one: F32, other: F32) -> float:
    """Return IoU."""
    sides = np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0)
    areas = [(box[2:] - box[:2]).prod() for box in (one, other)]
    return float(sides.prod() / (sum(areas) - sides.prod()))


def signatures_on(detector: DbnetDetector, pixels: ImageU8) -> list[SignatureBox]:
    annotator = LineAnnotator(detector, KindSegmenter())
    return annotator.annotate(pixels, annotator.detect(pixels, detector)).signatures


def test_letters_drawn_here_are_found_to_be_signed_where_they_are() -> None:
    detector, right = DbnetDetector(), 0
    for seed in range(8):
        pixels, box = signed(seed)
        found = [np.concatenate([one.corners[0], one.corners[2]]) for one in signatures_on(detector, pixels)]
        right += any(overlap(one, box) > 0.5 for one in found)
        assert len(found) <= 1
    assert right >= 6


@pytest.mark.parametrize("font", ["helv", "tiro", "cour"])
def test_a_letter_that_nobody_signed_has_no_signature(font: str) -> None:
    assert signatures_on(DbnetDetector(), letter(font)) == []
