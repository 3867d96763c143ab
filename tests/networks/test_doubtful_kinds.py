"""Lines whose strokes leave their kind open, through the reader that routes lines."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.detection.registry import TextDetectors
from models.document import PageImage, Region
from models.options import ReadOptions
from models.reading.routed import RoutedReader
from models.recognition.registry import LineRecognisers
from tests.drawing.receipts import receipt

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples" / "documents"


@pytest.fixture(scope="module")
def reader() -> RoutedReader:
    return RoutedReader(None, TextDetectors(), LineRecognisers())


def read(reader: RoutedReader, page: PageImage) -> list[Region]:
    return list(reader.read(page, ReadOptions(languages="eng")).regions)


def sample(name: str) -> PageImage:
    with Image.open(SAMPLES / name) as picture:
        return PageImage(np.asarray(picture.convert("RGB")), 200)


@pytest.mark.parametrize("seed", range(4))
def test_needles_and_thermal_heads_are_no_pens(reader: RoutedReader, seed: int) -> None:
    regions = read(reader, PageImage(receipt(np.random.default_rng(seed)), 150))
    kinds = Counter(region.kind for region in regions)
    assert len(regions) >= 12
    assert kinds["printed"] >= 0.9 * len(regions)


def test_a_photographed_receipt_is_printed(reader: RoutedReader) -> None:
    assert {region.kind for region in read(reader, sample("receipt-photo.jpg"))} == {"printed"}


def test_a_note_is_handwritten(reader: RoutedReader) -> None:
    regions = read(reader, sample("note-handwritten.png"))
    assert {region.kind for region in regions} == {"handwritten"}
    assert {region.recogniser for region in regions} == {"handwriting"}
