"""trocr-tiny, our TrOCR: its shipped files, and that TrOCR's own engine reads with them."""

from __future__ import annotations

import tracemalloc
from hashlib import sha256

import numpy as np
import pytest

from models.detection.registry import TextDetectors
from models.options import ReadOptions
from models.reading.routed import RoutedReader
from models.recognition.registry import LineRecognisers
from models.recognition.sources import LineRequest
from models.recognition.trocr.exported import read_description
from models.recognition.trocr.onnx_network import OnnxTrocr
from models.recognition.trocr.recogniser import TrocrRecogniser, load_recogniser
from models.recognition.trocr.registry import SHIPPED, TrocrRecognisers
from tests.drawing.letters import line, shaky

SHA256 = {
    "trocr.json": "8679a3a037cfaf99f423340b49e7b036666b1ff09a491d2144ef91374d761abe",
    "encoder.onnx": "f84699e1a6d50d926b29e6bf23812875278f290c97ecc9046268c47d4d739dd2",
    "encoder.data": "e82e41cf68107bcdcdacb51cf10c7b148004c30202c287fb22213b54cb718376",
    "decoder.onnx": "2e47bb66472259ac84228e8a7073c9f43764e9f4cf2a7e66064fcd05c7267f59",
    "decoder.data": "ec36030338844efac2a3d53496e9edbc69f55050c6568425016feeed4f9b96b9",
}


@pytest.fixture(scope="module")
def recogniser() -> TrocrRecogniser:
    return load_recogniser(SHIPPED)


def test_the_shipped_files_are_those_that_the_model_card_speaks_of() -> None:
    assert {file.name: sha256(file.read_bytes()).hexdigest() for file in SHIPPED.iterdir()} == SHA256


@pytest.mark.parametrize("text", ["Dear Mr. Smith, thank you", "we are ready to go", "Paris, le 3 mai"])
def test_lines_are_read_exactly(recogniser: TrocrRecogniser, text: str) -> None:
    (read,) = recogniser.recognise([shaky(line(text))])
    assert read.text == text and read.confidence > 0.7


def test_beams_and_neighbours_do_not_matter_where_nothing_is_in_doubt(recogniser: TrocrRecogniser) -> None:
    lines = [shaky(line(text)) for text in ("we are ready to go", "a letter", "thank you")]
    together = [read.text for read in recogniser.recognise(lines)]
    assert together == [recogniser.recognise([one])[0].text for one in lines]
    assert together == [read.text for read in recogniser.following(4).recognise(lines)]


@pytest.mark.parametrize("width", [16, 512, 640, 3000])  # of 64 pixels each: no letter comes late
def test_lines_of_any_width_are_read_and_blank_ones_are_not(recogniser: TrocrRecogniser, width: int) -> None:
    rng = np.random.default_rng(width)
    noise = rng.integers(0, 256, (48, width)).astype(np.uint8)
    read, blank = recogniser.recognise([noise, np.full((48, width, 3), 225, np.uint8)])
    assert 0 <= read.confidence <= 1
    assert (blank.text, blank.confidence) == ("", 0.0)


def test_a_document_may_ask_for_it_and_none_is_read_with_it_otherwise() -> None:
    reader = RoutedReader(None, TextDetectors(), LineRecognisers())
    assert reader.models(ReadOptions(handwritten="trocr-tiny"))["handwritten"] == "trocr-tiny"
    assert "tiny" not in str(reader.models(ReadOptions())["handwritten"])
    assert TrocrRecognisers(None).get(LineRequest("auto", "handwritten", "eng")) is None


def test_memory_for_longer_texts_is_taken_after_the_old_is_given_back() -> None:
    network = OnnxTrocr(SHIPPED, read_description(SHIPPED)[0])
    tracemalloc.start()
    try:
        network.slots(8, 100)
        kept, _ = tracemalloc.get_traced_memory()
        network.slots(8, 101)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept > 1_000_000  # bytes: what is measured is the cache, not small change
    assert peak < 1.2 * kept
