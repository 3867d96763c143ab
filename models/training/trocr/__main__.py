"""Trains trocr-tiny: python -m models.training.trocr features|train|export|score."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch

from models.evaluation.scores import ErrorCount, character_errors
from models.recognition.ctc.handwriting import NETWORK
from models.recognition.trocr.recogniser import load_recogniser
from models.training.lines.dataset import read_dataset
from models.training.lines.drawn import DrawnLines
from models.training.lines.mixture import Mixture
from models.training.lines.network import characters_of
from models.training.trocr.dataset import (
    Alphabet,
    Backbone,
    Lines,
    backbone_of,
    read_features,
    text_batches,
    write_features,
)
from models.training.trocr.export import export, load_trained
from models.training.trocr.loop import TrainConfig, Trainer
from models.training.trocr.network import TinyTrocr

_SEED = 2000


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(prog="python -m models.training.trocr", description=__doc__)
    steps = parser.add_subparsers(required=True)
    features = steps.add_parser("features", help="compute the backbone's features of a dataset of `lines`")
    features.add_argument("dataset", type=Path)
    features.add_argument("features", type=Path, help="folder; other seeds add to it")
    features.add_argument("--lines", type=int, default=20_000)
    features.add_argument("--seed", type=int, default=_SEED)
    features.set_defaults(step=_features)
    train = steps.add_parser("train", help="train; resumes a run that was stopped")
    train.add_argument("dataset", type=Path)
    train.add_argument("features", type=Path)
    train.add_argument("run", type=Path)
    train.add_argument("--text-minutes", type=float, default=TrainConfig().text_minutes)
    train.add_argument("--minutes", type=float, default=TrainConfig().minutes)
    train.set_defaults(step=_train)
    out = steps.add_parser("export", help="write the folder to ship")
    out.add_argument("run", type=Path)
    out.add_argument("folder", type=Path)
    out.set_defaults(step=_export)
    score = steps.add_parser("score", help="print the CER on the dataset's validation lines, by source")
    score.add_argument("dataset", type=Path)
    score.add_argument("folder", type=Path)
    score.add_argument("--beams", type=int, default=1)
    score.set_defaults(step=_score)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.step(arguments)


def _features(arguments: argparse.Namespace) -> None:
    dataset, characters = read_dataset(arguments.dataset), _characters()
    known = frozenset(characters[1:])
    mixture = Mixture(
        DrawnLines(dataset.text, dataset.handwriting_fonts, dataset.print_fonts), dataset.train, known
    )
    print(write_features(arguments.features, mixture, Backbone(), arguments.lines, arguments.seed), "lines")


def _train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(_SEED)
    dataset, characters = read_dataset(arguments.dataset), _characters()
    alphabet = Alphabet(characters)
    lines = Lines(read_features(arguments.features), alphabet)
    config = TrainConfig(text_minutes=arguments.text_minutes, minutes=arguments.minutes)
    trainer = Trainer(TinyTrocr(len(characters)), lines.normal, config, arguments.run)
    rng = np.random.default_rng(_SEED + trainer.step)
    trainer.run(lines.batches(rng), text_batches(dataset, alphabet, rng))


def _export(arguments: argparse.Namespace) -> None:
    characters = _characters()
    network, normal = load_trained(arguments.run / "checkpoint.pt", len(characters))
    export(network, normal, backbone_of(onnx.load(NETWORK)), characters, arguments.folder)


def _score(arguments: argparse.Namespace) -> None:
    lines = read_dataset(arguments.dataset).valid
    recogniser = load_recogniser(arguments.folder, beams=arguments.beams)
    errors: dict[str, ErrorCount] = {}
    for line, read in zip(lines, recogniser.recognise([line.pixels() for line in lines]), strict=True):
        errors[line.source] = errors.get(line.source, ErrorCount()) + character_errors(line.text, read.text)
    for source, count in errors.items():
        print(f"{source}\t{count.rate:.4f}")


def _characters() -> list[str]:
    return characters_of(onnx.load(NETWORK))


if __name__ == "__main__":
    main()
