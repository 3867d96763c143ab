"""The head as an ONNX file of half floats, the pyramid's scaling folded into its first layer."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from models.training.float16 import halve
from models.training.regions.loop import CHECKPOINT, Training
from models.training.regions.network import CHANNELS, RegionHead, RegionMaps
from models.weights.store import sha256_of

_OPSET = 17


def export(run: Path, out: Path, *, before: Path | None = None, share: float = 1.0) -> str:
    """Write a run's head as ONNX, `pyramid` to `kinds`, and return the file's sha256.

    Args:
        before: The run folder as it was earlier, whose weights count for what `share` leaves: what lies between two
            ends of one run is often better than both (Izmailov et al. 2018).
        share: Of the run's own weights.
    """
    head = Training.resume(run / CHECKPOINT).head
    if before is not None:
        head.load_state_dict(_between(Training.resume(before / CHECKPOINT).head, head, share))
    maps = RegionMaps(folded(head.eval())).eval()
    free = {name: {2: "height", 3: "width"} for name in ("pyramid", "kinds")}
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # the exporter that traces says that it is the older one
        torch.onnx.export(
            maps, (torch.zeros(1, CHANNELS, 24, 16),), str(out), dynamo=False, opset_version=_OPSET,
            input_names=["pyramid"], output_names=["kinds"], dynamic_axes=free,
        )  # fmt: skip
    network = onnx.load(out)
    halve(network.graph)
    onnx.save(network, out)
    return sha256_of(out)


def _between(before: RegionHead, after: RegionHead, share: float) -> dict[str, torch.Tensor]:
    earlier = before.state_dict()
    return {
        name: torch.lerp(earlier[name], value, share) if value.is_floating_point() else value
        for name, value in after.state_dict().items()
    }


def folded(head: RegionHead) -> RegionHead:
    """Return a head that gives the same without scaling, as its first layer, 1 × 1, does that too."""
    first, scale = head.enter, head.scale
    with torch.no_grad():
        factor = scale.weight / (scale.running_var + scale.eps).sqrt()
        shift = scale.bias - scale.running_mean * factor
        first.bias += first.weight[:, :, 0, 0] @ shift
        first.weight *= factor[None, :, None, None]
    head.scale = nn.Identity()
    return head
