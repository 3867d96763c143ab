"""Pages that are signed, through the reader that routes lines."""

from __future__ import annotations

import numpy as np
import pytest

from models.arrays import ImageU8
from models.detection.registry import TextDetectors
from models.document import PageImage, Region
from models.layout.geometry import bounds
from models.options import ReadOptions
from models.reading.routed import RoutedReader
from models.recognition.registry import LineRecognisers
from models.training.synthesis.pen import signature
from tests.drawing.letters import letter


@pytest.fixture(scope="module")
def reader() -> RoutedReader:
    return RoutedReader(None, TextDetectors(), LineRecognisers())


def signed_letter(left: int = 350, top: int = 700) -> ImageU8:
    pixels, ink = letter("tiro").copy(), signature(np.random.default_rng(0), 90)
    window = pixels[top : top + ink.shape[0], left : left + ink.shape[1]]
    window[:] = window * (1 - ink[: window.shape[0], : window.shape[1], None])
    return pixels


def read(reader: RoutedReader, pixels: ImageU8) -> list[Region]:
    return list(reader.read(PageImage(pixels, 150), ReadOptions(languages="eng", dpi=150)).regions)


def test_a_signature_is_a_place_without_text_and_the_print_keeps_its_own(reader: RoutedReader) -> None:
    regions = read(reader, signed_letter())
    (found,) = [region for region in regions if region.kind == "signature"]
    assert (found.text, found.confidence, found.recogniser) == ("", None, "none")
    x0, y0, x1, y1 = bounds(found.polygon)
    assert 300 < x0 < x1 < 1000 and 660 < y0 < y1 < 830
    text = " ".join(region.text for region in regions)
    assert text.count("unpaid and unopened") == 10


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_signature_is_found_on_a_page_that_lies_on_its_side(reader: RoutedReader, turns: int) -> None:
    upright = [region for region in read(reader, signed_letter()) if region.kind == "signature"]
    turned = read(reader, np.ascontiguousarray(np.rot90(signed_letter(), turns)))
    (found,) = [region for region in turned if region.kind == "signature"]
    x0, y0, x1, y1 = bounds(found.polygon)
    sides = (x1 - x0, y1 - y0) if turns == 2 else (y1 - y0, x1 - x0)
    before = bounds(upright[0].polygon)
    assert sides == pytest.approx((before[2] - before[0], before[3] - before[1]), rel=0.15)


def test_a_letter_that_nobody_signed_has_no_signature(reader: RoutedReader) -> None:
    assert {region.kind for region in read(reader, letter("helv"))} == {"printed"}
