"""--models names what reads handwriting."""

from __future__ import annotations

import pytest

from models.options import ReadOptions
from streams.commands.options import handwritten_by
from streams.errors import ConfigurationError


def test_own_and_official_are_settings_that_options_take() -> None:
    assert ReadOptions(handwritten=handwritten_by("official") or "").handwritten == "official"
    assert ReadOptions(handwritten=handwritten_by("own") or "").handwritten == "handwriting"


def test_no_option_leaves_the_setting_alone() -> None:
    assert handwritten_by(None) is None


def test_another_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match="own or official"):
        handwritten_by("offical")
