"""The letters of each language, as priors for recognition: an Ä on an English page is usually an A with a speck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F32

# Letters beyond a to z, in lower case, by Tesseract's code of the language; of others we know no letters.
_LETTERS = {
    "afr": "êëéèôûïö", "cat": "àçéèíïóòúü", "ces": "áčďéěíňóřšťúůýž", "cym": "âêîôûŵŷäëïöẅÿáéíóúàèìòù",
    "dan": "æøåé", "deu": "äöüß", "eng": "", "est": "äõöüšž", "eus": "ñç", "fin": "äöåšž",
    "fra": "àâæçéèêëîïôœùûüÿ", "gle": "áéíóú", "glg": "áéíñóúü", "hrv": "čćđšž", "hun": "áéíóöőúüű",
    "ind": "é", "isl": "áæðéíóöþúý", "ita": "àèéìíîòóùú", "lat": "āēīōūæœ", "lav": "āčēģīķļņšūž",
    "lit": "ąčęėįšųūž", "nld": "áéëèïíóöúüĳ", "nor": "æøåéèêóòâô", "pol": "ąćęłńóśźż",
    "por": "ãáàâçéêíõóôúü", "ron": "ăâîșțşţ", "slk": "áäčďéíĺľňóôŕšťúýž", "slv": "čšž",
    "spa": "áéíñóúü¿¡ºª", "swe": "åäöé", "tur": "çğıİöşüâîû",
}  # fmt: skip
_IN_LOANWORDS = "éèêëçñöüïâàä"  # letters that names and loanwords bring into every language
# The prior of a letter that the languages do not have, where that of their own is 1. Measured on English pages and
# on French lines read as English: less loses accents in French, more lets specks become accents in English.
_LOANWORD_PRIOR, _FOREIGN_PRIOR = 0.5, 0.05


def letter_priors(characters: Sequence[str], languages: str) -> F32 | None:
    """Return the prior of each character, (C,) float32 in (0, 1], relative to the languages' own letters.

    Args:
        characters: The classes of a network.
        languages: Tesseract's codes joined by +.

    None where the letters of a language are not known: then every character counts alike.
    """
    alphabets = [_LETTERS.get(language) for language in languages.split("+")]
    if not all(letters is not None for letters in alphabets):
        return None
    own = set("".join(letters or "" for letters in alphabets))
    own |= {letter.upper() for letter in own}
    return np.array([_prior(character, own) for character in characters], np.float32)


def _prior(character: str, own: set[str]) -> float:
    if character.isascii() or not character.isalpha() or character in own:
        return 1.0
    return _LOANWORD_PRIOR if character in _IN_LOANWORDS else _FOREIGN_PRIOR
