"""A trained line recogniser as the ONNX file to ship: interpolated with its start, stored as float16."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch

from models.arrays import F32
from models.training.averaging import interpolate_weights
from models.training.float16 import to_float16
from models.training.lines.network import with_weights
from models.training.quantise_ppocr import fuse_gelu


def checkpoint_weights(checkpoint: Path, alpha: float = 1.0) -> dict[str, F32]:
    """Return a run's averaged weights by ONNX name; alpha < 1 interpolates towards those it started from."""
    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    start, trained = (
        {name.replace("/", "."): value.numpy() for name, value in state[which].items()}
        for which in ("start", "averaged")
    )
    return interpolate_weights(start, trained, alpha)


def export(network: onnx.ModelProto, weights: Mapping[str, F32], target: Path) -> None:
    """Write a network with these weights, stored as float16 and computed with as float32."""
    finished = with_weights(network, weights)
    finished = onnx.version_converter.convert_version(finished, 17)
    fuse_gelu(finished)
    drop_unused(finished.graph)
    to_float16(finished.graph)
    onnx.checker.check_model(finished)
    onnx.save(finished, target)


def drop_unused(graph: onnx.GraphProto) -> None:
    """Remove constants that no operator uses any more: ONNX Runtime warns about each."""
    used = {name for node in graph.node for name in node.input}
    kept = [initializer for initializer in graph.initializer if initializer.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
