"""Which letters a language is written with: Ä is unlikely on an English page, where a speck makes one of A."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F32

# Letters beyond a to z, in lower case, by Tesseract's code of the language.
_LETTERS = {
    "afr": "êëéèôûïö", "cat": "àçéèíïóòúü", "ces": "áčďéěíňóřšťúůýž", "cym": "âêîôûŵŷäëïöẅÿáéíóúàèìòù",
    "dan": "æøåé", "deu": "äöüß", "eng": "", "est": "äõöüšž", "eus": "ñç", "fin": "äöåšž",
    "fra": "àâæçéèêëîïôœùûüÿ", "gle": "áéíóú", "glg": "áéíñóúü", "hrv": "čćđšž", "hun": "áéíóöőúüű",
    "ind": "é", "isl": "áæðéíóöþúý", "ita": "àèéìíîòóùú", "lat": "āēīōūæœ", "lav": "āčēģīķļņšūž",
    "lit": "ąčęėįšųūž", "nld": "áéëèïíóöúüĳ", "nor": "æøåéèêóòâô", "pol": "ąćęłńóśźż",
    "por": "ãáàâçéêíõóôúü", "ron": "ăâîșțşţ", "slk": "áäčďéíĺľňóôŕšťúýž", "slv": "čšž",
    "spa": "áéíñóúü¿¡ºª", "swe": "åäöé", "tur": "çğıİöşüâîû", "vie": "",
}  # fmt: skip
# Tesseract's codes of languages that are not written in Latin letters.
_OTHER_SCRIPTS = {
    "chi_sim", "chi_tra", "chi_sim_vert", "chi_tra_vert", "jpn", "jpn_vert", "kor", "rus", "ukr", "bul", "bel",
    "srp", "mkd", "ell", "grc", "ara", "fas", "heb", "hin", "tha",
}  # fmt: skip
_EVERYWHERE = "éèêëçñöüïâàä"  # in names and loanwords of every language
# How likely a letter is that the language has not, against one that it has and that looks like it. Measured on
# English pages and on French lines read as English: less costs accents there, more keeps specks here.
_LOANWORD, _FOREIGN = 0.5, 0.05


def is_latin(languages: str) -> bool:
    """Return whether languages, Tesseract's codes joined by +, are all written in Latin letters."""
    return not _OTHER_SCRIPTS.intersection(languages.split("+"))


def letter_weights(characters: Sequence[str], languages: str) -> F32 | None:
    """Return how likely each character is before anything was seen, (C,) in (0, 1], relative to plain letters.

    None where a language is of unknown letters. `languages` are Tesseract's codes joined by +.
    """
    known = [_LETTERS.get(language) for language in languages.split("+")]
    if not all(letters is not None for letters in known) or "vie" in languages:
        return None
    own = set("".join(letters or "" for letters in known))
    own |= {letter.upper() for letter in own}
    return np.array([_weight(character, own) for character in characters], np.float32)


def _weight(character: str, own: set[str]) -> float:
    if character.isascii() or not character.isalpha() or character in own:
        return 1.0
    return _LOANWORD if character in _EVERYWHERE else _FOREIGN
