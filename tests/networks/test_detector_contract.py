"""DBNet under the contract of detectors. CRAFT's network is exported with torch: tests/torch has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.detection.registry import TextDetectors
from models.detection.types import TextDetector
from models.engines import DETECTORS
from models.errors import WeightsMissing
from models.options import ReadOptions
from tests.drawing.detector_contract import DetectorContract


@pytest.fixture(scope="module")
def detector() -> TextDetector:
    return TextDetectors().get(ReadOptions(detector="dbnet"))


class TestDbnet(DetectorContract):
    """DBNet, with the network that the rapidocr package carries."""


def test_every_registered_detector_is_under_the_contract() -> None:
    assert set(DETECTORS) == {"dbnet", "craft"}


def test_a_detector_whose_network_is_missing_names_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="inkstream models export craft"):
        TextDetectors(tmp_path).get(ReadOptions(detector="craft"))
