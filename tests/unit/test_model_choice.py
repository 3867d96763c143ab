"""--models names what reads handwriting, and a worker is started with what its supervisor was told."""

from __future__ import annotations

import pytest

from models.options import ReadOptions
from streams.errors import ConfigurationError
from streams.model_choice import handwritten_by, models_of


def test_own_and_official_are_settings_that_options_take() -> None:
    assert ReadOptions(handwritten=handwritten_by("official") or "").handwritten == "official"
    assert ReadOptions(handwritten=handwritten_by("own") or "").handwritten == "handwriting"


def test_nothing_said_leaves_the_setting_alone() -> None:
    assert handwritten_by(None) is None
    assert models_of("auto") is None


@pytest.mark.parametrize("models", ["own", "official"])
def test_what_was_said_can_be_said_on(models: str) -> None:
    assert models_of(handwritten_by(models) or "") == models


def test_another_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match="own or official"):
        handwritten_by("offical")
