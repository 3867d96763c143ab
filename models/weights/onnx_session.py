"""ONNX Runtime as reader processes use it: one thread, and no memory kept from the largest page."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf, NotImplemented

from models.errors import ModelError

_REFUSALS = (Fail, InvalidGraph, InvalidProtobuf, NotImplemented)

_OUTPUT, _GRAPH = 0x62, 0x3A  # protobuf tags: field 12 of GraphProto, field 7 of ModelProto, both messages


def create_session(weights: Path, also: str | None = None) -> onnxruntime.InferenceSession:
    """Return a session of one thread.

    Args:
        also: The name of a value inside the network that is to be an output as well, after its own.

    Raises:
        ModelError: The file is not a network that this ONNX Runtime can run.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps what the largest page needed
    options.enable_mem_pattern = False  # a plan for each of thousands of widths
    options.log_severity_level = 3
    try:
        network = weights.read_bytes()
        return onnxruntime.InferenceSession(
            network + _extra_output(also) if also else network, options, providers=["CPUExecutionProvider"]
        )
    except OSError as error:
        raise ModelError(f"the network {weights} cannot be read: {error.strerror}") from error
    except _REFUSALS as error:
        version = onnxruntime.__version__
        raise ModelError(f"{weights} is not a network that ONNX Runtime {version} can run: {error}") from error


def _extra_output(name: str) -> bytes:
    """Return what makes a serialised model have one more output: protobuf merges messages that are repeated."""
    value_info = b"\x0a" + _sized(name.encode())
    return bytes([_GRAPH]) + _sized(bytes([_OUTPUT]) + _sized(value_info))


def _sized(message: bytes) -> bytes:
    if len(message) > 127:
        raise ValueError("longer than one length byte can say")
    return bytes([len(message)]) + message
