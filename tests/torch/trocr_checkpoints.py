"""TrOCR checkpoints with weights drawn at random, made by transformers in the layout that the hub has."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    DeiTConfig,
    TrOCRConfig,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
)  # fmt: skip

PAD, END = 1, 2
BASE: dict[str, Any] = {
    "encoder": ViTConfig(image_size=384, qkv_bias=False),
    "decoder": {
        "vocab_size": 50265, "d_model": 1024, "decoder_layers": 12, "decoder_attention_heads": 16,
        "decoder_ffn_dim": 4096, "activation_function": "gelu", "scale_embedding": False,
    },
}  # fmt: skip
SMALL: dict[str, Any] = {
    "encoder": DeiTConfig(image_size=384, hidden_size=384, num_attention_heads=6, intermediate_size=1536),
    "decoder": {
        "vocab_size": 64044, "d_model": 256, "decoder_layers": 6, "decoder_attention_heads": 8,
        "decoder_ffn_dim": 1024, "activation_function": "relu", "scale_embedding": True,
    },
}  # fmt: skip


def tiny(vocabulary: int = 97, *, distilled: bool = True, **decoder: Any) -> dict[str, Any]:
    """Return a shape with all the parts of the real ones that takes milliseconds."""
    kind = DeiTConfig if distilled else ViTConfig
    encoder = kind(
        image_size=96, hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128,
        qkv_bias=distilled,
    )  # fmt: skip
    small = {"d_model": 64, "decoder_layers": 2, "decoder_attention_heads": 2, "decoder_ffn_dim": 128}
    return {"encoder": encoder, "decoder": {"vocab_size": vocabulary} | small | decoder}


def draw_model(
    shape: dict[str, Any], *, seed: int = 0, gain: float = 1.0, sight: float = 3.0, change: float = 1.0
) -> VisionEncoderDecoderModel:
    """Return a network with weights at the scale that training leaves them at, so that texts depend on pictures.

    Args:
        gain: How much more the last layer's weights are: probabilities are then less alike.
        sight: How much more the picture counts than the tokens before.
        change: How much each part of the decoder adds to what went in; with less, tokens differ more.
    """
    torch.manual_seed(seed)
    decoder = TrOCRConfig(
        cross_attention_hidden_size=shape["encoder"].hidden_size, tie_word_embeddings=False,
        max_position_embeddings=512, decoder_start_token_id=END, **shape["decoder"],
    )  # fmt: skip
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(shape["encoder"], decoder)
    config.tie_word_embeddings = False
    model = VisionEncoderDecoderModel(config).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim == 2 and "embed" not in name:
                weights.normal_(0, (sight if "encoder_attn" in name else 1) / math.sqrt(weights.shape[1]))
                if "out_proj" in name or "fc2" in name:
                    weights.mul_(change)
            elif "embed_tokens" in name:
                scale = math.sqrt(decoder.d_model) if decoder.scale_embedding else 1.0
                weights.normal_(0, 0.5 / scale)
            elif "position" in name or "embed" in name or "token" in name:
                weights.normal_(0, 0.5 if "patch" not in name else 0.05)
            elif "bias" in name:
                weights.normal_(0, 0.1)
            elif "norm" in name:
                weights.normal_(1, 0.1)
        model.decoder.output_projection.weight.mul_(gain)
        model.decoder.output_projection.weight[PAD] = 0  # trained networks do not say it
        model.decoder.output_projection.weight[END].mul_(2)  # or few texts came to an end
    settings = model.generation_config
    settings.decoder_start_token_id, settings.eos_token_id, settings.pad_token_id = END, END, PAD
    settings.bos_token_id = 0
    return model


def save_checkpoint(model: VisionEncoderDecoderModel, folder: Path) -> Path:
    """Return a folder with the checkpoint's files, a made-up vocabulary among them."""
    model.save_pretrained(folder)
    size = model.config.decoder.vocab_size
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {f"Ġw{number}": number for number in range(4, size)}
    (folder / "vocab.json").write_text(json.dumps(words), encoding="utf-8")
    return folder


def draw_pictures(count: int, side: int, seed: int = 0) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Return pictures that are not alike: coarse patterns of light and dark, (side, side, 3) uint8."""
    chance = np.random.default_rng(seed)
    cells = side // 16
    return [
        np.kron(chance.integers(0, 256, (cells, cells, 3)), np.ones((16, 16, 1))).astype(np.uint8)
        for _ in range(count)
    ]


def pixel_values(pictures: list[np.ndarray[Any, np.dtype[np.uint8]]]) -> torch.Tensor:
    """Return pictures as transformers takes them, (N, 3, side, side) in [-1, 1]."""
    return torch.stack([torch.tensor(picture).permute(2, 0, 1) / 127.5 - 1 for picture in pictures])


def theirs(
    model: VisionEncoderDecoderModel, pictures: list[np.ndarray[Any, np.dtype[np.uint8]]], most: int, beams: int = 1
) -> list[list[int]]:
    """Return what transformers reads: tokens without start, end and padding."""
    with torch.inference_mode():
        read = model.generate(pixel_values(pictures), max_new_tokens=most, num_beams=beams, do_sample=False)
    return [_until_end(row[1:].tolist()) for row in read]


def _until_end(tokens: list[int]) -> list[int]:
    return tokens[: tokens.index(END)] if END in tokens else tokens
