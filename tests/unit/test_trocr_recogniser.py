"""What TrOCR's recogniser makes of a network's tokens, whatever network it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

from models.arrays import U8
from models.recognition.trocr.config import DecoderShape, EncoderShape, TrocrConfig
from models.recognition.trocr.network import Choices, Network, Slots, Tokens
from models.recognition.trocr.recogniser import TrocrRecogniser
from models.recognition.trocr.tokenizer import Vocabulary
from models.recognition.types import LineRecogniser

CONFIG = TrocrConfig(
    EncoderShape(8, 1, 1, 8, 32, 16, True, False, 1e-12),
    DecoderShape(8, 1, 1, 8, 100, 200, "relu", True, True, 1.0, 8),
    start=2, end=2, pad=1,
)  # fmt: skip
VOCABULARY = Vocabulary((b"", b"", b"", b"", *(f" w{number}".encode() for number in range(4, 100))))


class ScriptedNetwork:
    """Gives for a picture what the script has for the commonest of its bright shades: tokens, then the end."""

    name, positions, lines_at_once = "scripted", 200, 3

    def __init__(self, script: dict[int, list[int]], score: float = -0.1) -> None:
        self.script, self.score = script, score
        self.size, self.seen, self.looked = 3, [0, 0, 0], 0

    def slots(self, lines: int, length: int) -> Slots:
        return cast(Slots, self)

    def put(self, first: int, pictures: Sequence[U8]) -> None:
        for slot, picture in enumerate(pictures, first):
            self.seen[slot] = int(np.bincount(picture[picture > 150]).argmax())
            self.looked += 1

    def copy(self, source: int, target: int, length: int) -> None:
        self.seen[target] = self.seen[source]

    def step(self, tokens: Tokens, lengths: npt.NDArray[np.int32], choices: int) -> Choices:
        scripts = [self.script[self.seen[slot]] for slot in range(len(tokens))]
        chosen = [text[length] if length < len(text) else 2 for text, length in zip(scripts, lengths, strict=True)]
        return Choices(np.array(chosen, np.int64)[:, None], np.full((len(tokens), 1), self.score, np.float32))


def line(shade: int, width: int = 200) -> U8:
    """Return a line on grey paper with ink of a shade, which is what the scripted network knows it by."""
    picture = np.full((20, width), 100, np.uint8)
    picture[6:14, 4 : width // 2 - 10] = picture[6:14, width // 2 + 10 : -4] = shade
    return picture


def recogniser(network: ScriptedNetwork) -> TrocrRecogniser:
    return TrocrRecogniser(cast(Network, network), CONFIG, VOCABULARY)


def test_lines_are_read_in_their_order_however_they_leave() -> None:
    script = {shade: list(range(4, 4 + shade % 7)) for shade in range(200, 220)}
    network = ScriptedNetwork(script)
    reader: LineRecogniser = recogniser(network)
    read = reader.recognise([line(shade) for shade in range(200, 220)])
    assert [one.text for one in read] == [VOCABULARY.text(script[shade]) for shade in range(200, 220)]
    assert read[0].confidence == pytest.approx(np.exp(-0.1), abs=1e-4)


def test_blank_and_empty_pictures_never_reach_the_network() -> None:
    network = ScriptedNetwork({})
    read = recogniser(network).recognise([np.full((20, 200), 240, np.uint8), np.zeros((0, 10), np.uint8)])
    assert [(one.text, one.confidence) for one in read] == [("", 0.0), ("", 0.0)] and network.looked == 0


def test_a_guess_is_no_text() -> None:
    (read,) = recogniser(ScriptedNetwork({200: [4, 5]}, score=-3.0)).recognise([line(200)])
    assert read.text == "" and read.confidence < 0.1


def test_a_loop_is_reported_once() -> None:
    (read,) = recogniser(ScriptedNetwork({200: [4, *[5, 6] * 40]})).recognise([line(200, 400)])
    assert read.text == "w4 w5 w6"


def test_a_text_without_an_end_is_read_again_in_halves_and_doubted(caplog: pytest.LogCaptureFixture) -> None:
    endless = [4 + number % 90 for number in range(300)]
    network = ScriptedNetwork({200: endless})
    (read,) = recogniser(network).recognise([line(200)])
    assert network.looked == 3  # the line, then its halves
    assert read.confidence == pytest.approx(np.exp(-0.1) / 2, abs=1e-4)
    assert "did not come to an end" in caplog.text


def test_a_long_line_is_read_in_parts_and_joined() -> None:
    network = ScriptedNetwork({200: [4, 5]})
    (read,) = recogniser(network).recognise([line(200, 900)])
    assert read.text == "w4 w5 w4 w5" and network.looked == 2
