"""Training trocr-tiny lowers the loss, and its exported folder reads what torch would."""

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
from models.training.lines.dataset import LineDataset, add_fonts, read_dataset, write_dataset
from models.training.lines.drawn import DrawnLines
from models.training.lines.handwritten import HandwrittenLine
from models.training.lines.mixture import Mixture, padded_width
from models.training.lines.network import characters_of
from models.training.synthesis.text import EnglishText
from models.training.trocr.dataset import (
    Alphabet,
    Backbone,
    Lines,
    backbone_of,
    read_features,
    text_batches,
    write_features,
)
from models.training.trocr.export import export, load_trained
from models.training.trocr.loop import TrainConfig, Trainer
from models.training.trocr.network import TOKENS, WIDTH, TinyTrocr
from tests.drawing.letters import font_file

CHARACTERS = characters_of(onnx.load(NETWORK))
ENGLISH = "The ink had dried before she signed the letter, and nobody asked why. " * 100
FAST = TrainConfig(rate=3e-3, text_rate=3e-3, warm_up=1, ema_decay=0.5, label_smoothing=0.0)


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> LineDataset:
    """Return a small dataset, drawn with a font that comes with Pillow."""
    folder = tmp_path_factory.mktemp("dataset")
    (folder / "texts").mkdir()
    (folder / "texts/english.txt").write_text(ENGLISH)
    font = font_file(folder / "font.ttf")
    picture = Image.new("L", (300, 64), 255)
    ImageDraw.Draw(picture).text((8, 8), "deux mots", 0, ImageFont.truetype(str(font), 40))
    picture.save(folder / "line.webp")
    line = HandwrittenLine((folder / "line.webp").read_bytes(), "deux mots", "peraire", "notes")
    write_dataset(folder / "dataset", [line], [line], EnglishText(folder / "texts"))
    add_fonts(folder / "dataset", "handwriting", [font])
    add_fonts(folder / "dataset", "print", [font])
    return read_dataset(folder / "dataset")


@pytest.fixture(scope="module")
def lines(dataset: LineDataset, backbone: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    folder = tmp_path_factory.mktemp("features")
    drawn_lines = DrawnLines(dataset.text, dataset.handwriting_fonts, dataset.print_fonts)
    mixture = Mixture(drawn_lines, dataset.train, frozenset(CHARACTERS[1:]))
    written = write_features(folder, mixture, backbone, 60, seed=4)
    kept = read_features(folder)
    assert len(kept) == written >= 60
    return Lines(kept, Alphabet(CHARACTERS))


def new_trainer(lines: Lines, folder: Path) -> Trainer:
    torch.manual_seed(0)
    return Trainer(TinyTrocr(len(CHARACTERS)), lines.normal, FAST, folder)


def drawn(dataset: LineDataset, text: str) -> ImageU8:
    picture = Image.new("RGB", (22 * len(text) + 20, 60), (250, 245, 235))
    ImageDraw.Draw(picture).text(
        (10, 6), text, (30, 30, 90), ImageFont.truetype(str(dataset.handwriting_fonts[0]), 38)
    )
    return np.asarray(picture)


def test_the_backbone_gives_what_the_recogniser_classifies(backbone: Backbone, dataset: LineDataset) -> None:
    planes = network_input(drawn(dataset, "she signed"))
    width = planes.shape[2]
    padded = np.pad(planes, ((0, 0), (0, 0), (0, padded_width(planes) - width)))
    (features,) = backbone.features(padded[None], [width])
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(NETWORK).graph.initializer}
    scores = features.astype(np.float32) @ weights["linear_8.w_0.half"].astype(np.float32)
    scores += weights["linear_8.b_0.half"].astype(np.float32)
    (expected,) = CtcNetwork(NETWORK).probabilities([planes])
    assert (scores.argmax(1) == expected.argmax(1)).all()


def test_ten_steps_lower_the_loss_and_a_run_goes_on(lines: Lines, dataset: LineDataset, tmp_path: Path) -> None:
    trainer, rng = new_trainer(lines, tmp_path), np.random.default_rng(0)
    batch, text = next(lines.batches(rng)), next(text_batches(dataset, Alphabet(CHARACTERS), rng))
    losses = np.array([trainer.train_step(batch, text) for _ in range(10)])
    assert (losses[-3:].mean(0) < 0.8 * losses[:3].mean(0)).all()
    trainer.save()
    again = new_trainer(lines, tmp_path)
    assert (again.step, again.lines) == (10, 10 * len(batch.lengths))
    assert again.train_step(batch, None)[0] < losses[0, 0]


