"""From tokens to text: all that reading needs of a tokenizer, so that it needs no tokenizer library.

A checkpoint's vocabulary becomes a list of byte strings when it is exported; a text is its tokens' strings, joined.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from models.errors import WeightsInvalid, WeightsMissing

_SPECIAL = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"}
_SPACE = "▁"  # how SentencePiece writes a space
_FAIRSEQ = ["<s>", "<pad>", "</s>", "<unk>"]  # come first; SentencePiece's own three give way to them
_SENTENCEPIECE_SPECIALS = 3
# SentencePiece's kinds of pieces that say nothing (unknown, control, unused), and those that stand for one byte
_EMPTY_PIECE_KINDS, _BYTE_PIECE_KIND = (2, 3, 5), 6
_ROWS = b" .,-_=*'~"
_FILES = ("tokenizer.json", "vocab.json", "sentencepiece.bpe.model")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Each token's bytes of UTF-8 text, which may be a part of a character; special tokens have none."""

    pieces: tuple[bytes, ...]

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; a number beyond the vocabulary has none."""
        text = b"".join(self.pieces[token] for token in tokens if token < len(self.pieces))
        return text.decode(errors="replace").strip()

    def confidences(self, tokens: Sequence[int], scores: Sequence[float]) -> tuple[float, ...]:
        """Return the probability of each character of `text(tokens)`: that of the least probable of its tokens.

        Args:
            scores: Log-probability of each token; those that follow are not looked at.

        Empty where bytes of the tokens make no character.
        """
        known = [
            (self.pieces[token], math.exp(score))
            for token, score in zip(tokens, scores, strict=False)
            if token < len(self.pieces)
        ]
        text = b"".join(piece for piece, _ in known).decode(errors="replace")
        by_byte = [probability for piece, probability in known for _ in piece]
        ends = list(accumulate(len(character.encode()) for character in text))
        if (ends[-1] if ends else 0) != len(by_byte):
            return ()
        each = [min(by_byte[start:end]) for start, end in pairwise([0, *ends])]
        first = len(text) - len(text.lstrip())
        return tuple(each[first : first + len(text.strip())])

    def rows(self) -> frozenset[int]:
        """Return the tokens that rows of dots, dashes and blanks are made of, where each token is one letter."""
        if any(len(piece.decode(errors="replace")) > 1 for piece in self.pieces):
            return frozenset()
        return frozenset(number for number, piece in enumerate(self.pieces) if piece and piece in _ROWS)


def read_vocabulary(folder: Path) -> Vocabulary:
    """Return the vocabulary of a checkpoint's folder.

    Raises:
        WeightsMissing: The folder has none of the files that tokenizers are kept in.
        WeightsInvalid: The one it has is damaged, or of a kind that TrOCR was never published with.
    """
    for name in _FILES:
        path = folder / name
        if not path.is_file():
            continue
        try:
            if name == "sentencepiece.bpe.model":
                return _of_sentencepiece(path.read_bytes())
            content = json.loads(path.read_text(encoding="utf-8"))
            return _of_tokenizer_file(content) if name == "tokenizer.json" else _of_byte_pairs(content)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise WeightsInvalid(f"{path} holds no vocabulary of TrOCR's ({error}): fetch it again") from error
    raise WeightsMissing(f"{folder} has none of {', '.join(_FILES)}: fetch the checkpoint's tokenizer too")


def _of_tokenizer_file(content: dict[str, Any]) -> Vocabulary:
    model = content["model"]
    if model["type"] == "BPE":
        return _of_byte_pairs(model["vocab"])
    if model["type"] == "Unigram":
        return Vocabulary(tuple(_of_piece(piece) for piece, _ in model["vocab"]))
    raise ValueError(f"its model is {model['type']}")


def _of_byte_pairs(numbers: dict[str, int]) -> Vocabulary:
    """Return the vocabulary of GPT-2's byte-level pairs, which base and large have."""
    letters = _byte_letters()
    pieces = [b""] * (max(numbers.values()) + 1)
    for piece, number in numbers.items():
        if piece not in _SPECIAL:
            # fairseq fills up its dictionary with words that are no bytes: they are never decoded
            pieces[number] = bytes(letters[letter] for letter in piece if letter in letters)
    return Vocabulary(tuple(pieces))


def _byte_letters() -> dict[str, int]:
    """Return the letters that stand for bytes: printable ones for themselves, the others for those from 256 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + number): byte for number, byte in enumerate(others)}


def _of_sentencepiece(file: bytes) -> Vocabulary:
    """Return the vocabulary of a SentencePiece model, which small has, numbered as fairseq does."""
    own = [(piece, kind) for number, message in _fields(file) if number == 1 for piece, kind in [_piece(message)]]
    if len(own) <= _SENTENCEPIECE_SPECIALS:
        raise ValueError("it has no pieces")
    pieces = [
        _byte(piece) if kind == _BYTE_PIECE_KIND else b"" if kind in _EMPTY_PIECE_KINDS else _of_piece(piece)
        for piece, kind in own
    ]
    return Vocabulary((*(b"" for _ in _FAIRSEQ), *pieces[_SENTENCEPIECE_SPECIALS:]))


def _of_piece(piece: str) -> bytes:
    return b"" if piece in _SPECIAL else piece.replace(_SPACE, " ").encode()


def _byte(piece: str) -> bytes:
    return bytes([int(piece.strip("<>"), 16)])


def _piece(message: bytes) -> tuple[str, int]:
    """Return a piece's letters and kind; the third field between them, a score, is for cutting texts up."""
    text, kind = "", 1
    for number, value in _fields(message):
        if number == 1:
            text = value.decode()
        elif number == 3:
            kind = int.from_bytes(value, "little")
    return text, kind


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Return the fields of a protobuf message: its number and bytes; whole numbers in little-endian order."""
    place = 0
    while place < len(message):
        key, place = _whole(message, place)
        wire = key & 7
        if wire == 0:
            value, place = _whole(message, place)
            yield key >> 3, value.to_bytes(10, "little")
            continue
        if wire == 2:
            size, place = _whole(message, place)
        else:
            size = {1: 8, 5: 4}.get(wire, 0)
        if (not size and wire != 2) or place + size > len(message):
            raise ValueError("it is cut off, or no protobuf")
        yield key >> 3, message[place : place + size]
        place += size


def _whole(message: bytes, place: int) -> tuple[int, int]:
    """Return the whole number at a place, and the place after it."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
