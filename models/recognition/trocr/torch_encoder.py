"""TrOCR's image transformer with its weights joined: fewer and larger products than the published layout has."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.torch_decoder import Linear
from models.recognition.trocr.torch_kernels import Kernels
from models.recognition.trocr.torch_modules import Encoder


class _Layer(NamedTuple):
    before: Linear
    joined: Linear
    out: Linear
    after: Linear
    inner: Linear
    outer: Linear


class LineEncoder:
    """Patches of pictures to what the text transformer sees."""

    def __init__(self, encoder: Encoder, config: TrocrConfig, kernels: Kernels) -> None:
        shape, embeddings = config.squares, encoder.embeddings
        self._heads, self._epsilon, self._kernels = shape.heads, shape.epsilon, kernels
        first = embeddings.patch_embeddings.projection
        self._first = Linear(first.weight.flatten(1), first.bias)
        names = ("cls_token", "distillation_token") if shape.distilled else ("cls_token",)
        self._own = torch.cat([getattr(embeddings, name) for name in names], 1)
        self._places = embeddings.position_embeddings
        self._layers = [_layer(layer) for layer in encoder.encoder.layer]
        self._last = Linear(encoder.layernorm.weight, encoder.layernorm.bias)
        # a patch is channel by channel
        mean, deviation = (
            torch.tensor(three, device=first.weight.device).repeat_interleave(shape.patch**2)
            for three in (config.mean, config.deviation)
        )
        self._mean, self._deviation = mean, deviation

    def __call__(self, patches: Tensor) -> Tensor:
        """Return what is seen of pictures, (N, S, W), of their patches, (N, P, 3 · patch²) uint8."""
        pixels = ((patches.float() / 255 - self._mean) / self._deviation).to(self._first.weight.dtype)
        own = self._own.expand(len(patches), -1, -1)
        value = torch.cat([own, self._first(pixels)], 1) + self._places
        normed = self._norm(value, self._layers[0].before)
        after = [*(layer.before for layer in self._layers[1:]), self._last]
        for layer, norm in zip(self._layers, after, strict=True):
            value, normed = self._through(layer, value, normed, norm)
        return normed

    def _through(self, layer: _Layer, value: Tensor, normed: Tensor, norm: Linear) -> tuple[Tensor, Tensor]:
        parts = layer.joined(normed).unflatten(-1, (3, self._heads, -1)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(*parts.unbind()).transpose(1, 2).flatten(2)
        value, normed = self._kernels.add_norm(value, layer.out(attended), *layer.after, self._epsilon)
        inner = functional.gelu(layer.inner(normed))
        return self._kernels.add_norm(value, layer.outer(inner), *norm, self._epsilon)

    def _norm(self, value: Tensor, norm: Linear) -> Tensor:
        return functional.layer_norm(value, norm.bias.shape, *norm, self._epsilon)


def _layer(layer: torch.nn.Module) -> _Layer:
    own = layer.attention.attention
    parts = (own.query, own.key, own.value)
    bias = [torch.zeros_like(part.weight[:, 0]) if part.bias is None else part.bias for part in parts]
    return _Layer(
        Linear(layer.layernorm_before.weight, layer.layernorm_before.bias),
        Linear(torch.cat([part.weight for part in parts]), torch.cat(bias)),
        Linear(layer.attention.output.dense.weight, layer.attention.output.dense.bias),
        Linear(layer.layernorm_after.weight, layer.layernorm_after.bias),
        Linear(layer.intermediate.dense.weight, layer.intermediate.dense.bias),
        Linear(layer.output.dense.weight, layer.output.dense.bias),
    )
