"""Writing ONNX graphs by hand: what both of TrOCR's networks are made of, in single precision or in 8 bits.

Graphs are written rather than traced: ONNX Runtime has fused operators (attention that keeps its cache in place,
matrix products that quantise their input) which no exporter writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.arrays import F32

Precision = Literal["fp32", "int8"]
PRECISIONS: dict[str, Precision] = {"fp32": "fp32", "int8": "int8"}

FUSED = "com.microsoft"  # the domain of ONNX Runtime's own operators
_OPSET = 18
_IR_VERSION = 9
_MAX_INLINE_BYTES = 1024  # bytes: what is smaller stays in the .onnx file itself
_BLOCK_SIZES = (256, 128, 64, 32, 16)  # numbers that share a scale: fewer scales take a tenth less time


class Value(NamedTuple):
    """An input or output of a graph: name, element type as onnx has it, shape with names for free sizes."""

    name: str
    kind: int
    shape: tuple[int | str, ...]


class Graph:
    """Grows an ONNX graph node by node; values are handed about by name."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._shared: dict[bytes, str] = {}

    def weight(self, values: npt.ArrayLike, kind: npt.DTypeLike = np.float32) -> str:
        """Return the name of a constant."""
        array = np.ascontiguousarray(values, kind)
        if array.size > 16:
            return self._constant(array)
        key = array.tobytes() + str((array.dtype, array.shape)).encode()
        if key not in self._shared:
            self._shared[key] = self._constant(array)
        return self._shared[key]

    def node(self, kind: str, inputs: Sequence[str], *, domain: str = "", **attributes: Any) -> str:
        """Add an operator of one output and return the output's name."""
        return self.nodes(kind, inputs, 1, domain=domain, **attributes)[0]

    def nodes(
        self, kind: str, inputs: Sequence[str], outputs: int | Sequence[str], *, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add an operator and return its outputs' names, which may be given."""
        if isinstance(outputs, int):
            outputs = [f"{kind}{len(self._nodes)}_{number}" for number in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), list(outputs), domain=domain, **attributes))
        return list(outputs)

    def include(self, network: onnx.ModelProto) -> str:
        """Add another graph, its inputs being values of the same names; return the name of its output."""
        network = onnx.version_converter.convert_version(network, _OPSET)
        self._nodes += network.graph.node
        self._weights += network.graph.initializer
        return str(network.graph.output[0].name)

    def rename(self, value: str, name: str) -> None:
        """Give a value the name of a graph's output."""
        self.nodes("Identity", [value], [name])

    def norm(self, value: str, gain: F32, shift: F32, epsilon: float) -> str:
        return self.node(
            "LayerNormalization", [value, self.weight(gain), self.weight(shift)], axis=-1, epsilon=epsilon
        )

    def save(self, path: Path, inputs: Sequence[Value], outputs: Sequence[Value], notes: dict[str, str]) -> None:
        """Write the graph, and beside it, as NAME.data, its weights, which ONNX Runtime maps instead of reading."""
        described = helper.make_graph(
            self._nodes, path.stem, [_described(one) for one in inputs], [_described(one) for one in outputs],
            self._weights,
        )  # fmt: skip
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(FUSED, 1)]
        model = helper.make_model(
            described, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="inkstream"
        )
        helper.set_model_props(model, notes)
        onnx.save_model(
            model,
            str(path),
            save_as_external_data=True,
            location=f"{path.stem}.data",
            size_threshold=_MAX_INLINE_BYTES,
        )

    def _constant(self, array: npt.NDArray[Any]) -> str:
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(array, name))
        return name


def float_linear(graph: Graph, value: str, weights: F32, bias: F32 | None = None) -> str:
    """Return value · weightsᵀ + bias; weights as torch keeps them, (given, taken)."""
    product = graph.node("MatMul", [value, graph.weight(weights.T)])
    return product if bias is None else graph.node("Add", [product, graph.weight(bias)])


def tensor_linear(graph: Graph, value: str, weights: F32, bias: F32 | None = None) -> str:
    """Return the same in 8 bits: weights by output, the input by one scale that it sets itself.

    The fastest of all, at four times single precision's rate; for inputs that are one line only, or a line's
    text would depend on its neighbours.
    """
    columns, scales = by_column(weights.T)
    inputs = [
        value,
        graph.weight(columns, np.int8),
        graph.weight(scales),
        graph.weight(np.zeros_like(scales), np.int8),
    ]
    return graph.node(
        "DynamicQuantizeMatMul", inputs if bias is None else [*inputs, graph.weight(bias)], domain=FUSED
    )


def row_linear(graph: Graph, value: str, weights: F32, bias: F32 | None = None) -> str:
    """Return the same in 8 bits, weights and input in blocks with a scale each: rows do not touch each other."""
    given, taken = weights.shape
    block = next((size for size in _BLOCK_SIZES if taken % size == 0), None)
    if block is None:
        return float_linear(graph, value, weights, bias)
    blocks = weights.reshape(given, taken // block, block)
    scales = np.maximum(np.abs(blocks).max(2), 1e-12) / 127
    packed = np.clip(np.rint(blocks / scales[..., None]), -127, 127) + 128
    inputs = [value, graph.weight(packed, np.uint8), graph.weight(scales)]
    if bias is not None:
        inputs += ["", "", graph.weight(bias)]
    return graph.node(
        "MatMulNBits", inputs, domain=FUSED, K=taken, N=given, bits=8, block_size=block, accuracy_level=4
    )


def by_column(weights: F32) -> tuple[npt.NDArray[np.int8], F32]:
    """Return weights, (taken, given), in 8 bits, and each column's scale."""
    scales = np.maximum(np.abs(weights).max(0), 1e-12) / 127
    return np.clip(np.rint(weights / scales), -127, 127).astype(np.int8), scales.astype(np.float32)


def _described(value: Value) -> Any:
    return helper.make_tensor_value_info(value.name, value.kind, list(value.shape))


FLOAT, INT8, UINT8, INT32, INT64 = (
    TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8, TensorProto.INT32, TensorProto.INT64,
)  # fmt: skip
