"""TrOCR's two networks as torch modules, with the names that published checkpoints give their weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.recognition.trocr.config import DecoderShape, EncoderShape, TrocrConfig

_FIRST_PLACE = 2  # fairseq keeps the numbers below for padding
Cache = tuple[Tensor, Tensor]


class TrocrModule(nn.Module):
    """Both networks. Its state_dict is a checkpoint's, but for what reading does not need."""

    def __init__(self, config: TrocrConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config.squares)
        self.decoder = Decoder(config.decoder)


class Encoder(nn.Module):
    """ViT or DeiT: pictures, (N, 3, H, W), to vectors, (N, S, W)."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.embeddings = _Embeddings(shape)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(_EncoderLayer(shape) for _ in range(shape.layers))
        self.layernorm = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, pictures: Tensor) -> Tensor:
        value = self.embeddings(pictures)
        for layer in self.encoder.layer:
            value = layer(value)
        return self.layernorm(value)


class _Embeddings(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, shape.width))
        if shape.distilled:
            self.distillation_token = nn.Parameter(torch.zeros(1, 1, shape.width))
        self.position_embeddings = nn.Parameter(torch.zeros(1, shape.tokens, shape.width))
        self.patch_embeddings = nn.Module()
        self.patch_embeddings.projection = nn.Conv2d(3, shape.width, shape.patch, shape.patch)
        self._distilled = shape.distilled

    def forward(self, pictures: Tensor) -> Tensor:
        patches = self.patch_embeddings.projection(pictures).flatten(2).transpose(1, 2)
        first = [self.cls_token, *([self.distillation_token] if self._distilled else [])]
        tokens = [one.expand(len(pictures), -1, -1) for one in first]
        return torch.cat([*tokens, patches], 1) + self.position_embeddings


class _EncoderLayer(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        width = shape.width
        self.attention = nn.Module()
        self.attention.attention = nn.Module()
        for name in ("query", "key", "value"):
            setattr(self.attention.attention, name, nn.Linear(width, width, bias=shape.qkv_bias))
        self.attention.output, self.intermediate, self.output = nn.Module(), nn.Module(), nn.Module()
        self.attention.output.dense = nn.Linear(width, width)
        self.intermediate.dense = nn.Linear(width, shape.inner)
        self.output.dense = nn.Linear(shape.inner, width)
        self.layernorm_before = nn.LayerNorm(width, shape.epsilon)
        self.layernorm_after = nn.LayerNorm(width, shape.epsilon)
        self._heads = shape.heads

    def forward(self, value: Tensor) -> Tensor:
        normed, own = self.layernorm_before(value), self.attention.attention
        parts = (_by_head(linear(normed), self._heads) for linear in (own.query, own.key, own.value))
        attended = functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)
        value = value + self.attention.output.dense(attended)
        inner = functional.gelu(self.intermediate.dense(self.layernorm_after(value)))
        return value + self.output.dense(inner)


class Decoder(nn.Module):
    """The text transformer: one token of each line to the log-probabilities of the next."""

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        inside = nn.Module()
        inside.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        if shape.learned_positions:
            inside.embed_positions = nn.Embedding(shape.positions + _FIRST_PLACE, shape.width)
        else:
            self.register_buffer("waves", _waves(shape), persistent=False)
        if shape.normed_embedding:
            inside.layernorm_embedding = nn.LayerNorm(shape.width)
        inside.layers = nn.ModuleList(_DecoderLayer(shape) for _ in range(shape.layers))
        self.model = nn.Module()
        self.model.decoder = inside
        self.output_projection = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self._shape = shape

    def step(self, tokens: Tensor, lengths: Tensor, seen: Tensor, caches: list[Cache]) -> Tensor:
        """Return the log-probabilities of each line's next token, (B, vocabulary) float32.

        Args:
            tokens: (B,) the last token of each line.
            lengths: (B,) how many went before it.
            seen: (B, S, W) what the encoder gave.
            caches: Each layer's keys and values, (B, heads, T, width of a head); the last token's are put in place.
        """
        inside, shape = self.model.decoder, self._shape
        places = inside.embed_positions.weight if shape.learned_positions else self.waves
        value = inside.embed_tokens(tokens) * shape.embedding_scale + places[lengths + _FIRST_PLACE]
        if shape.normed_embedding:
            value = inside.layernorm_embedding(value)
        for layer, cache in zip(inside.layers, caches, strict=True):
            value = layer(value, lengths, seen, cache)
        return functional.log_softmax(self.output_projection(value).float(), -1)


class _DecoderLayer(nn.Module):
    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        self.self_attn = _attention(shape.width, shape.width)
        self.encoder_attn = _attention(shape.width, shape.sees)
        self.self_attn_layer_norm = nn.LayerNorm(shape.width)
        self.encoder_attn_layer_norm = nn.LayerNorm(shape.width)
        self.final_layer_norm = nn.LayerNorm(shape.width)
        self.fc1 = nn.Linear(shape.width, shape.inner)
        self.fc2 = nn.Linear(shape.inner, shape.width)
        self._heads, self._relu = shape.heads, shape.activation == "relu"

    def forward(self, value: Tensor, lengths: Tensor, seen: Tensor, cache: Cache) -> Tensor:
        value = self.self_attn_layer_norm(value + self._attend_to_text(value, lengths, cache))
        value = self.encoder_attn_layer_norm(value + self._attend_to_picture(value, seen))
        inner = self.fc1(value)
        inner = functional.relu(inner) if self._relu else functional.gelu(inner)
        return self.final_layer_norm(value + self.fc2(inner))

    def _attend_to_text(self, value: Tensor, lengths: Tensor, cache: Cache) -> Tensor:
        own, (keys, values) = self.self_attn, cache
        lines = torch.arange(len(value), device=value.device)
        keys[lines, :, lengths] = own.k_proj(value).unflatten(-1, (self._heads, -1))
        values[lines, :, lengths] = own.v_proj(value).unflatten(-1, (self._heads, -1))
        query = own.q_proj(value).unflatten(-1, (self._heads, 1, -1))
        said = torch.arange(keys.shape[2], device=value.device) <= lengths[:, None]
        attended = functional.scaled_dot_product_attention(query, keys, values, said[:, None, None])
        return own.out_proj(attended.flatten(1))

    def _attend_to_picture(self, value: Tensor, seen: Tensor) -> Tensor:
        """Attend without keys and values: decoder_graph tells why, and why a key's bias does not count."""
        own, heads = self.encoder_attn, self._heads
        query = own.q_proj(value).unflatten(-1, (heads, -1))
        keys, values = (one.weight.unflatten(0, (heads, -1)) for one in (own.k_proj, own.v_proj))
        query = torch.einsum("bhd,hdw->bhw", query, keys) * query.shape[-1] ** -0.5
        weights = torch.softmax(query @ seen.transpose(1, 2), -1)
        found = torch.einsum("bhw,hdw->bhd", weights @ seen, values).flatten(1) + own.v_proj.bias
        return own.out_proj(found)


def _attention(width: int, seen: int) -> Any:
    attention = nn.Module()
    for name, taken in (("q_proj", width), ("k_proj", seen), ("v_proj", seen), ("out_proj", width)):
        setattr(attention, name, nn.Linear(taken, width))
    return attention


def _by_head(value: Tensor, heads: int) -> Tensor:
    return value.unflatten(-1, (heads, -1)).transpose(1, 2)


def _waves(shape: DecoderShape) -> Tensor:
    """Return fairseq's sines and cosines of places (Vaswani et al. 2017, section 3.5), (positions + 2, width)."""
    half = shape.width // 2
    # on the processor even where weights are not: they are loaded, and this is not
    steps = torch.exp(torch.arange(half, device="cpu") * (-math.log(10000) / (half - 1)))
    angles = torch.arange(shape.positions + _FIRST_PLACE, device="cpu")[:, None] * steps
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1)
