"""CRAFT's checkpoint becomes an ONNX file, in single precision or in 8-bit integers: done once, then kept.

Needs the extra `torch` (torch and onnx), which running the file does not.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from models.detection.craft.runtime import onnx_path
from models.errors import WeightsInvalid, WeightsMissing
from models.options import Precision
from models.weights.checkpoints import read_checkpoint, shape_difference
from models.weights.files import written_whole
from models.weights.store import CRAFT, CRAFT_REFINER, Weights, find_weights, named_by_content

if TYPE_CHECKING:
    from torch import nn

    from models.detection.craft.network import CraftNetwork

_OPSET = 17
Network = TypeVar("Network", bound="nn.Module")


def export_craft(cache_dir: Path, precision: Precision = "int8", *, weights: Path | None = None) -> Path:
    """Return CRAFT as an ONNX file in the cache folder, exported now unless it was before.

    The file takes `image`, (1, 3, H, W), and gives `scores`, (1, 2, H/2, W/2), and `features`, (1, 32, H/2, W/2);
    H and W are free multiples of 32.

    Args:
        weights: A checkpoint to take instead of the published one; the file made of it has its sha256 in its name.

    Raises:
        WeightsMissing: The checkpoint, torch or onnx is not installed.
        WeightsInvalid: The checkpoint is damaged or of another network.
    """
    target = _target(CRAFT, cache_dir, precision, weights)
    if target.is_file():
        return target
    _require_torch()
    from models.detection.craft.network import CraftNetwork

    checkpoint = find_weights(CRAFT, cache_dir, explicit=weights)
    network = load_checkpoint(CraftNetwork(), checkpoint)
    with written_whole(target) as part:
        if precision == "int8":
            from models.detection.craft.quantize import quantize_craft

            quantize_craft(network, part, _write_craft)
        else:
            _write_craft(network, part)
    return target


def export_refiner(cache_dir: Path, *, weights: Path | None = None) -> Path:
    """Return the link refiner as an ONNX file, (`scores`, `features`) to `line_affinity`, (1, 1, H/2, W/2).

    Raises:
        WeightsMissing: The checkpoint, torch or onnx is not installed.
        WeightsInvalid: The checkpoint is damaged or of another network.
    """
    target = _target(CRAFT_REFINER, cache_dir, "fp32", weights)
    if target.is_file():
        return target
    _require_torch()
    from models.detection.craft.network import LinkRefiner

    checkpoint = find_weights(CRAFT_REFINER, cache_dir, explicit=weights)
    network = load_checkpoint(LinkRefiner(), checkpoint)
    with written_whole(target) as part:
        _to_onnx(network, part, ((1, 2, 32, 48), (1, 32, 32, 48)), ("scores", "features"), ("line_affinity",))
    return target


def load_checkpoint(network: Network, path: Path) -> Network:
    """Return a network with the weights of a checkpoint, ready to be run; nothing but tensors is unpickled.

    Raises:
        WeightsInvalid: The file is no checkpoint, or one of another network.
    """
    # torch's DataParallel, in which the published files were trained, puts its name first
    named = {name.removeprefix("module."): tensor for name, tensor in read_checkpoint(path).items()}
    found = {name: tuple(tensor.shape) for name, tensor in named.items()}
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    if difference := shape_difference(found, expected):
        raise WeightsInvalid(f"{path} holds another network than {type(network).__name__}: {difference}")
    network.load_state_dict(named)
    network.eval()
    return network


def _write_craft(network: CraftNetwork, path: Path) -> None:
    _to_onnx(network, path, ((1, 3, 64, 96),), ("image",), ("scores", "features"))


def _to_onnx(
    network: nn.Module, path: Path, shapes: Sequence[tuple[int, ...]], inputs: Sequence[str], outputs: Sequence[str]
) -> None:
    import torch

    free = {name: {2: "height", 3: "width"} for name in inputs}
    free |= {name: {2: "half_height", 3: "half_width"} for name in outputs}
    arguments = tuple(torch.zeros(shape) for shape in shapes)
    with torch.inference_mode(), warnings.catch_warnings():
        # The exporter that traces needs nothing but torch, the newer one onnxscript besides; a network without
        # branches loses nothing by being traced.
        # It and what it calls say that they are the older one.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network, arguments, str(path), dynamo=False, opset_version=_OPSET,
            input_names=list(inputs), output_names=list(outputs), dynamic_axes=free,
        )  # fmt: skip


def _target(published: Weights, cache_dir: Path, precision: Precision, explicit: Path | None) -> Path:
    """Return the name of the export: by the sha256 of the checkpoint, so that another one is another file."""
    if explicit is None:
        return onnx_path(published, cache_dir, precision)
    given = find_weights(published, cache_dir, explicit=explicit)
    return onnx_path(named_by_content(published, given), cache_dir, precision)


def _require_torch() -> None:
    """Raise WeightsMissing where torch or onnx is not installed."""
    from importlib.util import find_spec

    if absent := [name for name in ("torch", "onnx") if find_spec(name) is None]:
        raise WeightsMissing(
            f"exporting needs {' and '.join(absent)}: run  deploy/setup.sh torch  , or copy the exported file "
            "from a machine that has them"
        )
