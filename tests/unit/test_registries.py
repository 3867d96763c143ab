"""What a document may name as its reader or detector is what the registry holds, and is really there."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import get_args

import pytest
from pydantic import ValidationError

from models.engines import DETECTORS, LINE_ENGINES, PAGE_READERS
from models.options import ReadOptions
from models.reading.registry import TESSERACT_APIS, TesseractApi


@pytest.mark.parametrize("name", DETECTORS)
def test_every_registered_detector_may_be_named(name: str) -> None:
    assert ReadOptions(detector=name).detector == name


@pytest.mark.parametrize("name", PAGE_READERS)
def test_every_registered_reader_may_be_named(name: str) -> None:
    assert ReadOptions(reader=name).reader == name


@pytest.mark.parametrize("given", [{"detector": "yolo"}, {"reader": "gpt"}, {"reader": "auto "}, {"detector": ""}])
def test_no_other_may(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ReadOptions.model_validate(given)


def test_every_entry_names_something_that_can_be_called() -> None:
    sources = [engine.source for engine in LINE_ENGINES]
    assert all(callable(resolve_name(entry)) for entry in [*DETECTORS.values(), *PAGE_READERS.values(), *sources])


def test_every_way_to_run_tesseract_is_registered() -> None:
    assert set(TESSERACT_APIS) == set(get_args(TesseractApi))
