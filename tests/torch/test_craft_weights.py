"""CRAFT with its published weights, on a page that the test prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import Polygon, box

from models.arrays import ImageU8
from models.detection.craft.canvas import draw_canvas
from models.detection.craft.detector import CraftDetector
from models.detection.craft.export import export_craft
from models.detection.craft.postprocess import boxes_from_scores
from models.detection.craft.runtime import OnnxScores, network_files
from models.options import CraftOptions, Precision
from models.weights.store import CRAFT, find_weights

LINES = (
    "Harbour Office, Annual Report",
    "The harbour office moved 41,300 documents last year.",
    "Most of them were bills of lading and letters;",
    "one in nine was written by hand.",
)
OPTIONS = CraftOptions(mag_ratio=1.0)


def printed_page() -> tuple[ImageU8, list[tuple[Polygon, list[Polygon]]]]:
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
    return np.asarray(page), drawn


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=["fp32", "int8"])
def network(request: pytest.FixtureRequest, cache: Path) -> OnnxScores:
    precision: Precision = request.param
    export_craft(cache, precision)
    return OnnxScores(*network_files(cache, OPTIONS.model_copy(update={"precision": precision})))


def test_the_package_carries_the_published_weights(tmp_path: Path) -> None:
    assert find_weights(CRAFT, tmp_path).name == "craft_mlt_25k.pth"


@pytest.mark.timeout(400)
def test_the_words_and_lines_of_a_printed_page_are_found(network: OnnxScores) -> None:
    page, drawn = printed_page()
    canvas = draw_canvas(page, OPTIONS)
    scores = network.scores(canvas.pixels)
    boxes = boxes_from_scores(scores.region, scores.affinity, OPTIONS)
    words = [Polygon(canvas.to_page(word.polygon)) for word in boxes]
    lines = [(Polygon(line.corners), line.score) for line in CraftDetector(network, OPTIONS).detect(page)]
    expected = [word for _, inside in drawn for word in inside]
    assert len(words) == len(expected)
    for word in expected:
        assert max(overlap(word, found) for found in words) > 0.5
    assert len(lines) == len(LINES)
    for line, _ in drawn:
        found, score = max(lines, key=lambda one: overlap(line, one[0]))
        assert overlap(line, found) > 0.7 and score > 0.9


@pytest.mark.timeout(400)
def test_a_blank_page_has_no_lines(network: OnnxScores) -> None:
    assert CraftDetector(network, OPTIONS).detect(np.full((320, 320, 3), 250, np.uint8)) == []


def overlap(one: Polygon, other: Polygon) -> float:
    return float(one.intersection(other).area / one.union(other).area)
