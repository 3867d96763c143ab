"""A network's shapes, and the tokens that begin and end a text, from its checkpoint's configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from models.errors import WeightsInvalid, WeightsMissing

Activation = Literal["gelu", "relu"]
_RESAMPLING = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers; checkpoints use these two


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The image transformer: ViT for base and large, DeiT (one more token) for small."""

    width: int
    layers: int
    heads: int
    inner: int
    image: int
    patch: int
    qkv_bias: bool
    distilled: bool
    epsilon: float

    @property
    def tokens(self) -> int:
        """Vectors that an image becomes: one per patch, the class token, and DeiT's distillation token."""
        return (self.image // self.patch) ** 2 + 1 + self.distilled


@dataclass(frozen=True, slots=True)
class LineEncoderShape:
    """Convolutions, then an image transformer, over a line as long as it is; beyond its end are zeros."""

    width: int
    height: int
    stride: int
    tokens: int

    @property
    def widest(self) -> int:
        """The longest line in pixels, made `height` pixels high: its last letter may come a vector late."""
        return (self.tokens - 1) * self.stride


@dataclass(frozen=True, slots=True)
class DecoderShape:
    """The text transformer, of the BART family: normalised after each part."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    activation: Activation
    learned_positions: bool
    normed_embedding: bool
    embedding_scale: float
    sees: int

    @property
    def head_width(self) -> int:
        return self.width // self.heads


@dataclass(frozen=True, slots=True)
class TrocrConfig:
    """One checkpoint: both networks, the tokens with a meaning, and how pictures are prepared."""

    encoder: EncoderShape | LineEncoderShape
    decoder: DecoderShape
    start: int
    end: int
    pad: int
    resampling: Literal["bilinear", "bicubic"] = "bicubic"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    deviation: tuple[float, float, float] = (0.5, 0.5, 0.5)

    @property
    def squares(self) -> EncoderShape:
        """The encoder of a network that looks at squares. Raises WeightsInvalid for one that looks at lines."""
        if isinstance(self.encoder, EncoderShape):
            return self.encoder
        raise WeightsInvalid("this network looks at whole lines, not at squares")


def read_config(folder: Path) -> TrocrConfig:
    """Return the configuration of a checkpoint's folder in Hugging Face layout.

    Raises:
        WeightsMissing: The folder has no config.json.
        WeightsInvalid: It describes another network than TrOCR, or lacks what is needed; the message names it.
    """
    described = _read_json(folder / "config.json")
    if described.get("model_type") != "vision-encoder-decoder":
        kind = described.get("model_type")
        raise _wrong(folder, f"its model_type is {kind!r}, where TrOCR has 'vision-encoder-decoder'")
    try:
        encoder, decoder = described["encoder"], described["decoder"]
        if encoder["model_type"] not in ("vit", "deit") or decoder["model_type"] != "trocr":
            raise _wrong(folder, f"it joins {encoder['model_type']!r} and {decoder['model_type']!r}")
        if encoder.get("hidden_act") != "gelu" or decoder.get("activation_function") not in ("gelu", "relu"):
            raise _wrong(folder, "its activation functions are none that TrOCR was published with")
        start, end, pad = (_token(folder, described, name) for name in ("decoder_start", "eos", "pad"))
        return TrocrConfig(_encoder(encoder), _decoder(decoder, encoder), start, end, pad, **_picture(folder))
    except KeyError as error:
        raise _wrong(folder, f"config.json does not say {error.args[0]}") from error


def _encoder(values: dict[str, Any]) -> EncoderShape:
    return EncoderShape(
        width=values["hidden_size"], layers=values["num_hidden_layers"], heads=values["num_attention_heads"],
        inner=values["intermediate_size"], image=values.get("image_size", 224), patch=values.get("patch_size", 16),
        qkv_bias=values.get("qkv_bias", True), distilled=values["model_type"] == "deit",
        epsilon=values.get("layer_norm_eps", 1e-12),
    )  # fmt: skip


def _decoder(values: dict[str, Any], encoder: dict[str, Any]) -> DecoderShape:
    width = values["d_model"]
    return DecoderShape(
        width=width, layers=values["decoder_layers"], heads=values["decoder_attention_heads"],
        inner=values["decoder_ffn_dim"], vocabulary=values["vocab_size"],
        positions=values["max_position_embeddings"],
        activation=values["activation_function"],
        learned_positions=values.get("use_learned_position_embeddings", True),
        normed_embedding=values.get("layernorm_embedding", True),
        embedding_scale=width**0.5 if values.get("scale_embedding", False) else 1.0,
        sees=values.get("cross_attention_hidden_size") or encoder["hidden_size"],
    )  # fmt: skip


def _token(folder: Path, described: dict[str, Any], name: str) -> int:
    """Return a token's number: from generation_config.json, the configuration, or the decoder's part of it."""
    generation = folder / "generation_config.json"
    places = [_read_json(generation)] if generation.is_file() else []
    for place in (*places, described, described["decoder"]):
        if (number := place.get(f"{name}_token_id")) is not None:
            return int(number)
    raise _wrong(folder, f"it does not say {name}_token_id")


def _picture(folder: Path) -> dict[str, Any]:
    """Return how preprocessor_config.json prepares pictures; what it leaves out is as all checkpoints have it."""
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return {}
    values = _read_json(path)
    if (number := values.get("resample", 3)) not in _RESAMPLING:
        raise _wrong(
            folder, f"preprocessor_config.json resizes with Pillow's filter {number}, which is unknown here"
        )
    middle = [0.5, 0.5, 0.5]
    return {
        "resampling": _RESAMPLING[number],
        "mean": tuple(values.get("image_mean", middle)),
        "deviation": tuple(values.get("image_std", middle)),
    }


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise WeightsMissing(
            f"{path} is not there: a TrOCR folder has config.json, preprocessor_config.json, the tokenizer's files "
            "and model.safetensors or pytorch_model.bin"
        ) from error
    except ValueError as error:
        raise WeightsInvalid(f"{path} is no JSON: {error}. Fetch the checkpoint's files again") from error


def _wrong(folder: Path, why: str) -> WeightsInvalid:
    return WeightsInvalid(f"{folder} holds no TrOCR: {why}. Take one of microsoft/trocr-*, or one trained from it")
