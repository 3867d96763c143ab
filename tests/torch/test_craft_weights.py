"""CRAFT with its published weights, on a page that the test prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import Polygon, box

from models.detection.craft.detector import CraftDetector, load_craft
from models.detection.craft.export import export_craft
from models.document import PageImage
from models.options import CraftOptions, Precision
from models.weights.store import CRAFT, find_weights

LINES = (
    "Harbour Office, Annual Report",
    "The harbour office moved 41,300 documents last year.",
    "Most of them were bills of lading and letters;",
    "one in nine was written by hand.",
)
OPTIONS = CraftOptions(mag_ratio=1.0)


def printed_page() -> tuple[PageImage, list[tuple[Polygon, list[Polygon]]]]:
    """Return a page, and for each of its lines the box of the line and those of its words."""
    page = Image.new("RGB", (768, 352), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(26)
    drawn = []
    for number, line in enumerate(LINES):
        x, y = 40.0, 40.0 + 75 * number
        words = []
        for word in line.split():
            words.append(box(*draw.textbbox((x, y), word, font=font)))
            draw.text((x, y), word, font=font, fill=(20, 20, 20))
            x += draw.textlength(f"{word} ", font=font)
        drawn.append((box(*draw.textbbox((40, y), line, font=font)), words))
    return PageImage(np.asarray(page), 96), drawn


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=["fp32", "int8"])
def detector(request: pytest.FixtureRequest, cache: Path) -> CraftDetector:
    precision: Precision = request.param
    export_craft(cache, precision)
    return load_craft(cache, OPTIONS.model_copy(update={"precision": precision}))


def test_the_package_carries_the_published_weights(tmp_path: Path) -> None:
    assert find_weights(CRAFT, tmp_path).name == "craft_mlt_25k.pth"


@pytest.mark.timeout(400)
def test_the_words_and_lines_of_a_printed_page_are_found(detector: CraftDetector) -> None:
    page, drawn = printed_page()
    words = [Polygon(polygon) for polygon, _ in detector.words(page)]
    lines = [(Polygon(line.polygon), line.score) for line in detector.detect(page)]
    expected = [word for _, inside in drawn for word in inside]
    assert len(words) == len(expected)
    for word in expected:
        assert max(overlap(word, found) for found in words) > 0.5
    assert len(lines) == len(LINES)
    for line, _ in drawn:
        found, score = max(lines, key=lambda one: overlap(line, one[0]))
        assert overlap(line, found) > 0.7 and score > 0.9


@pytest.mark.timeout(400)
def test_a_blank_page_has_no_lines(detector: CraftDetector) -> None:
    assert detector.detect(PageImage(np.full((320, 320, 3), 250, np.uint8), 96)) == []


def overlap(one: Polygon, other: Polygon) -> float:
    return float(one.intersection(other).area / one.union(other).area)
