"""CRAFT's checkpoint becomes an ONNX file, in single precision or in 8-bit integers: done once, then kept.

Needs the extra `torch` (torch and onnx), which running the file does not.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, TypeVar

from models.detection.craft.runtime import onnx_path
from models.errors import WeightsInvalid, WeightsMissing
from models.options import Precision
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
    with _finished_as(target) as part:
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
    with _finished_as(target) as part:
        _to_onnx(network, part, ((1, 2, 32, 48), (1, 32, 32, 48)), ("scores", "features"), ("line_affinity",))
    return target


def load_checkpoint(network: Network, path: Path) -> Network:
    """Return a network with the weights of a checkpoint, ready to be run; nothing but tensors is unpickled.

    Raises:
        WeightsInvalid: The file is no checkpoint, or one of another network.
    """
    import torch

    try:
        # saved on a GPU; the published files are of torch's old format, before zip
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsInvalid(f"{path} is no checkpoint, or only a part of one: {said}") from error
    if not isinstance(state, dict):
        raise WeightsInvalid(f"{path} holds a {type(state).__name__}, not the weights of a network")
    # torch's DataParallel, in which the published files were trained, puts its name first
    named = {str(name).removeprefix("module."): tensor for name, tensor in state.items()}
    if difference := _difference(named, network):
        raise WeightsInvalid(f"{path} holds another network than {type(network).__name__}: {difference}")
    network.load_state_dict(named)
    network.eval()
    return network


def _difference(state: dict[str, object], network: nn.Module) -> str:
    """Say in a few words how a checkpoint's names and shapes are not the network's; nothing where they are."""
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(getattr(tensor, "shape", ())) for name, tensor in state.items()}
    said = []
    if missing := sorted(expected.keys() - found.keys()):
        said.append(f"{len(missing)} weights are missing ({missing[0]} …)")
    if unknown := sorted(found.keys() - expected.keys()):
        said.append(f"{len(unknown)} are unknown ({unknown[0]} …)")
    for name in expected.keys() & found.keys():
        if expected[name] != found[name]:
            said.append(f"{name} is {found[name]}, not {expected[name]}")
            break
    return "; ".join(said)


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


@contextmanager
def _finished_as(target: Path) -> Iterator[Path]:
    """Yield a name beside the target, of this process: only what is whole gets the target's own name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
