"""The text transformer as an ONNX graph: one token of each line in, the most probable next tokens out.

Two things make a step cheap. A line's own keys and values stay where they are: the cache has a fixed shape, is
bound as input and output both, and attention writes one position of it. And keys and values of the encoder's
output are never computed: with e a patch's vector, q·(Kᵀe) = (Kq)·e and Σ p(Ve) = V(Σ pe), so the projections are
applied to the one query, not to 577 patches in every layer. For 20 tokens that is a third of the arithmetic
(base: 7 instead of 22 thousand million operations a line), and a line holds 0.9 MB in int8, not 57 MB. A key's
bias adds the same to all of a query's scores, which softmax takes away again; it is left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.arrays import F32
from models.recognition.trocr.checkpoint import State
from models.recognition.trocr.config import DecoderShape, TrocrConfig
from models.recognition.trocr.export.operators import (
    FLOAT,
    FUSED,
    INT8,
    INT32,
    INT64,
    UINT8,
    Graph,
    Precision,
    Value,
    float_linear,
    row_linear,
)  # fmt: skip
from models.recognition.trocr.positions import POSITION_OFFSET, sinusoids

_AT = "decoder.model.decoder"
_EPSILON = 1e-5


def write_decoder(state: State, config: TrocrConfig, precision: Precision, path: Path) -> None:
    """Write one step of the decoder, for B lines of which each has its own length.

    Takes `tokens`, (B,) int64; `lengths`, (B,) int32, tokens that went before; `longest`, int32, the greatest of
    them and one; `choices`, (1,) int64; what the encoder gives, its first size B; and for each layer L `key_L` and
    `value_L`, (B, heads, T, width of a head), T free.
    Gives `next`, (B, choices) int64, the most probable tokens, best first; `scores`, (B, choices), their
    log-probabilities; and `key_L_out`, `value_L_out`, to be bound to the very memory of `key_L`, `value_L`.
    """
    shape = config.decoder
    graph = Graph()
    value = _embed(graph, state, shape, precision)
    for layer in range(shape.layers):
        value = _layer(graph, state, shape, precision, value, layer)
    _top_tokens(graph, state, precision, value)
    cache = ("lines", shape.heads, "most", shape.head_width)
    caches = [f"{part}_{layer}" for layer in range(shape.layers) for part in ("key", "value")]
    inputs = [
        Value("tokens", INT64, ("lines",)), Value("lengths", INT32, ("lines",)), Value("longest", INT32, ()),
        Value("choices", INT64, (1,)), *_seen(config, precision), *(Value(name, FLOAT, cache) for name in caches),
    ]  # fmt: skip
    outputs = [
        Value("next", INT64, ("lines", "choices")), Value("scores", FLOAT, ("lines", "choices")),
        *(Value(f"{name}_out", FLOAT, cache) for name in caches),
    ]  # fmt: skip
    graph.save(path, inputs, outputs, {})


def _position_embeddings(state: State, shape: DecoderShape) -> F32:
    """Return the embeddings of the tokens' positions, (positions, width): the checkpoint's, or sinusoids."""
    if shape.learned_positions:
        return state[f"{_AT}.embed_positions.weight"][POSITION_OFFSET:]
    return sinusoids(shape.positions, shape.width, POSITION_OFFSET)


def _seen(config: TrocrConfig, precision: Precision) -> list[Value]:
    tokens, width = config.encoder.tokens, config.decoder.sees
    if precision == "fp32":
        return [Value("seen", FLOAT, ("lines", tokens, width))]
    return [
        Value("rows", UINT8, ("lines", tokens, width)), Value("signed_rows", INT8, ("lines", tokens, width)),
        Value("scales", FLOAT, ("lines", 1, tokens)),
    ]  # fmt: skip


def _embed(graph: Graph, state: State, shape: DecoderShape, precision: Precision) -> str:
    """Return each line's last token as a vector, (B, 1, width)."""
    table = state[f"{_AT}.embed_tokens.weight"] * np.float32(shape.embedding_scale)
    kind = (
        np.float32 if precision == "fp32" else np.float16
    )  # half the memory; a vector is looked up, not multiplied
    words = graph.node("Gather", [graph.weight(table, kind), "tokens"], axis=0)
    words = words if precision == "fp32" else graph.node("Cast", [words], to=FLOAT)
    positions = graph.node("Gather", [graph.weight(_position_embeddings(state, shape)), "lengths"], axis=0)
    value = graph.node("Unsqueeze", [graph.node("Add", [words, positions]), graph.weight([1], np.int64)])
    return _norm(graph, state, value, f"{_AT}.layernorm_embedding") if shape.normed_embedding else value


