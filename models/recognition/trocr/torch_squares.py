"""Lines of any size as the patches that the encoder takes, on its device."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from models.arrays import ImageU8
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.picture import prepared


def patches_of(lines: Sequence[ImageU8], config: TrocrConfig, device: torch.device) -> Tensor:
    """Return the patches of lines, (N, P, 3 · patch²) uint8: where they can be, lines are resized on the device."""
    if not lines:
        return torch.empty(0)
    if device.type == "cuda" and find_spec("triton") is not None:
        from models.recognition.trocr.triton_squares import resized

        return resized(lines, config, device)
    stacked = torch.from_numpy(np.stack([prepared(line, config) for line in lines]))
    if device.type == "cuda":
        return stacked.pin_memory().to(device, non_blocking=True)
    return stacked.to(device)
