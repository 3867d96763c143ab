"""A PDF page's own text: whether it can be trusted, and its lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from models.document import Polygon, Word
from models.layout.geometry import Box

# A broken font map shows as replacement or private-use characters, and so do symbols that have no code point: from
# one in ten on, the lines are compared with the picture; from one in three on, the page is read as a picture.
_MAX_UNDOUBTED_BROKEN_SHARE, _MAX_BROKEN_SHARE = 0.1, 0.33
_MAX_LONE_CONSONANTS = 0.1  # of the runs of letters: more where spaces are put into words
# A picture over more than half of the page is a scan; the text with it is then a stamp, a header or somebody's OCR.
_MAX_PICTURE_COVER = 0.5
# Visible text of this many characters over a scan is a typeset page on a background picture, not a stamp.
_MIN_TYPESET_CHARACTERS = 400
# Of the letters of Latin words, 32 to 45 in 100 are vowels in real text, 7 to 27 where every letter is another of
# the alphabet. Lists of part numbers and abbreviations have few, too.
_MIN_VOWEL_SHARE = 0.27
_MAX_MIXED_SHARE = 0.4  # of the words, that may mix scripts
_MIN_WORDS = 12  # of fewer, these shares mean nothing
_MIN_WORD_LETTERS = 4
_MAX_HIDDEN_SHARE = 0.5  # of the characters
_MAX_ECHO_SHIFT = 0.2  # of the text's height: more is a shadow at the most, or the next line
_LETTERS = re.compile(r"[^\W\d_]+")
_VOWELS = re.compile("[aeiouy]", re.IGNORECASE)
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
_OF_ANY_SCRIPT = {"MODIFIER", "FEMININE", "MASCULINE", "FULLWIDTH", "HALFWIDTH", "MICRO"}


Trust = Literal["trusted", "doubtful", "refused"]
"""Whether a layer is taken, compared with what the page shows first, or left for the picture."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of a text layer; box in pixels of the page image, and its words where they were asked for.

    `turn` is by how many quarter turns clockwise, 0 to 3, it is rotated on the page as shown.
    """

    box: Box
    text: str
    words: tuple[Word, ...] = ()
    turn: int = 0


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The lines of a page in the order of its content stream; none for a page with nothing on it.

    `may_show_more` is whether pictures or drawn paths may hold text that is in no line, `is_doubtful` whether the
    lines should be compared with what the page shows before they are taken. `rules` are its straight lines, both
    ends of each.
    """

    lines: tuple[TextLine, ...]
    width: int
    height: int
    may_show_more: bool = False
    is_doubtful: bool = False
    rules: tuple[Polygon, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


def judge(text: str, hidden_share: float, picture_cover: float) -> Trust:
    """Return whether a text layer has the text that the page shows.

    Args:
        text: All of the layer's text.
        hidden_share: Share of its characters that are not visible, in [0, 1]: the mark of an OCR layer that another
            program laid over or under a scan. Its quality is unknown, so the picture is read instead.
        picture_cover: Share of the page that pictures cover, in [0, 1].
    """
    characters = [character for character in text if not character.isspace()]
    if not characters or hidden_share > _MAX_HIDDEN_SHARE:
        return "refused"
    broken = (sum(map(_is_broken, characters)) + 6 * text.count("(cid:")) / len(characters)
    shown = (1 - hidden_share) * len(characters)
    if broken > _MAX_BROKEN_SHARE or (picture_cover > _MAX_PICTURE_COVER and shown < _MIN_TYPESET_CHARACTERS):
        return "refused"
    is_plain = broken <= _MAX_UNDOUBTED_BROKEN_SHARE and _reads_like_words(text)
    return "trusted" if is_plain else "doubtful"


def _reads_like_words(text: str) -> bool:
    """Return whether the words could be words: a wrong font map gives letters, but of other words or scripts.

    Words of Latin letters have vowels and more than one letter, and no word mixes scripts (kana, kanji and hangul
    do, and pass as one).
    """
    pieces = _LETTERS.findall(text)
    words = [word for word in pieces if len(word) >= _MIN_WORD_LETTERS or not word.isascii()]
    if len(words) < _MIN_WORDS or sum(map(_is_lone_consonant, pieces)) > _MAX_LONE_CONSONANTS * len(pieces):
        return False
    latin = [word for word in words if word.isascii()]
    if 2 * len(latin) > len(words):
        letters = "".join(latin)
        return len(_VOWELS.findall(letters)) >= _MIN_VOWEL_SHARE * len(letters)
    return sum(len(_scripts(word)) > 1 for word in words) <= _MAX_MIXED_SHARE * len(words)


def _is_lone_consonant(piece: str) -> bool:
    return len(piece) == 1 and piece.isascii() and not _VOWELS.match(piece)


def _scripts(word: str) -> set[str]:
    """Return the scripts of a word's letters, as the first words of their Unicode names."""
    names = {unicodedata.name(letter, "UNKNOWN").split()[0] for letter in word}
    return {"EAST ASIAN" if name in _EAST_ASIAN else name for name in names} - _OF_ANY_SCRIPT


def without_echoes(lines: Sequence[TextLine]) -> list[TextLine]:
    """Drop lines drawn twice at one position: some writers make text bold that way, or fill it and clip to it."""
    kept: dict[str, list[TextLine]] = {}
    for line in lines:
        same = kept.setdefault(line.text, [])
        if not any(_is_echo(line.box, other.box) for other in same):
            same.append(line)
    unique = {id(line) for same in kept.values() for line in same}
    return [line for line in lines if id(line) in unique]


def _is_echo(one: Box, other: Box) -> bool:
    limit = _MAX_ECHO_SHIFT * min(one[2] - one[0], one[3] - one[1])
    return all(abs(a - b) <= limit for a, b in zip(one, other, strict=True))


def _is_broken(character: str) -> bool:
    return character == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(character) in ("Co", "Cc", "Cn", "Cs")
