"""The folder that a checkpoint becomes: two graphs with their weights, and trocr.json, which describes them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from models.errors import WeightsInvalid, WeightsMissing
from models.recognition.trocr.config import DecoderShape, EncoderShape, LineEncoderShape, TrocrConfig
from models.recognition.trocr.tokenizer import Vocabulary

# Raised when graphs or their inputs and outputs change: folders kept from before are not taken.
FORMAT = 1
_DESCRIPTION = "trocr.json"
_FILES = (_DESCRIPTION, "encoder.onnx", "encoder.data", "decoder.onnx", "decoder.data")


def write_description(folder: Path, config: TrocrConfig, vocabulary: Vocabulary, made_of: str) -> None:
    """Write what reading needs beside the graphs; `made_of` is the sha256 of the checkpoint's weights."""
    description = {
        "format": FORMAT,
        "made_of": made_of,
        "config": asdict(config),
        # a byte is a letter: a token may be a part of a character
        "vocabulary": [piece.decode("latin-1") for piece in vocabulary.pieces],
    }
    (folder / _DESCRIPTION).write_text(json.dumps(description, ensure_ascii=True), encoding="ascii")


def read_description(folder: Path) -> tuple[TrocrConfig, Vocabulary]:
    """Return the configuration and vocabulary of an exported folder.

    Raises:
        WeightsMissing: The folder is none, or not there.
        WeightsInvalid: Its description is damaged, or of another version.
    """
    path = folder / _DESCRIPTION
    if not path.is_file():
        raise WeightsMissing(f"{folder} is no exported TrOCR ({_DESCRIPTION} is not there)")
    try:
        description = json.loads(path.read_text(encoding="ascii"))
        if description["format"] != FORMAT:
            raise WeightsInvalid(f"{folder} was exported by another version of inkstream: export it again")
        config = description["config"]
        seeing, decoder = config.pop("encoder"), DecoderShape(**config.pop("decoder"))
        encoder = EncoderShape(**seeing) if "image" in seeing else LineEncoderShape(**seeing)
        mean, deviation = tuple(config.pop("mean")), tuple(config.pop("deviation"))
        vocabulary = Vocabulary(tuple(piece.encode("latin-1") for piece in description["vocabulary"]))
        return TrocrConfig(encoder, decoder, **config, mean=mean, deviation=deviation), vocabulary
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsInvalid(f"{path} is damaged ({error}): remove {folder} and export again") from error


def is_exported(folder: Path) -> bool:
    """Return whether a folder is an export rather than a checkpoint, and has all its files."""
    return all((folder / name).is_file() for name in _FILES)
