"""The guard of this folder: what it forbids does fail."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import onnxruntime
import pytest
import tesserocr

from tests.unit.conftest import NotInTheUnitLayer


def test_no_network_can_be_loaded() -> None:
    with pytest.raises(NotInTheUnitLayer, match="tests/networks"):
        onnxruntime.InferenceSession(b"")
    with pytest.raises(NotInTheUnitLayer, match="tests/networks"):
        tesserocr.PyTessBaseAPI()


def test_no_process_can_be_started() -> None:
    with pytest.raises(NotInTheUnitLayer, match="tests/integration"):
        subprocess.run([sys.executable, "-c", ""], check=True)
    with pytest.raises(NotInTheUnitLayer, match="tests/integration"):
        multiprocessing.get_context("spawn").Process(target=print).start()
    with pytest.raises(NotInTheUnitLayer, match="tests/integration"):
        multiprocessing.get_context("fork").Process(target=print).start()
