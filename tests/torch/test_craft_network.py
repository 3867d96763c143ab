"""The networks are the published ones: their weights' names and shapes, and what ONNX Runtime makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from models.detection.craft.export import export_craft, export_refiner, load_checkpoint
from models.detection.craft.network import CraftNetwork, LinkRefiner
from models.detection.craft.runtime import OnnxScores
from models.errors import WeightsInvalid

Shapes = dict[str, tuple[int, ...]]


def convolution(name: str, outputs: int, inputs: int, size: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, size, size), f"{name}.bias": (outputs,)}


def normalisation(name: str, channels: int) -> Shapes:
    names = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (channels,) for part in names} | {f"{name}.num_batches_tracked": ()}


def craft_shapes() -> Shapes:
    """Return the names and shapes of craft_mlt_25k.pth, from the paper's architecture."""
    shapes: Shapes = {}
    backbone = {
        "slice1": ((0, 3, 64), (3, 64, 64), (7, 64, 128), (10, 128, 128)),
        "slice2": ((14, 128, 256), (17, 256, 256)),
        "slice3": ((20, 256, 256), (24, 256, 512), (27, 512, 512)),
        "slice4": ((30, 512, 512), (34, 512, 512), (37, 512, 512)),
    }
    for part, layers in backbone.items():
        for position, inputs, outputs in layers:
            shapes |= convolution(f"basenet.{part}.{position}", outputs, inputs, 3)
            shapes |= normalisation(f"basenet.{part}.{position + 1}", outputs)
    shapes |= convolution("basenet.slice5.1", 1024, 512, 3) | convolution("basenet.slice5.2", 1024, 1024, 1)
    for step, inputs, middle, outputs in (
        (1, 1536, 512, 256),
        (2, 768, 256, 128),
        (3, 384, 128, 64),
        (4, 192, 64, 32),
    ):
        shapes |= convolution(f"upconv{step}.conv.0", middle, inputs, 1) | normalisation(
            f"upconv{step}.conv.1", middle
        )
        shapes |= convolution(f"upconv{step}.conv.3", outputs, middle, 3) | normalisation(
            f"upconv{step}.conv.4", outputs
        )
    for position, outputs, inputs, size in (
        (0, 32, 32, 3),
        (2, 32, 32, 3),
        (4, 16, 32, 3),
        (6, 16, 16, 1),
        (8, 2, 16, 1),
    ):
        shapes |= convolution(f"conv_cls.{position}", outputs, inputs, size)
    return shapes


def refiner_shapes() -> Shapes:
    """Return the names and shapes of craft_refiner_CTW1500.pth."""
    shapes: Shapes = {}
    for position, inputs in ((0, 34), (3, 64), (6, 64)):
        shapes |= convolution(f"last_conv.{position}", 64, inputs, 3) | normalisation(
            f"last_conv.{position + 1}", 64
        )
    for branch in (1, 2, 3, 4):
        shapes |= convolution(f"aspp{branch}.0", 128, 64, 3) | normalisation(f"aspp{branch}.1", 128)
        shapes |= convolution(f"aspp{branch}.3", 128, 128, 1) | normalisation(f"aspp{branch}.4", 128)
        shapes |= convolution(f"aspp{branch}.6", 1, 128, 1)
    return shapes


def shuffled(network: nn.Module, seed: int = 0) -> nn.Module:
    """Give a network weights of its own, normalisations included, at which no layer fades or bursts."""
    random = torch.Generator().manual_seed(seed)
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, generator=random)
        elif isinstance(part, nn.BatchNorm2d) and part.running_mean is not None and part.running_var is not None:
            part.running_mean.normal_(0, 0.1, generator=random)
            part.running_var.uniform_(0.5, 1.5, generator=random)
    return network.eval()


@pytest.mark.parametrize(("network", "shapes"), [(CraftNetwork, craft_shapes()), (LinkRefiner, refiner_shapes())])
def test_names_and_shapes_are_those_of_the_published_checkpoint(network: type[nn.Module], shapes: Shapes) -> None:
    assert {name: tuple(tensor.shape) for name, tensor in network().state_dict().items()} == shapes


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write random weights as the published files are: from inside DataParallel."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name, network in (("craft", CraftNetwork()), ("refiner", LinkRefiner())):
        torch.save(
            {f"module.{key}": tensor for key, tensor in shuffled(network).state_dict().items()},
            folder / f"{name}.pth",
        )
    return folder / "craft.pth", folder / "refiner.pth"


def test_onnx_runtime_and_torch_agree(checkpoints: tuple[Path, Path], tmp_path: Path) -> None:
    craft, refiner = checkpoints
    onnx = OnnxScores(export_craft(tmp_path, "fp32", weights=craft), export_refiner(tmp_path, weights=refiner))
    canvas = np.random.default_rng(0).normal(size=(1, 3, 96, 160)).astype(np.float32)
    found = onnx.scores(canvas)
    with torch.inference_mode():
        scores, features = load_checkpoint(CraftNetwork(), craft)(torch.from_numpy(canvas))
        lines = load_checkpoint(LinkRefiner(), refiner)(scores, features)
    largest = float(scores.abs().max())
    assert scores.shape == (1, 2, 48, 80) and largest > 0.01
    assert found.region == pytest.approx(scores[0, 0].numpy(), abs=1e-3 * largest)
    assert found.affinity == pytest.approx(scores[0, 1].numpy(), abs=1e-3 * largest)
    assert found.line_affinity == pytest.approx(lines[0, 0].numpy(), abs=1e-3 * float(lines.abs().max()))


def test_each_checkpoint_is_exported_once_under_a_name_of_its_own(
    checkpoints: tuple[Path, Path], tmp_path: Path
) -> None:
    first = export_craft(tmp_path, "fp32", weights=checkpoints[0])
    made = first.stat().st_mtime_ns
    assert export_craft(tmp_path, "fp32", weights=checkpoints[0]) == first and first.stat().st_mtime_ns == made
    other = tmp_path / "other.pth"
    torch.save(shuffled(CraftNetwork(), seed=1).state_dict(), other)
    assert export_craft(tmp_path, "fp32", weights=other) != first
    assert {path.suffix for path in tmp_path.iterdir()} == {".onnx", ".pth"}


def test_a_truncated_checkpoint_is_refused(checkpoints: tuple[Path, Path], tmp_path: Path) -> None:
    part = tmp_path / "part.pth"
    part.write_bytes(checkpoints[0].read_bytes()[:1_000_000])
    with pytest.raises(WeightsInvalid, match="only a part"):
        load_checkpoint(CraftNetwork(), part)


def test_a_checkpoint_of_another_network_is_refused(checkpoints: tuple[Path, Path]) -> None:
    with pytest.raises(WeightsInvalid, match=r"another network than CraftNetwork: \d+ weights are missing"):
        load_checkpoint(CraftNetwork(), checkpoints[1])


def test_a_checkpoint_of_other_shapes_names_the_first(tmp_path: Path) -> None:
    state = LinkRefiner().state_dict() | {"aspp1.6.bias": torch.zeros(2)}
    torch.save(state, tmp_path / "wide.pth")
    with pytest.raises(WeightsInvalid, match=r"aspp1\.6\.bias is \(2,\), not \(1,\)"):
        load_checkpoint(LinkRefiner(), tmp_path / "wide.pth")


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"weights": Path}, tmp_path / "code.pth")
    with pytest.raises(WeightsInvalid, match="no checkpoint"):
        load_checkpoint(LinkRefiner(), tmp_path / "code.pth")
