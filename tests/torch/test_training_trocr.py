"""trocr-tiny learns, and its exported folder reads what torch would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from models.arrays import ImageU8
from models.errors import ModelError
from models.recognition.ctc.handwriting import NETWORK
from models.recognition.ctc.network import CtcNetwork
from models.recognition.line_images import network_input
from models.recognition.trocr.exported import read_description
from models.recognition.trocr.greedy import read_greedily
from models.recognition.trocr.onnx_network import OnnxTrocr
from models.recognition.trocr.picture import prepared
from models.training.lines.dataset import Pack, add_fonts, read_pack, write_pack
from models.training.lines.handwritten import WrittenLine
from models.training.lines.mixture import Mixture, padded_width
from models.training.lines.network import characters_of
from models.training.synthesis.text import EnglishText
from models.training.trocr.dataset import (
    Alphabet,
    Lines,
    Trunk,
    read_features,
    text_batches,
    trunk_of,
    write_features,
)
from models.training.trocr.export import export, learnt
from models.training.trocr.loop import Learning, Recipe
from models.training.trocr.network import TOKENS, WIDTH, TinyTrocr
from tests.drawing.letters import font_file

CHARACTERS = characters_of(onnx.load(NETWORK))
ENGLISH = "The ink had dried before she signed the letter, and nobody asked why. " * 100
FAST = Recipe(rate=3e-3, text_rate=3e-3, warm_up=1, ema_decay=0.5, smoothing=0.0)


@pytest.fixture(scope="module")
def trunk() -> Trunk:
    return Trunk()


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Return a small pack, drawn with a font that comes with Pillow."""
    folder = tmp_path_factory.mktemp("pack")
    (folder / "texts").mkdir()
    (folder / "texts/english.txt").write_text(ENGLISH)
    font = font_file(folder / "font.ttf")
    picture = Image.new("L", (300, 64), 255)
    ImageDraw.Draw(picture).text((8, 8), "deux mots", 0, ImageFont.truetype(str(font), 40))
    picture.save(folder / "line.webp")
    line = WrittenLine((folder / "line.webp").read_bytes(), "deux mots", "peraire", "notes")
    write_pack(folder / "pack", [line], [line], EnglishText(folder / "texts"))
    add_fonts(folder / "pack", "hand", [font])
    add_fonts(folder / "pack", "print", [font])
    return read_pack(folder / "pack")


@pytest.fixture(scope="module")
def lines(pack: Pack, trunk: Trunk, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    folder = tmp_path_factory.mktemp("features")
    mixture = Mixture(pack.text, pack.hand_fonts, pack.print_fonts, pack.train, frozenset(CHARACTERS[1:]))
    written = write_features(folder, mixture, trunk, 60, seed=4)
    seen = read_features(folder)
    assert len(seen) == written >= 60
    return Lines(seen, Alphabet(CHARACTERS))


def learner(lines: Lines, folder: Path) -> Learning:
    torch.manual_seed(0)
    return Learning(TinyTrocr(len(CHARACTERS)), lines.normal, FAST, folder)


def drawn(pack: Pack, text: str) -> ImageU8:
    picture = Image.new("RGB", (22 * len(text) + 20, 60), (250, 245, 235))
    ImageDraw.Draw(picture).text((10, 6), text, (30, 30, 90), ImageFont.truetype(str(pack.hand_fonts[0]), 38))
    return np.asarray(picture)


def test_the_trunk_tells_what_the_recogniser_classifies(trunk: Trunk, pack: Pack) -> None:
    planes = network_input(drawn(pack, "she signed"))
    width = planes.shape[2]
    padded = np.pad(planes, ((0, 0), (0, 0), (0, padded_width(planes) - width)))
    (features,) = trunk.features(padded[None], [width])
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(NETWORK).graph.initializer}
    scores = features.astype(np.float32) @ weights["linear_8.w_0.half"].astype(np.float32)
    scores += weights["linear_8.b_0.half"].astype(np.float32)
    (expected,) = CtcNetwork(NETWORK).probabilities([planes])
    assert (scores.argmax(1) == expected.argmax(1)).all()


def test_ten_steps_lower_the_loss_and_a_run_goes_on(lines: Lines, pack: Pack, tmp_path: Path) -> None:
    run, rng = learner(lines, tmp_path), np.random.default_rng(0)
    batch, text = next(lines.batches(rng)), next(text_batches(pack, Alphabet(CHARACTERS), rng))
    losses = np.array([run.learn(batch, text) for _ in range(10)])
    assert (losses[-3:].mean(0) < 0.8 * losses[:3].mean(0)).all()
    run.save()
    again = learner(lines, tmp_path)
    assert (again.step, again.lines) == (10, 10 * len(batch.lengths))
    assert again.learn(batch, None)[0] < losses[0, 0]


