"""Fine-tuning the line recogniser: torch computes what ONNX Runtime does, and ten steps lower the loss."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise, repeat
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.arrays import F32
from models.recognition.ctc.network import CtcNetwork
from models.recognition.line_images import network_input
from models.training.lines.aligned import align
from models.training.lines.dataset import LineDataset, add_alignments, add_fonts, read_dataset, write_dataset
from models.training.lines.drawn import DrawnLines
from models.training.lines.export import checkpoint_weights, export
from models.training.lines.handwritten import HandwrittenLine, load_tables
from models.training.lines.loop import TrainConfig, Trainer
from models.training.lines.mixture import Mixture, batches, padded_width
from models.training.lines.network import OnnxNetwork, characters_of, latin_network, trainable_network
from models.training.lines.ngrams import count_ngrams
from models.training.lines.self_distillation import Pair, distillation_steps, pairs
from models.training.lines.workers import drawn_by_workers
from models.training.synthesis.lines import has_glyphs
from models.training.synthesis.text import EnglishText
from models.weights.packaged import packaged_weights
from tests.drawing.letters import font_file

ENGLISH = "The ink had dried before she signed the letter, and nobody asked why. " * 100


@pytest.fixture(scope="module")
def network() -> onnx.ModelProto:
    return latin_network(packaged_weights("PP-OCRv6_rec_small.onnx"))


@pytest.fixture
def dataset(tmp_path: Path) -> LineDataset:
    """Return a small dataset, drawn with a font that comes with Pillow."""
    sources, texts = tmp_path / "sources/peraire", tmp_path / "texts"
    sources.mkdir(parents=True)
    texts.mkdir()
    (texts / "english.txt").write_text(ENGLISH)
    font = font_file(tmp_path / "font.ttf")
    lines = [_line(words, font, tmp_path) for words in ("un mot", "deux mots", "trois")]
    write_dataset(tmp_path / "dataset", lines[:2], lines[2:], EnglishText(texts))
    assert add_fonts(tmp_path / "dataset", "handwriting", [font]) == 1
    assert add_fonts(tmp_path / "dataset", "print", [font]) == 1
    return read_dataset(tmp_path / "dataset")


def mixture_of(dataset: LineDataset, characters: frozenset[str]) -> Mixture:
    drawn = DrawnLines(dataset.text, dataset.handwriting_fonts, dataset.print_fonts)
    return Mixture(drawn, dataset.train, characters)


def weights_of(network: OnnxNetwork) -> dict[str, F32]:
    return {name: network.weight(name).detach().numpy().copy() for name in network.weight_names()}


def _line(text: str, font: Path, folder: Path) -> HandwrittenLine:
    picture = Image.new("L", (40 * len(text), 64), 255)
    ImageDraw.Draw(picture).text((8, 8), text, 0, ImageFont.truetype(str(font), 40))
    picture.save(folder / "line.webp")
    return HandwrittenLine((folder / "line.webp").read_bytes(), text, "peraire", "notes")


def test_torch_computes_what_onnx_runtime_does(network: onnx.ModelProto, tmp_path: Path) -> None:
    import torch

    onnx.save(network, tmp_path / "latin.onnx")
    lines = np.random.default_rng(0).normal(0, 1, (2, 3, 48, 192)).astype(np.float32)
    (expected, _) = CtcNetwork(tmp_path / "latin.onnx").probabilities(list(lines))
    with torch.no_grad():
        computed = trainable_network(network)(torch.from_numpy(lines)).softmax(2)[0].numpy()
    assert np.allclose(computed[: len(expected)], expected, atol=1e-4)


def test_ten_steps_lower_the_loss_and_a_run_goes_on(
    network: onnx.ModelProto, dataset: LineDataset, tmp_path: Path
) -> None:
    characters = characters_of(network)
    mixture = mixture_of(dataset, frozenset(characters[1:]))
    pictures, texts, widths = next(batches(mixture.examples(np.random.default_rng(1))))
    backwards = [text[::-1] for text in texts]  # it reads them correctly before it is trained
    config = TrainConfig(rate=1e-4, warm_up=2, ema_decay=0.5)
    trainer = Trainer(trainable_network(network), characters, config, tmp_path / "run")
    (step,) = trainer.ctc_steps(iter([(pictures, backwards, widths)]))
    losses = [trainer.train_step(step) for _ in range(10)]
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])
    trainer.save()
    start, end, between = (checkpoint_weights(tmp_path / "run/checkpoint.pt", alpha) for alpha in (0, 1, 0.25))
    original = weights_of(trainable_network(network))
    assert all(np.array_equal(start[name], original[name]) for name in original)
    assert all(np.allclose(between[name], 0.75 * start[name] + 0.25 * end[name], atol=1e-6) for name in original)
    again = Trainer(trainable_network(network), characters, config, tmp_path / "run")
    assert (again.step, again.lines) == (10, 10 * len(texts))
    assert again.train_step(step) < losses[0]


def test_a_trained_network_is_exported_in_half_the_bytes(
    network: onnx.ModelProto, dataset: LineDataset, tmp_path: Path
) -> None:
    characters = characters_of(network)
    trainer = Trainer(trainable_network(network), characters, TrainConfig(), tmp_path / "run")
    trainer.save()
    export(network, checkpoint_weights(tmp_path / "run/checkpoint.pt", 0.5), tmp_path / "half.onnx")
    onnx.save(network, tmp_path / "full.onnx")
    assert (tmp_path / "half.onnx").stat().st_size < 0.6 * (tmp_path / "full.onnx").stat().st_size
    line = network_input(np.asarray(dataset.train[0].pixels()))
    half, full = (CtcNetwork(tmp_path / name).probabilities([line])[0] for name in ("half.onnx", "full.onnx"))
    assert np.abs(half - full).max() < 0.05


def test_a_dataset_holds_what_was_written(dataset: LineDataset) -> None:
    assert [line.text for line in dataset.train] == ["un mot", "deux mots"]
    assert [line.text for line in dataset.valid] == ["trois"]
    assert dataset.train[0].pixels().shape == (64, 240)
    assert dataset.text.words[:3] == ["The", "ink", "had"]


def test_examples_are_lines_that_ctc_can_align(network: onnx.ModelProto, dataset: LineDataset) -> None:
    known = frozenset(characters_of(network)[1:])
    mixture = mixture_of(dataset, known)
    pictures, texts, widths = next(batches(mixture.examples(np.random.default_rng(2))))
    assert len(pictures) == len(texts) == len(widths)
    assert pictures.shape[1:3] == (3, 48)
    assert pictures.shape[3] % 64 == 0
    assert max(widths) <= pictures.shape[3] == padded_width(pictures[0])
    assert all(known.issuperset(text) for text in texts)


def test_processes_draw_batches_of_one_shape_for_each_width(network: onnx.ModelProto, dataset: LineDataset) -> None:
    mixture = mixture_of(dataset, frozenset(characters_of(network)[1:]))
    cv2.GaussianBlur(
        np.zeros((2000, 2000), np.float32), (0, 0), 3
    )  # OpenCV's threads run: a fork must not need them
    sizes: dict[int, set[int]] = {}
    for pictures, texts, widths in islice(drawn_by_workers(mixture, 7, 2, 1500), 12):
        assert pictures.shape[0] == len(texts) == len(widths)
        sizes.setdefault(pictures.shape[3], set()).add(len(texts))
    assert all(len(counts) == 1 for counts in sizes.values())


def test_letters_are_found_where_they_stand(network: onnx.ModelProto, dataset: LineDataset, tmp_path: Path) -> None:
    onnx.save(network, tmp_path / "latin.onnx")
    alignments = list(align(CtcNetwork(tmp_path / "latin.onnx"), dataset.train))
    add_alignments(tmp_path / "dataset", alignments, ["ink", "café"])
    again = read_dataset(tmp_path / "dataset")
    assert again.entries is not None and again.alignments is not None
    for line, kept, found in zip(again.train, again.alignments, alignments, strict=True):
        assert np.array_equal(kept.middles, found.middles)
        face = ImageFont.truetype(str(font_file(tmp_path / "font.ttf")), 40)
        edges = [8 + face.getlength(line.text[:count]) for count in range(len(line.text) + 1)]
        middles = np.array([(left + right) / 2 for left, right in pairwise(edges)]) / line.pixels().shape[1]
        assert np.abs(kept.middles - middles).max() < 0.06


def test_lines_come_from_tables_by_their_split(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/lines.tsv").write_text("file\ttext\tsplit\tdocument\na.webp\tl’an\ttrain\td\n")
    assert load_tables(tmp_path, "train") == []


def test_letters_are_counted_by_their_context(tmp_path: Path) -> None:
    from models.recognition.ctc.ngrams import CharNgramLM

    count_ngrams(["abab"] * 20, tmp_path / "counts.npz")
    sequences = CharNgramLM(tmp_path / "counts.npz")
    after = dict(zip(sequences.alphabet, sequences.next_probs(sequences.context("a")), strict=True))
    assert after["b"] > 0.9 > after["a"]


def test_ngrams_do_not_go_from_one_line_to_the_next(tmp_path: Path) -> None:
    from models.recognition.ctc.ngrams import CharNgramLM

    count_ngrams(["ab"] * 20 + ["cd"] * 20, tmp_path / "counts.npz")
    sequences = CharNgramLM(tmp_path / "counts.npz")
    after = dict(zip(sequences.alphabet, sequences.next_probs(sequences.context("ab ")), strict=True))
    assert after["c"] == pytest.approx(after["a"])


def test_a_text_is_drawn_only_in_a_font_that_has_its_letters(dataset: LineDataset) -> None:
    (font,) = dataset.handwriting_fonts
    assert has_glyphs(font, "read, in 1905!")
    assert not has_glyphs(font, "read 漢")


def test_a_run_starts_from_the_weights_of_another(network: onnx.ModelProto) -> None:
    module = trainable_network(network)
    others = {name: values + 1 for name, values in weights_of(module).items()}
    module.load_weights(others)
    assert all(np.allclose(values, others[name]) for name, values in weights_of(module).items())


def test_a_pair_is_the_same_line_without_and_with_a_word_crossed_out(
    network: onnx.ModelProto, dataset: LineDataset
) -> None:
    known = frozenset(characters_of(network)[1:])
    mixture = mixture_of(dataset, known)
    some = list(islice(pairs(mixture, np.random.default_rng(5)), 12))
    assert {pair.steps > 0 for pair in some} == {True, False}
    for pair in some:
        assert pair.crossed_out.shape[2] == pair.clean.shape[2] + 8 * pair.steps
        assert 0 <= 8 * pair.first_step <= pair.clean.shape[2]


def test_self_distillation_lowers_the_loss_on_crossed_out_words(
    network: onnx.ModelProto, dataset: LineDataset, tmp_path: Path
) -> None:
    characters = characters_of(network)
    mixture = mixture_of(dataset, frozenset(characters[1:]))
    config = TrainConfig(rate=1e-4, warm_up=2, ema_decay=0.5)
    trainer = Trainer(trainable_network(network), characters, config, tmp_path / "run")
    step = next(distillation_steps(trainable_network(network), _corrected(mixture)))
    losses = [trainer.train_step(step) for _ in range(10)]
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])


def test_targets_are_the_teachers_predictions_with_blanks_between(network: onnx.ModelProto) -> None:
    import torch

    line = np.random.default_rng(0).normal(0, 1, (3, 48, 128)).astype(np.float32)
    teacher = trainable_network(network)
    step = next(distillation_steps(teacher, repeat(Pair(line, line, 6, 0))))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        own = teacher(torch.from_numpy(step.pictures)).float()
    entropy = -(own.softmax(2) * own.log_softmax(2)).sum(2).mean()
    assert float(step.loss(own)) == pytest.approx(float(entropy), abs=0.01)  # the minimum: nothing agrees better
    after = np.concatenate([line[:, :, :48], np.ones((3, 48, 32), np.float32), line[:, :, 48:]], 2)
    step = next(distillation_steps(teacher, repeat(Pair(line, after, 6, 4))))
    own = own[: len(step.pictures)]
    blanks = torch.full((len(own), 4, own.shape[2]), -30.0)
    blanks[..., 0] = 30
    right, late = (torch.cat([own[:, :at], blanks, own[:, at:], blanks], 1) for at in (6, 8))
    assert float(step.loss(right)) == pytest.approx(16 / 20 * float(entropy), abs=0.01)  # blanks have no entropy
    assert float(step.loss(late)) > 1.5 * float(step.loss(right))


def _corrected(mixture: Mixture) -> Iterator[Pair]:
    return (pair for pair in pairs(mixture, np.random.default_rng(6)) if pair.steps)
