"""What was learnt as an ONNX file to ship: mixed with the starting point, in half the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from models.arrays import F32
from models.training.float16 import halve
from models.training.lines.network import with_weights
from models.training.quantise_ppocr import fuse_gelu


def mixed(start: Mapping[str, F32], learnt: Mapping[str, F32], share: float) -> dict[str, F32]:
    """Return weights between where learning started and where it came to (Wortsman et al. 2022, WiSE-FT).

    On hands that were not learnt from, a point between is better than both ends.
    """
    return {name: np.asarray((1 - share) * start[name] + share * learnt[name], np.float32) for name in start}


def checkpoint_weights(checkpoint: Path, share: float = 1.0) -> dict[str, F32]:
    """Return a run's averaged weights, mixed with those it began with, by their names in the ONNX graph."""
    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    start, learnt = (
        {name.replace("/", "."): value.numpy() for name, value in state[which].items()}
        for which in ("start", "averaged")
    )
    return mixed(start, learnt, share)


def export(network: onnx.ModelProto, weights: Mapping[str, F32], target: Path) -> None:
    """Write a network with these weights, kept as float16 and computed with as float32."""
    finished = with_weights(network, weights)
    finished = onnx.version_converter.convert_version(finished, 17)
    fuse_gelu(finished)
    drop_unused(finished.graph)
    halve(finished.graph)
    onnx.checker.check_model(finished)
    onnx.save(finished, target)


def drop_unused(graph: onnx.GraphProto) -> None:
    """Take out constants that no operator needs any more: ONNX Runtime warns of each."""
    used = {name for node in graph.node for name in node.input}
    kept = [initializer for initializer in graph.initializer if initializer.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
