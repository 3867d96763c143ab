"""TrOCR gives the tokens that transformers gives, and a line the same ones whatever is read beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.arrays import U8
from models.recognition.trocr.beam import read_with_beams
from models.recognition.trocr.config import TrocrConfig, read_config
from models.recognition.trocr.export.convert import export_trocr
from models.recognition.trocr.exported import read_description
from models.recognition.trocr.greedy import read_greedily
from models.recognition.trocr.network import Network
from models.recognition.trocr.onnx_network import OnnxTrocr
from models.recognition.trocr.picture import patches
from models.recognition.trocr.torch_encoder import LineEncoder
from models.recognition.trocr.torch_network import TorchTrocr
from tests.torch.trocr_checkpoints import BASE, SMALL, draw_model, draw_pictures, save_checkpoint, theirs, tiny

Load = Callable[..., tuple[Any, Network, TrocrConfig]]
SHAPES = {
    "small": tiny(activation_function="relu", scale_embedding=True),
    "base": tiny(distilled=False, activation_function="gelu", scale_embedding=False),
    "large": tiny(
        distilled=False, activation_function="relu", scale_embedding=True, use_learned_position_embeddings=False,
        layernorm_embedding=False,
    ),
}  # fmt: skip


def export(
    shape: dict[str, Any],
    folder: Path,
    precision: str = "fp32",
    gain: float = 1.0,
    change: float = 1.0,
    seed: int = 0,
) -> tuple[Any, OnnxTrocr, TrocrConfig]:
    model = draw_model(shape, seed=seed, gain=gain, change=change, sight=3.0 if change == 1 else 1.0)
    exported = export_trocr(save_checkpoint(model, folder / "checkpoint"), folder / "cache", precision)
    config, _ = read_description(exported)
    return model, OnnxTrocr(exported, config), config


def on_torch(shape: dict[str, Any], folder: Path, gain: float = 1.0) -> tuple[Any, TorchTrocr, TrocrConfig]:
    model = draw_model(shape, gain=gain)
    network = TorchTrocr(save_checkpoint(model, folder), device="cpu")
    return model, network, network.config


def greedy(network: Network, config: TrocrConfig, pictures: list[U8], most: int = 20) -> list[list[int]]:
    cut = [patches(picture, config) for picture in pictures]
    return [
        hypotheses.tokens for hypotheses in read_greedily(network, config, cut, [most] * len(cut), lambda _: False)
    ]


@pytest.mark.parametrize("load", [export, on_torch], ids=["onnx", "torch"])
@pytest.mark.parametrize("name", SHAPES)
def test_greedy_reading_gives_what_transformers_gives(name: str, load: Load, tmp_path: Path) -> None:
    model, network, config = load(SHAPES[name], tmp_path)
    pictures = draw_pictures(20, 96)
    hypotheses = greedy(network, config, pictures)
    assert hypotheses == theirs(model, pictures, 20)
    assert len({tuple(tokens) for tokens in hypotheses}) > 10  # it is the pictures that are read


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("beams", [2, 4])
@pytest.mark.parametrize("load", [export, on_torch], ids=["onnx", "torch"])
def test_beams_give_what_transformers_gives(name: str, beams: int, load: Load, tmp_path: Path) -> None:
    model, network, config = load(SHAPES[name], tmp_path, gain=2)
    pictures = draw_pictures(12, 96)
    hypotheses = read_with_beams(network, config, [patches(one, config) for one in pictures], [20] * 12, beams)
    assert [one.tokens for one in hypotheses] == theirs(model, pictures, 20, beams)
    assert any(one.ended for one in hypotheses)


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("shape", "seed"), [(SMALL, 0), (BASE, 1)], ids=["small", "base"])  # that say something
def test_the_real_shapes_give_what_transformers_gives(shape: dict[str, Any], seed: int, tmp_path: Path) -> None:
    model, network, config = export(shape, tmp_path, change=0.4, seed=seed)
    pictures = draw_pictures(2, 384)
    hypotheses = greedy(network, config, pictures, 8)
    assert hypotheses == theirs(model, pictures, 8)
    assert greedy(TorchTrocr(tmp_path / "checkpoint", device="cpu"), config, pictures, 8) == hypotheses
    assert len(set(hypotheses[0])) > 1  # it is no one token over and over


def test_where_memory_runs_out_pictures_are_looked_at_in_halves_and_read_all_the_same(tmp_path: Path) -> None:
    model, network, config = on_torch(SHAPES["small"], tmp_path)
    looked: list[int] = []

    class SmallMemory(LineEncoder):
        def __init__(self, inner: LineEncoder) -> None:
            self._inner = inner

        def __call__(self, patches: torch.Tensor) -> torch.Tensor:
            if len(patches) > 1:
                raise torch.OutOfMemoryError
            looked.append(len(patches))
            return self._inner(patches)

    network.networks = replace(network.networks, encoder=SmallMemory(network.networks.encoder))
    pictures = draw_pictures(6, 96)
    assert greedy(network, config, pictures) == theirs(model, pictures, 20)
    assert looked == [1] * 6


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_line_is_read_the_same_whoever_is_beside_it(precision: str, tmp_path: Path) -> None:
    _, network, config = export(SHAPES["base"], tmp_path, precision)
    pictures = draw_pictures(40, 96)  # more than are read at once: they leave and follow each other
    together = greedy(network, config, pictures)
    assert together == [greedy(network, config, [picture])[0] for picture in pictures]
    assert greedy(network, config, pictures[::-1]) == together[::-1]


def test_a_text_is_the_same_with_its_cache_and_without(tmp_path: Path) -> None:
    model, network, config = export(SHAPES["small"], tmp_path)
    pictures = draw_pictures(6, 96)
    model.config.decoder.use_cache = model.generation_config.use_cache = False
    assert greedy(network, config, pictures) == theirs(model, pictures, 20)


def test_eight_bits_are_close_to_single_precision(tmp_path: Path) -> None:
    _, exact, config = export(SHAPES["base"], tmp_path)
    _, quick, _ = export(SHAPES["base"], tmp_path / "quick", "int8")
    cut = [patches(picture, config) for picture in draw_pictures(20, 96)]
    first = [read_greedily(network, config, cut, [1] * 20, lambda _: False) for network in (exact, quick)]
    apart = [abs(one.scores[0] - other.scores[0]) for one, other in zip(*first, strict=True)]
    assert 0 < np.mean(apart) < 0.2


def test_the_configuration_is_the_same_after_the_export(tmp_path: Path) -> None:
    _, _, config = export(SHAPES["large"], tmp_path)
    assert config == read_config(tmp_path / "checkpoint")


def test_channels_much_larger_than_others_do_not_spoil_eight_bits(tmp_path: Path) -> None:
    model = draw_model(SHAPES["base"])
    with torch.no_grad():
        for layer in model.encoder.layers:
            layer.layernorm_before.weight[5] *= 40
            layer.layernorm_after.weight[7] *= 40
            for part in (layer.attention.q_proj, layer.attention.k_proj, layer.attention.v_proj):
                part.weight[:, 5] /= 40
            layer.mlp.fc1.weight[:, 7] /= 40
    checkpoint = save_checkpoint(model, tmp_path / "checkpoint")
    cut = [patches(picture, read_config(checkpoint)) for picture in draw_pictures(8, 96)]
    seen = []
    for precision in ("fp32", "int8"):
        exported = export_trocr(checkpoint, tmp_path, precision)
        network = OnnxTrocr(exported, read_description(exported)[0])
        seen.append(network.encoder.run(None, {"patches": cut[0][None]}))
    exact, rows, scales = seen[0][0][0], seen[1][1][0].astype(np.float32), seen[1][2][0, 0][:, None]
    assert np.abs(rows * scales - exact).mean() < 0.05 * np.abs(exact).mean()
