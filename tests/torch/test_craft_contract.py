"""CRAFT, with its published weights, under the contract of detectors."""

from __future__ import annotations

import pytest

from models.detection.craft.export import export_craft
from models.detection.registry import TextDetectors
from models.detection.types import TextDetector
from models.options import CraftOptions, ReadOptions
from tests.drawing.detector_contract import DetectorContract

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> TextDetector:
    folder = tmp_path_factory.mktemp("networks")
    export_craft(folder, "fp32")
    # a quarter of the usual pixels: the contract is the same
    options = ReadOptions(detector="craft", craft=CraftOptions(precision="fp32", canvas_size=640))
    return TextDetectors(folder).get(options)


class TestCraft(DetectorContract):
    """CRAFT, exported once in single precision."""
