"""Lines whose strokes leave their kind open, through the reader that routes lines."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from models.arrays import ImageU8
from models.detection.registry import TextDetectors
from models.document import PageImage, Region
from models.options import ReadOptions
from models.reading.routed import RoutedReader
from models.recognition.registry import LineRecognisers
from tests.drawing.letters import letter
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


def worn(seed: int) -> ImageU8:
    """Return a typed page whose ink has spread, (H, W, 3) RGB."""
    rng = np.random.default_rng(seed)
    grey = cv2.cvtColor(letter("cour"), cv2.COLOR_RGB2GRAY).astype(np.float32)
    spread = cv2.GaussianBlur(grey + rng.normal(0, 60, grey.shape), (0, 0), 2.6)
    return np.repeat(np.clip(spread * 1.6 - 120, 0, 255).astype(np.uint8)[..., None], 3, 2)


def test_print_that_ppocr_is_unsure_of_is_read_again(reader: RoutedReader) -> None:
    page = PageImage(worn(0), 150)
    chosen = reader.read(page, ReadOptions(languages="eng", handwritten="ppocr")).regions
    regions = read(reader, page)
    assert {region.recogniser for region in chosen if region.kind == "printed"} == {"ppocr"}
    again = [region for region in regions if region.kind == "printed" and region.recogniser == "handwriting"]
    assert again
    before = {region.polygon: region.confidence for region in chosen}
    assert all((region.confidence or 0) > (before[region.polygon] or 0) for region in again)
