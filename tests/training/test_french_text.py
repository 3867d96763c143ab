"""French text is taken from packages of open data: what people would read, once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.training.lines.french import fact_sheets, law_articles, sample_paragraphs

Node = dict[str, object]


def text(words: str) -> Node:
    return {"type": "text", "text": words}


def element(name: str, *children: Node) -> Node:
    return {"type": "element", "name": name, "attributes": {"ID": name}, "children": list(children)}


def test_paragraphs_of_fact_sheets_are_joined_of_their_parts_and_taken_once(tmp_path: Path) -> None:
    linked = element(
        "Paragraphe", text("Adressez l’"), element("Lien", text("attestation")), text(", puis attendez.")
    )
    sheet = element("Publication", element("dc:title", text("Congés et attestations")), linked, linked)
    for name in ("F1.json", "F2.json", "index.json"):
        file = tmp_path / "data/particuliers" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"id": name, "children": [sheet, element("Paragraphe", text("Trop court"))]}))
    assert fact_sheets(tmp_path) == ["Adressez l'attestation, puis attendez."]


def test_articles_of_law_are_taken_without_their_markup(tmp_path: Path) -> None:
    article = {"type": "article", "data": {"texte": "<p>Le salarié ( ou son\nreprésentant ) est informé.</p>"}}
    empty = {"type": "article", "data": {"texte": None}}
    section = {
        "type": "section",
        "data": {"title": "Titre premier, sans texte propre"},
        "children": [article, empty],
    }
    (tmp_path / "data").mkdir()
    (tmp_path / "data/LEGITEXT1.json").write_text(json.dumps({"type": "code", "data": {}, "children": [section]}))
    assert law_articles(tmp_path) == ["Le salarié (ou son représentant) est informé."]


def test_some_paragraphs_are_as_many_as_make_so_many_characters() -> None:
    paragraphs = [f"{number:010}" for number in range(50)]
    chosen = sample_paragraphs(paragraphs, 95, np.random.default_rng(0))
    assert len(chosen) == 10 == len(set(chosen)) and chosen != sorted(chosen)
    assert sorted(sample_paragraphs(paragraphs, 10_000, np.random.default_rng(0))) == paragraphs


def test_a_folder_that_is_not_the_package_is_reported(tmp_path: Path) -> None:
    for read in (fact_sheets, law_articles):
        with pytest.raises(ModelError, match="npm pack"):
            read(tmp_path)