def test_a_run_trains_on_text_first_then_on_lines_and_keeps_its_weights(
    lines: Lines, dataset: LineDataset, tmp_path: Path
) -> None:
    rng, config = np.random.default_rng(0), TrainConfig(text_minutes=0.05, minutes=0.05)
    trainer = Trainer(TinyTrocr(len(CHARACTERS)), lines.normal, config, tmp_path)
    trainer.run(lines.batches(rng), text_batches(dataset, Alphabet(CHARACTERS), rng))
    assert trainer.text_seconds >= 3 and trainer.seconds >= 3 and trainer.lines > 0
    network, normal = load_trained(tmp_path / "checkpoint.pt", len(CHARACTERS))
    assert torch.equal(network.enter.weight, trainer.averaged["enter.weight"])
    letters = trainer.averaged["decoder.model.decoder.embed_tokens.weight"]
    assert torch.equal(network.decoder.output_projection.weight, letters)
    assert np.array_equal(normal[0], lines.normal[0])


def test_the_exported_folder_reads_what_torch_reads(
    lines: Lines, dataset: LineDataset, backbone: Backbone, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    network = TinyTrocr(len(CHARACTERS)).eval()
    # an untrained network repeats its last token for every line, unless cross-attention gets more weight
    network.decoder.output_projection.weight = torch.nn.Parameter(torch.randn(len(CHARACTERS), WIDTH))
    with torch.no_grad():
        for layer in network.decoder.model.decoder.layers:
            layer.encoder_attn.v_proj.weight *= 8
    export(network, lines.normal, backbone_of(onnx.load(NETWORK)), CHARACTERS, tmp_path)
    config, vocabulary = read_description(tmp_path)
    assert config == network.config and vocabulary.text([CHARACTERS.index(letter) for letter in "why"]) == "why"
    pictures = [drawn(dataset, text) for text in ("she signed the letter", "why", "and nobody asked", "1905")]
    pictures[1] = np.pad(pictures[1], ((0, 0), (0, 240 - pictures[1].shape[1]), (0, 0)), mode="edge")
    assert prepared(pictures[1], config).shape[1] % 64 == 0  # no step is left for a letter that comes late
    given = [prepared(picture, config) for picture in pictures]
    read = read_greedily(OnnxTrocr(tmp_path, config), config, given, [12] * len(given), lambda _: False)
    expected = [_greedily(network, lines, backbone, picture, 12) for picture in pictures]
    assert [one.tokens for one in read] == expected
    assert len({tuple(tokens) for tokens in expected}) == len(pictures)


def _greedily(network: TinyTrocr, lines: Lines, backbone: Backbone, picture: ImageU8, most: int) -> list[int]:
    planes = network_input(picture)
    width = planes.shape[2]
    padded = np.pad(planes, ((0, 0), (0, 0), (0, padded_width(planes) - width)))
    (features,) = backbone.features(padded[None], [width])
    normal = (features.astype(np.float32) - lines.normal[0]) / lines.normal[1]
    tokens = [0]
    with torch.no_grad():
        encoded = network.encode(torch.from_numpy(normal)[None], torch.tensor([len(normal)]))
        while len(tokens) <= most:
            tokens.append(int(network.decode(torch.tensor([tokens]), encoded)[0, -1].argmax()))
            if tokens[-1] == 0:
                return tokens[1:-1]
    return tokens[1:]


def test_one_vector_beyond_a_line_counts_as_many_zeros(lines: Lines) -> None:
    network, batch = TinyTrocr(len(CHARACTERS)).eval(), next(lines.batches(np.random.default_rng(1)))
    with torch.no_grad():
        vectors, bias = network.encode(batch.features[:2], batch.lengths[:2])
        whole = torch.zeros(2, TOKENS, vectors.shape[2])
        for number, length in enumerate(batch.lengths[:2].tolist()):
            whole[number, :length] = vectors[number, :length]
        short = network.decode(batch.given[:2], (vectors, bias))
        long = network.decode(batch.given[:2], (whole, torch.zeros(2, 1, 1, TOKENS)))
    assert torch.allclose(short, long, atol=1e-4)


def test_a_folder_without_features_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models\.training\.trocr features"):
        read_features(tmp_path)
