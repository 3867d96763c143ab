"""Who owns the modules that two distributions would fight over."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import models
import streams

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("module", "owner"), [("onnxruntime", "onnxruntime"), ("cv2", "opencv-python-headless"), ("pymupdf", "PyMuPDF")]
)
def test_a_module_is_owned_by_one_distribution(module: str, owner: str) -> None:
    assert {name.lower() for name in packages_distributions()[module]} == {owner.lower()}


def test_our_packages_are_ours() -> None:
    assert Path(models.__file__).parent == ROOT / "models"
    assert Path(streams.__file__).parent == ROOT / "streams"
