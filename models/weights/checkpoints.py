"""Checkpoints of torch: nothing but tensors is unpickled, and their names and shapes are compared.

Needs torch, which is imported when a checkpoint is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

from models.errors import WeightsInvalid

if TYPE_CHECKING:
    from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by their names, on the processor.

    Raises:
        WeightsInvalid: The file is no checkpoint, is cut off, or holds something else than tensors.
    """
    import torch

    try:
        # published files were saved on a GPU, some in torch's old format, before zip
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsInvalid(f"{path} is no checkpoint, or only a part of one: {reason}. Fetch it again") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsInvalid(f"{path} holds no weights of a network by their names: take another file")
    return {str(name): tensor for name, tensor in state.items()}


def shape_difference(found: Shapes, expected: Shapes) -> str:
    """Return in a few words how weights differ from those expected, by name and shape; nothing if they do not."""
    differences = []
    if missing := sorted(expected.keys() - found.keys()):
        differences.append(f"{len(missing)} weights are missing ({missing[0]} …)")
    if unknown := sorted(found.keys() - expected.keys()):
        differences.append(f"{len(unknown)} are unknown ({unknown[0]} …)")
    for name in sorted(expected.keys() & found.keys()):
        if expected[name] != found[name]:
            differences.append(f"{name} is {found[name]}, not {expected[name]}")
            break
    return "; ".join(differences)
