"""The head as an ONNX file stored as float16, its input normalisation folded into the first layer."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from models.training.averaging import interpolate_states
from models.training.float16 import to_float16
from models.training.regions.loop import CHECKPOINT, Trainer
from models.training.regions.network import CHANNELS, RegionHead, RegionMaps
from models.weights.files import sha256_of

_OPSET = 17


def export(run: Path, out: Path, *, before: Path | None = None, alpha: float = 1.0) -> str:
    """Write a run's head as ONNX, `pyramid` to `kinds`, and return the file's sha256.

    Args:
        before: The run folder as it was earlier. The weights are interpolated between that and the run: a point
            between two ends of one run is often better than both (Izmailov et al. 2018).
        alpha: Weight of the run; 1 - alpha is that of `before`.
    """
    head = Trainer.resume(run / CHECKPOINT).head
    if before is not None:
        earlier = Trainer.resume(before / CHECKPOINT).head
        head.load_state_dict(interpolate_states(earlier.state_dict(), head.state_dict(), alpha))
    maps = RegionMaps(folded(head.eval())).eval()
    free = {name: {2: "height", 3: "width"} for name in ("pyramid", "kinds")}
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch's tracing exporter, the older of its two
        torch.onnx.export(
            maps, (torch.zeros(1, CHANNELS, 24, 16),), str(out), dynamo=False, opset_version=_OPSET,
            input_names=["pyramid"], output_names=["kinds"], dynamic_axes=free,
        )  # fmt: skip
    network = onnx.load(out)
    to_float16(network.graph)
    onnx.save(network, out)
    return sha256_of(out)


def folded(head: RegionHead) -> RegionHead:
    """Return a head whose first layer, 1 × 1, includes the input normalisation; it computes the same."""
    first, scale = head.enter, head.scale
    with torch.no_grad():
        factor = scale.weight / (scale.running_var + scale.eps).sqrt()
        shift = scale.bias - scale.running_mean * factor
        first.bias += first.weight[:, :, 0, 0] @ shift
        first.weight *= factor[None, :, None, None]
    head.scale = nn.Identity()
    return head
