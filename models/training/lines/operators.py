"""The ONNX operators of PP-OCR's recogniser, in torch. All of them pass gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Attributes = Mapping[str, Any]


def convolve(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """Return a convolution; a third value is its bias."""
    picture, weights, *bias = given
    if attributes.get("auto_pad") == b"SAME_UPPER":
        picture, padding = _padded_below(picture, attributes["kernel_shape"], 0.0), (0, 0)
    else:
        top, left, bottom, right = attributes["pads"]
        assert (top, left) == (bottom, right)
        padding = (top, left)
    return functional.conv2d(
        picture,
        weights,
        bias[0].flatten() if bias else None,
        tuple(attributes["strides"]),
        padding,
        groups=attributes["group"],
    )


def max_pool(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """Return the maximum of each window; padded below and on the right so that the size stays."""
    shape = attributes["kernel_shape"]
    return functional.max_pool2d(_padded_below(given[0], shape, -float("inf")), shape, tuple(attributes["strides"]))


def normalise(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """Return a batch normalisation by the network's running statistics, never by those of the batch."""
    picture, scale, shift, mean, variance = given
    return functional.batch_norm(picture, mean, variance, scale, shift, False, 0.0, attributes["epsilon"])


def cut(given: Sequence[Tensor], _: Attributes) -> Tensor:
    """Return a slice along the named axes."""
    whole, starts, ends, axes = given[:4]
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        end = min(end, whole.shape[axis])
        whole = whole.narrow(axis, start, end - start)
    return whole


def reshape(given: Sequence[Tensor], _: Attributes) -> Tensor:
    """Return other dimensions of the same values: 0 keeps a dimension, -1 is what is left."""
    whole, shape = given
    return whole.reshape([whole.shape[axis] if size == 0 else size for axis, size in enumerate(shape.tolist())])


def squeeze(given: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """Return the values without axes of one."""
    whole = given[0]
    for axis in sorted(attributes["axes"], reverse=True):
        whole = whole.squeeze(axis)
    return whole


def _padded_below(picture: Tensor, kernel: Sequence[int], value: float) -> Tensor:
    height, width = kernel
    return functional.pad(picture, (0, width - 1, 0, height - 1), value=value)


OPERATORS: dict[str, Callable[[Sequence[Tensor], Attributes], Tensor]] = {
    "Add": lambda given, _: given[0] + given[1],
    "AveragePool": lambda given, a: functional.avg_pool2d(given[0], a["kernel_shape"], tuple(a["strides"])),
    "BatchNormalization": normalise,
    "Concat": lambda given, a: torch.cat(list(given), a["axis"]),
    "Conv": convolve,
    "Div": lambda given, _: given[0] / given[1],
    "Gelu": lambda given, _: functional.gelu(given[0]),
    "HardSigmoid": lambda given, a: torch.clamp(given[0] * a["alpha"] + a["beta"], 0.0, 1.0),
    "MatMul": lambda given, _: given[0] @ given[1],
    "MaxPool": max_pool,
    "Mul": lambda given, _: given[0] * given[1],
    "Pow": lambda given, _: given[0] ** given[1],
    "ReduceMean": lambda given, a: given[0].mean(a["axes"], keepdim=bool(a.get("keepdims", 1))),
    "Relu": lambda given, _: functional.relu(given[0]),
    "Reshape": reshape,
    "Shape": lambda given, _: torch.tensor(given[0].shape),
    "Sigmoid": lambda given, _: torch.sigmoid(given[0]),
    "Slice": cut,
    "Softmax": lambda given, a: torch.softmax(given[0], a["axis"]),
    "Sqrt": lambda given, _: torch.sqrt(given[0]),
    "Squeeze": squeeze,
    "Sub": lambda given, _: given[0] - given[1],
    "Transpose": lambda given, a: given[0].permute(a["perm"]),
    "Unsqueeze": lambda given, a: given[0].unsqueeze(a["axes"][0]),
}