def _layer(graph: Graph, state: State, shape: DecoderShape, precision: Precision, value: str, layer: int) -> str:
    linear = float_linear if precision == "fp32" else row_linear
    at = f"{_AT}.layers.{layer}"
    attended = _self_attention(graph, state, shape, precision, value, layer)
    value = _norm(graph, state, graph.node("Add", [value, attended]), f"{at}.self_attn_layer_norm")
    attended = _cross_attention(graph, state, shape, precision, value, f"{at}.encoder_attn")
    value = _norm(graph, state, graph.node("Add", [value, attended]), f"{at}.encoder_attn_layer_norm")
    inner = linear(graph, value, *_linear(state, f"{at}.fc1"))
    inner = graph.node("Relu", [inner]) if shape.activation == "relu" else graph.node("Gelu", [inner], domain=FUSED)
    attended = linear(graph, inner, *_linear(state, f"{at}.fc2"))
    return _norm(graph, state, graph.node("Add", [value, attended]), f"{at}.final_layer_norm")


def _self_attention(
    graph: Graph, state: State, shape: DecoderShape, precision: Precision, value: str, layer: int
) -> str:
    linear = float_linear if precision == "fp32" else row_linear
    at = f"{_AT}.layers.{layer}.self_attn"
    joined = [_linear(state, f"{at}.{name}_proj") for name in "qkv"]
    weights, bias = (np.concatenate(both) for both in zip(*joined, strict=True))
    parts = graph.nodes("Split", [linear(graph, value, weights, bias)], 3, axis=-1, num_outputs=3)
    key, cached = f"key_{layer}", f"value_{layer}"
    attended, _, _ = graph.nodes(
        "GroupQueryAttention", [*parts, key, cached, "lengths", "longest"],
        [f"attended_{layer}", f"{key}_out", f"{cached}_out"],
        domain=FUSED, num_heads=shape.heads, kv_num_heads=shape.heads, do_rotary=0,
    )  # fmt: skip
    return linear(graph, attended, *_linear(state, f"{at}.out_proj"))


def _cross_attention(
    graph: Graph, state: State, shape: DecoderShape, precision: Precision, value: str, at: str
) -> str:
    linear = float_linear if precision == "fp32" else row_linear
    heads, width, sees = shape.heads, shape.head_width, shape.sees
    weights, bias = _linear(state, f"{at}.q_proj")
    scaled = np.float32(width**-0.5)
    query = linear(graph, value, weights * scaled, bias * scaled)
    query = graph.node("Reshape", [query, graph.weight([-1, heads, width], np.int64)])
    query = graph.node("Transpose", [query], perm=[1, 0, 2])
    keys, values = (state[f"{at}.{name}_proj.weight"].reshape(heads, width, sees) for name in "kv")
    if precision == "fp32":
        query = graph.node("Transpose", [graph.node("MatMul", [query, graph.weight(keys)])], perm=[1, 0, 2])
        found = graph.node("Transpose", [_attend_fp32(graph, query)], perm=[1, 0, 2])
        found = graph.node("MatMul", [found, graph.weight(values.transpose(0, 2, 1))])
    else:
        query = graph.node("Transpose", [_int8_matmul_by_head(graph, query, keys)], perm=[1, 0, 2])
        found = graph.node("Transpose", [_attend_int8(graph, query)], perm=[1, 0, 2])
        found = _int8_matmul_by_head(graph, found, values.transpose(0, 2, 1))
    found = graph.node("Transpose", [found], perm=[1, 0, 2])
    found = graph.node("Reshape", [found, graph.weight([-1, 1, heads * width], np.int64)])
    weights, bias = _linear(state, f"{at}.out_proj")
    return linear(graph, found, weights, bias + weights @ state[f"{at}.v_proj.bias"])


