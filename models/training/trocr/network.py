"""trocr-tiny in training: a text transformer on one layer of an image transformer on our recogniser's backbone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.recognition.trocr.config import DecoderShape, LineEncoderShape, TrocrConfig
from models.recognition.trocr.torch_modules import Decoder

FEATURES = 120  # channels of the backbone, for every eight pixels of a line
WIDTH, HEADS, INNER, LAYERS = 192, 6, 768, 4
TOKENS = 160  # vectors of a line at most: lines up to 26 times as wide as high
POSITIONS = 256
_POSITION_OFFSET = 2  # fairseq keeps the indices below for padding
_BOUNDARY = 0  # the token that begins and ends a text; the others are the recogniser's characters


def config_for(characters: int) -> TrocrConfig:
    """Return the configuration for an alphabet; the boundary takes the index of the blank."""
    return TrocrConfig(
        LineEncoderShape(width=WIDTH, height=48, stride=8, tokens=TOKENS),
        DecoderShape(
            width=WIDTH, layers=LAYERS, heads=HEADS, inner=INNER, vocabulary=characters, positions=POSITIONS,
            activation="gelu", learned_positions=True, normed_embedding=True, embedding_scale=WIDTH**0.5,
            sees=WIDTH,
        ),
        start=_BOUNDARY, end=_BOUNDARY, pad=_BOUNDARY,
    )  # fmt: skip


class TinyTrocr(nn.Module):
    """What is trained: the image transformer and the text transformer, not the backbone."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.config = config_for(characters)
        self.enter = nn.Linear(FEATURES, WIDTH)
        self.register_buffer("places", sinusoids(TOKENS))  # checkpoints carry this name
        self.entered = nn.LayerNorm(WIDTH)
        self.layer = _ImageLayer()
        self.decoder = Decoder(self.config.decoder)
        inside = self.decoder.model.decoder
        nn.init.normal_(inside.embed_tokens.weight, 0, WIDTH**-0.5)
        self.decoder.output_projection.weight = inside.embed_tokens.weight
        with torch.no_grad():
            inside.embed_positions.weight[_POSITION_OFFSET:] = sinusoids(POSITIONS)
        inside.embed_positions.weight.requires_grad_(False)

    def encode(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors of lines, (N, T + 1, W), and their attention bias, (N, 1, 1, T + 1).

        Args:
            features: Of the backbone, normalised, (N, T, 120).
            lengths: How many of them belong to the line, (N,).

        In inference a line has TOKENS vectors; those beyond its end are zero and attended to like the others. Here
        one more zero vector stands for all of them: its bias is the logarithm of their number.
        """
        own = torch.arange(features.shape[1], device=lengths.device)[None] < lengths[:, None]
        value = self.entered(self.enter(features) + self.places[: features.shape[1]])
        value = self.layer(value, own[:, None, None]) * own[..., None]
        beyond = torch.log((TOKENS - lengths).clamp(min=1).float())[:, None]
        bias = torch.cat([torch.zeros_like(own, dtype=torch.float32).masked_fill(~own, -1e9), beyond], 1)
        return functional.pad(value, (0, 0, 0, 1)), bias[:, None, None]

    def decode(self, tokens: Tensor, encoded: tuple[Tensor, Tensor] | None) -> Tensor:
        """Return the logits of the token after each, (N, L, vocabulary).

        Args:
            tokens: (N, L) int64.
            encoded: As `encode` returns it; None for text alone, as a language model.
        """
        inside, shape = self.decoder.model.decoder, self.config.decoder
        positions = inside.embed_positions.weight[_POSITION_OFFSET : _POSITION_OFFSET + tokens.shape[1]]
        value = inside.layernorm_embedding(inside.embed_tokens(tokens) * shape.embedding_scale + positions)
        for layer in inside.layers:
            attended = _attend(layer.self_attn, value, value, causal=True)
            value = layer.self_attn_layer_norm(value + self._dropped(attended))
            if encoded is not None:
                found = _attend(layer.encoder_attn, value, *encoded)
                value = layer.encoder_attn_layer_norm(value + self._dropped(found))
            inner = layer.fc2(functional.gelu(layer.fc1(value)))
            value = layer.final_layer_norm(value + self._dropped(inner))
        logits: Tensor = self.decoder.output_projection(value)
        return logits

    def _dropped(self, value: Tensor) -> Tensor:
        return functional.dropout(value, 0.1, self.training)


class _ImageLayer(nn.Module):
    """A layer of the image transformer, normalised after each part."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Module()
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self.attention, name, nn.Linear(WIDTH, WIDTH))
        self.attention_norm, self.final_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.fc1, self.fc2 = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)

    def forward(self, value: Tensor, own: Tensor) -> Tensor:
        value = self.attention_norm(value + _attend(self.attention, value, value, own))
        return self.final_norm(value + self.fc2(functional.gelu(self.fc1(value))))


def sinusoids(positions: int) -> Tensor:
    """Return the sinusoidal position embeddings, (positions, W) (Vaswani et al. 2017, section 3.5)."""
    half = WIDTH // 2
    steps = torch.exp(torch.arange(half) * (-torch.log(torch.tensor(10000.0)) / (half - 1)))
    angles = torch.arange(positions)[:, None] * steps
    return torch.cat([angles.sin(), angles.cos()], 1)


def _attend(own: Any, value: Tensor, context: Tensor, bias: Tensor | None = None, causal: bool = False) -> Tensor:
    query, key, values = (
        linear(given).unflatten(-1, (HEADS, -1)).transpose(1, 2)
        for linear, given in ((own.q_proj, value), (own.k_proj, context), (own.v_proj, context))
    )
    if bias is not None and bias.is_floating_point():
        bias = bias.to(query.dtype)
    found = functional.scaled_dot_product_attention(query, key, values, bias, is_causal=causal)
    return own.out_proj(found.transpose(1, 2).flatten(2))
