"""Teaches trocr-tiny: python -m models.training.trocr features|train|export|score."""

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
from models.training.lines.dataset import read_pack
from models.training.lines.mixture import SHARES, Mixture
from models.training.lines.network import characters_of
from models.training.trocr.dataset import (
    Alphabet,
    Lines,
    Trunk,
    read_features,
    text_batches,
    trunk_of,
    write_features,
)
from models.training.trocr.export import export, learnt
from models.training.trocr.loop import Learning, Recipe
from models.training.trocr.network import TinyTrocr

_SEED = 2000


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(prog="python -m models.training.trocr", description=__doc__)
    steps = parser.add_subparsers(required=True)
    features = steps.add_parser("features", help="look at lines of a pack of `lines` with the shipped recogniser")
    features.add_argument("pack", type=Path)
    features.add_argument("features", type=Path, help="folder; other seeds add to it")
    features.add_argument("--lines", type=int, default=20_000)
    features.add_argument("--seed", type=int, default=_SEED)
    features.set_defaults(step=_features)
    learn = steps.add_parser("train", help="learn; goes on where a run was stopped")
    learn.add_argument("pack", type=Path)
    learn.add_argument("features", type=Path)
    learn.add_argument("run", type=Path)
    learn.add_argument("--text-minutes", type=float, default=Recipe().text_minutes)
    learn.add_argument("--minutes", type=float, default=Recipe().minutes)
    learn.set_defaults(step=_train)
    out = steps.add_parser("export", help="write the folder to ship")
    out.add_argument("run", type=Path)
    out.add_argument("folder", type=Path)
    out.set_defaults(step=_export)
    score = steps.add_parser("score", help="read the pack's lines of validation")
    score.add_argument("pack", type=Path)
    score.add_argument("folder", type=Path)
    score.add_argument("--beams", type=int, default=1)
    score.set_defaults(step=_score)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.step(arguments)


def _features(arguments: argparse.Namespace) -> None:
    pack, characters = read_pack(arguments.pack), _characters()
    known = frozenset(characters[1:])
    mixture = Mixture(pack.text, pack.hand_fonts, pack.print_fonts, pack.train, known, SHARES)
    print(write_features(arguments.features, mixture, Trunk(), arguments.lines, arguments.seed), "lines")


def _train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(_SEED)
    pack, characters = read_pack(arguments.pack), _characters()
    alphabet = Alphabet(characters)
    lines = Lines(read_features(arguments.features), alphabet)
    recipe = Recipe(text_minutes=arguments.text_minutes, minutes=arguments.minutes)
    run = Learning(TinyTrocr(len(characters)), lines.normal, recipe, arguments.run)
    rng = np.random.default_rng(_SEED + run.step)
    run.run(lines.batches(rng), text_batches(pack, alphabet, rng))


def _export(arguments: argparse.Namespace) -> None:
    characters = _characters()
    network, normal = learnt(arguments.run / "checkpoint.pt", len(characters))
    export(network, normal, trunk_of(onnx.load(NETWORK)), characters, arguments.folder)


def _score(arguments: argparse.Namespace) -> None:
    lines = read_pack(arguments.pack).valid
    recogniser = load_recogniser(arguments.folder, beams=arguments.beams)
    errors: dict[str, ErrorCount] = {}
    for line, said in zip(lines, recogniser.recognise([line.pixels() for line in lines]), strict=True):
        errors[line.source] = errors.get(line.source, ErrorCount()) + character_errors(line.text, said.text)
    for source, count in errors.items():
        print(f"{source}\t{count.rate:.4f}")


def _characters() -> list[str]:
    return characters_of(onnx.load(NETWORK))


if __name__ == "__main__":
    main()