def _attend_fp32(graph: Graph, query: str) -> str:
    """Return what queries, (B, heads, E), attend to: the encoder's vectors, weighted by how well they fit."""
    fit = graph.node("FusedMatMul", [query, "seen"], domain=FUSED, transB=1)
    return graph.node("MatMul", [graph.node("Softmax", [fit], axis=-1), "seen"])


def _attend_int8(graph: Graph, query: str) -> str:
    """Return the same from int8 vectors; a query, and its attention weights, have one scale for each head.

    Of a product of many rows with few columns, ONNX Runtime should be given the many as the left factor: the right
    one is packed anew for each product, which takes longer than multiplying it.
    """
    whole, scale = _quantise_rows(graph, query)
    transposed = graph.node("Transpose", [whole], perm=[0, 2, 1])
    fit = graph.node("MatMulInteger", ["rows", transposed, graph.weight(128, np.uint8), graph.weight(0, np.int8)])
    fit = graph.node("Transpose", [graph.node("Cast", [fit], to=FLOAT)], perm=[0, 2, 1])
    fit = graph.node("Mul", [graph.node("Mul", [fit, scale]), "scales"])
    weights = graph.node("Mul", [graph.node("Softmax", [fit], axis=-1), "scales"])
    whole, scale = _quantise_rows(graph, weights, UINT8)
    found = graph.node("MatMulInteger", [whole, "signed_rows", graph.weight(0, np.uint8), graph.weight(0, np.int8)])
    return graph.node("Mul", [graph.node("Cast", [found], to=FLOAT), scale])


def _int8_matmul_by_head(graph: Graph, value: str, weights: F32) -> str:
    """Return value · weights for each head, in int8: (heads, B, n) and (heads, n, m)."""
    scales = np.maximum(np.abs(weights).max(1, keepdims=True), 1e-12) / 127
    columns = graph.weight(np.rint(weights / scales), np.int8)
    whole, scale = _quantise_rows(graph, value, UINT8, 128)
    product = graph.node("MatMulInteger", [whole, columns, graph.weight(128, np.uint8), graph.weight(0, np.int8)])
    product = graph.node("Mul", [graph.node("Cast", [product], to=FLOAT), scale])
    return graph.node("Mul", [product, graph.weight(scales)])


def _quantise_rows(graph: Graph, value: str, kind: int = INT8, zero: int = 0) -> tuple[str, str]:
    """Return (a, b, n) in int8 or uint8, and the scale of each of its rows, (a, b, 1).

    Args:
        zero: What stands for 0: 128 where uint8 has numbers of either sign.
    """
    greatest = 255 if kind == UINT8 and not zero else 127
    largest = graph.node("ReduceMax", [graph.node("Abs", [value]), graph.weight([2], np.int64)], keepdims=1)
    scale = graph.node("Mul", [graph.node("Max", [largest, graph.weight(1e-9)]), graph.weight(1 / greatest)])
    scaled = graph.node("Div", [value, scale])
    if zero:
        scaled = graph.node("Add", [scaled, graph.weight(float(zero))])
    return graph.node("Cast", [graph.node("Round", [scaled])], to=kind), scale


def _top_tokens(graph: Graph, state: State, precision: Precision, value: str) -> None:
    """Give the most probable tokens and their log-probabilities as the graph's outputs."""
    linear = float_linear if precision == "fp32" else row_linear
    value = graph.node("Squeeze", [value, graph.weight([1], np.int64)])
    logits = linear(graph, value, state["decoder.output_projection.weight"])
    graph.nodes("TopK", [logits, "choices"], ["best", "next"], axis=-1, largest=1, sorted=1)
    # LogSoftmax is computed in one go, ReduceLogSumExp takes several times as long
    graph.nodes("GatherElements", [graph.node("LogSoftmax", [logits], axis=-1), "next"], ["scores"], axis=-1)


def _linear(state: State, name: str) -> tuple[F32, F32]:
    return state[f"{name}.weight"], state[f"{name}.bias"]


def _norm(graph: Graph, state: State, value: str, name: str) -> str:
    return graph.norm(value, *_linear(state, name), _EPSILON)
