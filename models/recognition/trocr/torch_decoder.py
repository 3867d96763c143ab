"""TrOCR's text transformer a token at a time: many lines at once, each at its own length, in rows that stay.

What a line looks like is never made into keys and values: projections are applied to the query (decoder_graph shows
how). Of base a line is then 0.9 MB that a step reads once a layer, where keys and values would be 28 MB that it
reads once: on a CUDA device, where reading memory is what a step takes, that is 2.7 times as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from models.recognition.trocr.config import DecoderShape
from models.recognition.trocr.torch_kernels import Kernels
from models.recognition.trocr.torch_modules import FIRST_PLACE, Decoder

_EPSILON = 1e-5
_ROW_MULTIPLE_TOKENS = 64  # words: a product whose rows are of an odd number of them takes five times as long


class Linear(NamedTuple):
    """A layer's weights, (out, in), and bias, (out,)."""

    weight: Tensor
    bias: Tensor

    def __call__(self, value: Tensor) -> Tensor:
        return functional.linear(value, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class _Layer:
    """Weights of one layer. `keys` and `values` are the projections of what is seen, by head."""

    joined: Linear
    text_out: Linear
    text_norm: Linear
    query: Linear
    keys: Tensor
    values: Tensor
    picture_out: Linear
    picture_norm: Linear
    inner: Linear
    outer: Linear
    last_norm: Linear


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines that are being read, R of them, and one row more that is always done: idle lanes point to it.

    Attributes:
        seen: (R + 1, S, W) what the encoder gave.
        caches: Each layer's keys and values of the text, (R + 1, heads, T, d).
        tokens: (R + 1,) int64 each row's newest token.
        lengths: (R + 1,) int32 how many tokens went before it; negative where a row is done.
    """

    seen: Tensor
    caches: list[tuple[Tensor, Tensor]]
    tokens: Tensor
    lengths: Tensor

    @classmethod
    def empty(cls, shape: DecoderShape, vectors: int, rows: int, length: int, like: Tensor) -> Rows:
        """Return rows for texts of `length` tokens at most, on the device and of the kind of a tensor."""
        cache = (rows + 1, shape.heads, length, shape.head_width)
        return cls(
            like.new_zeros(rows + 1, vectors, shape.sees),
            [(like.new_zeros(cache), like.new_zeros(cache)) for _ in range(shape.layers)],
            like.new_zeros(rows + 1, dtype=torch.int64),
            like.new_full((rows + 1,), -1, dtype=torch.int32),
        )


class StepDecoder:
    """The weights of a decoder, as steps want them. Reads tensors' contents on the device only: can be recorded."""

    def __init__(self, decoder: Decoder, shape: DecoderShape, kernels: Kernels) -> None:
        inside = decoder.model.decoder
        self._shape, self._kernels = shape, kernels
        self._words, words = inside.embed_tokens.weight, decoder.output_projection.weight
        self._vocabulary = functional.pad(words, (0, 0, 0, -len(words) % _ROW_MULTIPLE_TOKENS))
        places = inside.embed_positions.weight if shape.learned_positions else decoder.waves
        self._places = places.to(self._words.dtype)
        norm = inside.layernorm_embedding if shape.normed_embedding else None
        self._norm = None if norm is None else Linear(norm.weight, norm.bias)
        self._layers = [_layer(layer, shape) for layer in inside.layers]

    def logits(self, lanes: Tensor, rows: Rows) -> Tensor:
        """Return what may come next in each lane, (B, vocabulary), and keep the newest keys and values.

        Args:
            lanes: (B,) int32 the row of each lane.
        """
        shape, at = self._shape, lanes.long()
        before = rows.lengths[at].clamp(min=0).long()
        value = self._words[rows.tokens[at]] * shape.embedding_scale + self._places[before + FIRST_PLACE]
        if self._norm is not None:
            value = functional.layer_norm(value, self._norm.bias.shape, *self._norm, _EPSILON)
        for layer, cache in zip(self._layers, rows.caches, strict=True):
            value = self._through(layer, value, lanes, rows, cache)
        return functional.linear(value, self._vocabulary)[:, : shape.vocabulary]

    def _through(
        self, layer: _Layer, value: Tensor, lanes: Tensor, rows: Rows, cache: tuple[Tensor, Tensor]
    ) -> Tensor:
        run, shape = self._kernels, self._shape
        found = run.attend(layer.joined(value), lanes, rows.lengths, *cache)
        _, value = run.add_norm(value, layer.text_out(found), *layer.text_norm, _EPSILON)
        query = layer.query(value).unflatten(-1, (shape.heads, -1)).transpose(0, 1)
        found = run.look(torch.bmm(query, layer.keys), lanes, rows.lengths, rows.seen, shape.head_width**-0.5)
        found = torch.bmm(found, layer.values).transpose(0, 1).flatten(1)
        _, value = run.add_norm(value, layer.picture_out(found), *layer.picture_norm, _EPSILON)
        inner = layer.inner(value)
        inner = functional.relu(inner) if shape.activation == "relu" else functional.gelu(inner)
        return run.add_norm(value, layer.outer(inner), *layer.last_norm, _EPSILON)[1]


def _layer(layer: torch.nn.Module, shape: DecoderShape) -> _Layer:
    own, other = layer.self_attn, layer.encoder_attn
    parts = (own.q_proj, own.k_proj, own.v_proj)
    # a key's bias adds the same to all vectors' scores; a value's adds the same to whatever is found
    bias = other.out_proj.bias.float() + other.out_proj.weight.float() @ other.v_proj.bias.float()
    return _Layer(
        Linear(torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])),
        _linear(own.out_proj),
        _linear(layer.self_attn_layer_norm),
        _linear(other.q_proj),
        other.k_proj.weight.unflatten(0, (shape.heads, -1)),
        other.v_proj.weight.unflatten(0, (shape.heads, -1)).transpose(1, 2),
        Linear(other.out_proj.weight, bias.to(other.out_proj.bias.dtype)),
        _linear(layer.encoder_attn_layer_norm),
        _linear(layer.fc1),
        _linear(layer.fc2),
        _linear(layer.final_layer_norm),
    )


def _linear(module: torch.nn.Module) -> Linear:
    return Linear(module.weight, module.bias)