def test_a_run_learns_text_first_then_lines_and_writes_what_it_did(
    lines: Lines, pack: Pack, tmp_path: Path
) -> None:
    rng, recipe = np.random.default_rng(0), Recipe(text_minutes=0.05, minutes=0.05)
    run = Learning(TinyTrocr(len(CHARACTERS)), lines.normal, recipe, tmp_path)
    run.run(lines.batches(rng), text_batches(pack, Alphabet(CHARACTERS), rng))
    assert run.text_seconds >= 3 and run.seconds >= 3 and run.lines > 0
    network, normal = learnt(tmp_path / "checkpoint.pt", len(CHARACTERS))
    assert torch.equal(network.enter.weight, run.averaged["enter.weight"])
    letters = run.averaged["decoder.model.decoder.embed_tokens.weight"]
    assert torch.equal(network.decoder.output_projection.weight, letters)
    assert np.array_equal(normal[0], lines.normal[0])


def test_the_exported_folder_says_what_torch_says(lines: Lines, pack: Pack, trunk: Trunk, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = TinyTrocr(len(CHARACTERS)).eval()
    # what was never learnt says its last token again, and the same of every line, unless it is made to look harder
    network.decoder.output_projection.weight = torch.nn.Parameter(torch.randn(len(CHARACTERS), WIDTH))
    with torch.no_grad():
        for layer in network.decoder.model.decoder.layers:
            layer.encoder_attn.v_proj.weight *= 8
    export(network, lines.normal, trunk_of(onnx.load(NETWORK)), CHARACTERS, tmp_path)
    config, vocabulary = read_description(tmp_path)
    assert config == network.config and vocabulary.text([CHARACTERS.index(letter) for letter in "why"]) == "why"
    pictures = [drawn(pack, text) for text in ("she signed the letter", "why", "and nobody asked", "1905")]
    pictures[1] = np.pad(pictures[1], ((0, 0), (0, 240 - pictures[1].shape[1]), (0, 0)), mode="edge")
    assert prepared(pictures[1], config).shape[1] % 64 == 0  # no step is left for a letter that comes late
    given = [prepared(picture, config) for picture in pictures]
    said = read_greedily(OnnxTrocr(tmp_path, config), config, given, [12] * len(given), lambda _: False)
    expected = [_greedily(network, lines, trunk, picture, 12) for picture in pictures]
    assert [one.tokens for one in said] == expected
    assert len({tuple(tokens) for tokens in expected}) == len(pictures)


def _greedily(network: TinyTrocr, lines: Lines, trunk: Trunk, picture: ImageU8, most: int) -> list[int]:
    planes = network_input(picture)
    width = planes.shape[2]
    padded = np.pad(planes, ((0, 0), (0, 0), (0, padded_width(planes) - width)))
    (features,) = trunk.features(padded[None], [width])
    normal = (features.astype(np.float32) - lines.normal[0]) / lines.normal[1]
    tokens = [0]
    with torch.no_grad():
        seen = network.see(torch.from_numpy(normal)[None], torch.tensor([len(normal)]))
        while len(tokens) <= most:
            tokens.append(int(network.say(torch.tensor([tokens]), seen)[0, -1].argmax()))
            if tokens[-1] == 0:
                return tokens[1:-1]
    return tokens[1:]


def test_what_is_seen_beyond_a_line_counts_as_zeros_do(lines: Lines) -> None:
    network, batch = TinyTrocr(len(CHARACTERS)).eval(), next(lines.batches(np.random.default_rng(1)))
    with torch.no_grad():
        seen, counts = network.see(batch.features[:2], batch.lengths[:2])
        whole = torch.zeros(2, TOKENS, seen.shape[2])
        for number, length in enumerate(batch.lengths[:2].tolist()):
            whole[number, :length] = seen[number, :length]
        short = network.say(batch.given[:2], (seen, counts))
        long = network.say(batch.given[:2], (whole, torch.zeros(2, 1, 1, TOKENS)))
    assert torch.allclose(short, long, atol=1e-4)


def test_a_folder_without_features_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models\.training\.trocr features"):
        read_features(tmp_path)
