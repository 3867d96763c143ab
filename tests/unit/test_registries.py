"""What a document may name as its reader or detector is what the registries hold."""

from __future__ import annotations

from typing import get_args

from models.detection.registry import DETECTORS
from models.options import Detector, ReadDefaults
from models.reading.registry import READERS, TESSERACT_APIS, TesseractApi


def test_every_detector_that_a_document_may_name_is_registered() -> None:
    assert set(DETECTORS) == set(get_args(Detector))


def test_every_reader_that_a_document_may_name_is_registered() -> None:
    assert set(READERS) == set(get_args(ReadDefaults.model_fields["reader"].annotation))


def test_every_way_to_run_tesseract_is_registered() -> None:
    assert set(TESSERACT_APIS) == set(get_args(TesseractApi))
