"""The one place that opens a network in ONNX Runtime, and names what is wrong with one that cannot be opened."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
)

from models.errors import WeightsInvalid, WeightsMissing

# RuntimeError: weights outside the network's own file are cut off
_REFUSALS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeError)
_REINSTALL = "install inkstream and rapidocr again"

_OUTPUT, _GRAPH = 0x62, 0x3A  # protobuf tags: field 12 of GraphProto, field 7 of ModelProto, both messages
_MAX_ONE_BYTE_LENGTH = 127


def create_session(
    weights: Path,
    also: str | None = None,
    *,
    threads: int = 1,
    external: Path | None = None,
    keep_memory: bool = False,
    remedy: str = _REINSTALL,
) -> onnxruntime.InferenceSession:
    """Return a session on the processor.

    Args:
        also: The name of a value inside the network that is to be an output as well, after its own.
        external: The file beside the network that holds its weights, where it does not hold them itself.
        keep_memory: Whether memory of a call is kept for the next: where all calls need the same. Else the largest
            page's would be kept for ever, and a plan for each of thousands of widths.
        remedy: What to do about a file that is missing or damaged, for the error's message.

    Raises:
        WeightsMissing: A file is not there.
        WeightsInvalid: The file is not a network that this ONNX Runtime can run.
    """
    for needed in (weights, *([external] if external else [])):
        if not needed.is_file():
            raise WeightsMissing(f"{needed} is not there: {remedy}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = keep_memory
    options.log_severity_level = 4  # what fails is raised, and reported once
    try:
        network: str | bytes = weights.read_bytes() + _extra_output(also) if also else str(weights)
        return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except OSError as error:
        raise WeightsInvalid(f"the network {weights} cannot be read ({error.strerror}): {remedy}") from error
    except _REFUSALS as error:
        reason = str(error).splitlines()[0]
        version = onnxruntime.__version__
        raise WeightsInvalid(
            f"{weights} is no network that ONNX Runtime {version} can run ({reason}): {remedy}"
        ) from error


def _extra_output(name: str) -> bytes:
    """Return what makes a serialised model have one more output: protobuf merges messages that are repeated."""
    value_info = b"\x0a" + _sized(name.encode())
    return bytes([_GRAPH]) + _sized(bytes([_OUTPUT]) + _sized(value_info))


def _sized(message: bytes) -> bytes:
    if len(message) > _MAX_ONE_BYTE_LENGTH:
        raise ValueError(f"a name of {len(message)} bytes needs a longer length field than one byte")
    return bytes([len(message)]) + message
