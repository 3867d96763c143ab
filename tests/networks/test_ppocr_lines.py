"""The shipped recogniser on lines drawn here, and what stands around it."""

from __future__ import annotations

from hashlib import sha256

import cv2
import numpy as np
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.arrays import ImageU8
from models.pages.ink import has_ink
from models.recognition.ctc.best_path import decode
from models.recognition.ctc.ppocr import LATIN, PpocrLineRecogniser
from models.recognition.line_images import cut_line, network_input

WEIGHTS = "25091b771fb8787f61d187bc001ab130f32aa056c2d3f1fbe00056fe2ba7e16e"
FOX = "The quick brown fox jumps over the lazy dog"
TEXTS = ["Invoice No. 4711", "Straße 12, Zürich", FOX, "Total: $1,234.56", "a"]


@pytest.fixture(scope="module")
def recogniser() -> PpocrLineRecogniser:
    return PpocrLineRecogniser()


def line(text: str, size: float = 12, dpi: int = 200) -> ImageU8:
    """Return a line of text with a little paper around it."""
    document = pymupdf.open()
    width = pymupdf.get_text_length(text, fontsize=size) + 12
    document.new_page(width=width, height=1.6 * size).insert_text((6, 1.15 * size), text, fontsize=size)
    picture = document[0].get_pixmap(dpi=dpi)
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)


def test_the_weights_are_those_that_the_model_card_speaks_of() -> None:
    assert sha256(LATIN.read_bytes()).hexdigest() == WEIGHTS


def test_printed_lines_are_read_exactly(recogniser: PpocrLineRecogniser) -> None:
    read = recogniser.recognise([line(text) for text in TEXTS])
    assert [decoded.text for decoded in read] == TEXTS
    assert min(decoded.confidence for decoded in read) > 0.8


def test_a_line_does_not_depend_on_its_neighbours(recogniser: PpocrLineRecogniser) -> None:
    lines = [line(text, size) for text in TEXTS for size in (9, 12)]
    together = recogniser.recognise(lines)
    alone = [recogniser.recognise([one])[0] for one in lines]
    assert [decoded.text for decoded in together] == [decoded.text for decoded in alone]
    assert np.allclose([d.confidence for d in together], [d.confidence for d in alone], atol=1e-3)


def test_other_scripts_are_read_by_the_network_that_has_them() -> None:
    assert "Latin" not in PpocrLineRecogniser("eng+jpn").name
    (decoded,) = PpocrLineRecogniser("chi_sim").recognise([line("Kafka")])
    assert decoded.text == "Kafka"


def test_characters_stand_where_they_are(recogniser: PpocrLineRecogniser) -> None:
    (decoded,) = recogniser.recognise([line(FOX)])
    assert len(decoded.positions) == len(decoded.text)
    assert list(decoded.positions) == sorted(decoded.positions)
    assert 0 < decoded.positions[0] < 0.1 < 0.9 < decoded.positions[-1] < 1


def test_ctc_joins_repeats_and_drops_blanks() -> None:
    rows = np.array([[0, 0.9, 0.1], [0, 0.8, 0.2], [1, 0, 0], [0, 0.6, 0.4], [0.3, 0, 0.7]], np.float32)
    decoded = decode(rows, ["", "a", "b"])
    assert decoded.text == "aab"
    assert decoded.confidence == pytest.approx((0.9 + 0.6 + 0.7) / 3)
    assert decoded.positions == pytest.approx((0.1, 0.7, 0.9))


def test_a_line_of_blanks_has_no_text_with_no_confidence() -> None:
    decoded = decode(np.array([[0.9, 0.1], [0.8, 0.2]], np.float32), ["", "a"])
    assert (decoded.text, decoded.confidence) == ("", 0.0)


@pytest.mark.parametrize("angle", [-12, -3, 0, 5, 15])
def test_slanted_lines_are_cut_upright(recogniser: PpocrLineRecogniser, angle: int) -> None:
    text = FOX
    drawn = line(text)
    height, width = drawn.shape[:2]
    page = np.full((900, width + 200, 3), 255, np.uint8)
    page[400 : 400 + height, 100 : 100 + width] = drawn
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, 450), angle, 1.0)
    page = np.asarray(cv2.warpAffine(page, turn, page.shape[1::-1], borderValue=(255, 255, 255)), np.uint8)
    corners = np.array([[100, 400], [100 + width, 400], [100 + width, 400 + height], [100, 400 + height]])
    turned = (np.hstack([corners, np.ones((4, 1))]) @ turn.T).astype(np.float32)
    (decoded,) = recogniser.recognise([cut_line(page, turned)])
    assert decoded.text == text


def test_text_along_the_margin_is_turned(recogniser: PpocrLineRecogniser) -> None:
    page = np.rot90(line(TEXTS[0]), -1)
    height, width = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    (decoded,) = recogniser.recognise([cut_line(page, corners)])
    assert decoded.text == TEXTS[0]


def test_paper_has_no_ink_and_pencil_has() -> None:
    noise = np.random.default_rng(0).normal(225, 4, (60, 400)).clip(0, 255).astype(np.uint8)
    assert not has_ink(noise)
    assert not has_ink(np.full((1, 1), 255, np.uint8))
    pencil = noise.copy()
    cv2.putText(pencil, "pale", (20, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 185, 2)
    assert has_ink(pencil)
    assert has_ink(255 - line("white on black"))


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 200), st.booleans())
def test_every_line_becomes_an_input(width: int, height: int, grey: bool) -> None:
    pixels = np.zeros((height, width) if grey else (height, width, 3), np.uint8)
    planes = network_input(pixels)
    assert planes.shape[:2] == (3, 48)
    assert planes.shape[2] >= 16
    assert (planes == -1).all()
