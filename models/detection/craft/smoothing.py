"""CRAFT made ready for 8 bits: its channels are scaled to like ranges, which changes nothing else.

One scale serves all channels of a quantised feature map; a channel a tenth as wide as the widest loses three of its
eight bits. A rectified channel may be divided by a number if the next convolution's weights for it are multiplied
by the same, so that part of the difference moves into the weights (Xiao et al. 2023, "SmoothQuant", equation 4;
Nagel et al. 2019 for convolutions).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.arrays import F32
from models.detection.craft.network import CraftNetwork

# Producer, and its consumers with the first of their input channels that come from it. Measured: nine tenths of
# what 8 bits did to the scores came from these, the layers at full and half resolution.
_PAIRS = (
    ("basenet.slice1.0", (("basenet.slice1.3", 0),)),
    ("basenet.slice1.3", (("basenet.slice1.7", 0),)),
    ("basenet.slice1.7", (("basenet.slice1.10", 0),)),
    ("basenet.slice1.10", (("basenet.slice2.14", 0), ("upconv4.conv.0", 64))),
    ("basenet.slice2.14", (("basenet.slice2.17", 0),)),
    ("upconv4.conv.0", (("upconv4.conv.3", 0),)),
)


def fold_normalisations(network: nn.Module) -> None:
    """Fold each batch normalisation into the convolution before it, in place."""
    for part in network.modules():
        if isinstance(part, nn.Sequential):
            names = list(part._modules)
            for before, behind in pairwise(names):
                convolution, normalisation = part.get_submodule(before), part.get_submodule(behind)
                if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                    part.register_module(before, fuse_conv_bn_eval(convolution, normalisation))
                    part.register_module(behind, nn.Identity())


def smooth_channels(network: CraftNetwork, inputs: list[F32]) -> None:
    """Scale the channels between convolutions to like ranges, in place; the network computes what it did.

    Args:
        network: With its normalisations folded.
        inputs: Canvases, (1, 3, H, W), that show how far each channel goes.
    """
    consumers = {name for _, followers in _PAIRS for name, _ in followers}
    largest: dict[str, Tensor] = {}
    with _watched(network, consumers, largest), torch.inference_mode():
        for canvas in inputs:
            network(torch.from_numpy(canvas))
    with torch.no_grad():
        for producer, followers in _PAIRS:
            _rescale(network, producer, followers, largest)


def _rescale(
    network: nn.Module, producer: str, followers: tuple[tuple[str, int], ...], largest: dict[str, Tensor]
) -> None:
    source = _convolution(network, producer)
    parts = [(name, slice(first, first + source.out_channels)) for name, first in followers]
    feature = torch.stack([largest[name][part] for name, part in parts]).amax(0).clamp(min=1e-4)
    weights = [_convolution(network, name).weight[:, part].abs().amax((0, 2, 3)) for name, part in parts]
    weight = torch.stack(weights).amax(0).clamp(min=1e-6)
    scale = (feature / weight).sqrt()
    source.weight /= scale[:, None, None, None]
    if source.bias is not None:
        source.bias /= scale
    for name, part in parts:
        _convolution(network, name).weight[:, part] *= scale[None, :, None, None]


@contextmanager
def _watched(network: nn.Module, names: set[str], largest: dict[str, Tensor]) -> Iterator[None]:
    """Note the largest magnitude of each input channel of some convolutions while the network runs."""

    def note(name: str, _: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        seen = arguments[0].abs().amax((0, 2, 3))
        largest[name] = torch.maximum(largest.get(name, seen), seen)

    hooks = [_convolution(network, name).register_forward_pre_hook(partial(note, name)) for name in sorted(names)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _convolution(network: nn.Module, name: str) -> nn.Conv2d:
    found = network.get_submodule(name)
    assert isinstance(found, nn.Conv2d)
    return found
