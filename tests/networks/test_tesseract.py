"""Tesseract in process: what it cannot do is an error, and what it keeps is bounded."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from models.document import PageImage
from models.errors import LanguageMissing
from models.options import ReadOptions
from models.recognition.tesseract.in_process import TesseractReader
from streams.settings import Settings

SHAPES = [(300, 400), (1, 1), (3, 9), (3000, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("shade", [0, 255])
def test_a_page_of_one_shade_is_blank_however_small(shape: tuple[int, int], shade: int) -> None:
    assert TesseractReader().read(PageImage(np.full(shape, shade, np.uint8), 300), ReadOptions()).regions == ()


def test_a_segmentation_mode_that_reads_no_text_is_refused_by_documents_and_settings_alike() -> None:
    for made_of in (ReadOptions, Settings):
        with pytest.raises(ValidationError, match="psm"):
            made_of.model_validate({"psm": 0})


def test_an_engine_without_data_is_named_with_the_one_that_works() -> None:
    with pytest.raises(LanguageMissing, match="use oem 1"):
        TesseractReader().warm_up(ReadOptions(oem=0))


def test_engines_are_few_whatever_the_documents_ask_for() -> None:
    reader = TesseractReader()
    blank = PageImage(np.full((60, 60), 255, np.uint8), 300)
    asked = [ReadOptions(languages="+".join(["eng"] * times)) for times in range(1, 7)]
    for options in [*asked, *asked]:
        assert reader.read(blank, options).regions == ()
        assert len(reader._engines) <= 4
    assert (asked[-1].languages, 1) in reader._engines
