"""A checkpoint's folder becomes a folder of ONNX files, once; reading them needs neither torch nor transformers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from models.errors import WeightsMissing
from models.recognition.trocr.checkpoint import load_state
from models.recognition.trocr.config import read_config
from models.recognition.trocr.exported import FORMAT, is_exported, write_description
from models.recognition.trocr.published import weights_file
from models.recognition.trocr.tokenizer import read_vocabulary
from models.weights.files import sha256_of, written_whole


def export_trocr(checkpoint: Path, cache_dir: Path, precision: str = "int8") -> Path:
    """Return the folder of ONNX files that a checkpoint's folder becomes, exported now unless it was before.

    Args:
        checkpoint: Folder in Hugging Face layout.
        cache_dir: Folder that exports are kept in.
        precision: `int8`, or `fp32`, which gives the same tokens as transformers.

    Raises:
        WeightsMissing: A file of the checkpoint, or a library that exporting needs, is not there.
        WeightsInvalid: A file of the checkpoint is damaged, or of another network.
    """
    config, vocabulary, weights = read_config(checkpoint), read_vocabulary(checkpoint), weights_file(checkpoint)
    made_of = sha256_of(weights)
    target = cache_dir / f"{_name(checkpoint)}-{made_of[:12]}-{precision}-v{FORMAT}"
    if is_exported(target):
        return target
    _require_onnx()
    from models.recognition.trocr.export.decoder_graph import write_decoder
    from models.recognition.trocr.export.encoder_graph import write_encoder
    from models.recognition.trocr.export.operators import PRECISIONS

    state = load_state(checkpoint, config)
    with written_whole(target) as part:
        part.mkdir()
        write_encoder(state, config, PRECISIONS[precision], part / "encoder.onnx")
        write_decoder(state, config, PRECISIONS[precision], part / "decoder.onnx")
        write_description(part, config, vocabulary, made_of)
    return target


def _name(checkpoint: Path) -> str:
    """Return what an export is called: after the checkpoint's folder, which is called after the checkpoint."""
    name = checkpoint.resolve().name
    return name if name.startswith("trocr") else f"trocr-{name}"


def _require_onnx() -> None:
    if find_spec("onnx") is None:
        raise WeightsMissing(
            "exporting needs onnx: run  deploy/setup.sh torch  , or copy the exported folder from another machine"
        )
