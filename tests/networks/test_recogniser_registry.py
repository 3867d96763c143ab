"""Recognisers by the names that options give them."""

from __future__ import annotations

import pytest

from models.errors import WeightsMissing
from models.options import ReadOptions
from models.recognition.registry import LineRecognisers


def test_official_models_that_are_not_here_say_how_to_get_them() -> None:
    with pytest.raises(WeightsMissing, match="models fetch trocr-base-handwritten"):
        LineRecognisers().get(ReadOptions(handwritten="official"))
