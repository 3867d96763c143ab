"""The head as an ONNX file, the pyramid's scaling folded into its first layer."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import torch
from torch import nn

from models.training.regions.loop import CHECKPOINT, Training
from models.training.regions.network import CHANNELS, RegionHead, RegionMaps

_OPSET = 17


def export(run: Path, out: Path) -> str:
    """Write a run's head as ONNX, `pyramid` to `kinds` and `sides`, and return the file's sha256."""
    maps = RegionMaps(folded(Training.resume(run / CHECKPOINT).head.eval())).eval()
    free = {name: {2: "height", 3: "width"} for name in ("pyramid", "kinds", "sides")}
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # the exporter that traces says that it is the older one
        torch.onnx.export(
            maps, (torch.zeros(1, CHANNELS, 24, 16),), str(out), dynamo=False, opset_version=_OPSET,
            input_names=["pyramid"], output_names=["kinds", "sides"], dynamic_axes=free,
        )  # fmt: skip
    return hashlib.sha256(out.read_bytes()).hexdigest()


def folded(head: RegionHead) -> RegionHead:
    """Return a head that gives the same without scaling, as its first layer, 1 × 1, does that too."""
    first, scale = head.body[0], head.scale
    with torch.no_grad():
        factor = scale.weight / (scale.running_var + scale.eps).sqrt()
        shift = scale.bias - scale.running_mean * factor
        first.bias += first.weight[:, :, 0, 0] @ shift
        first.weight *= factor[None, :, None, None]
    head.scale = nn.Identity()
    return head
