"""The field's words in code, comments and documentation; names of thresholds that say what they measure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("models", "streams", "tests", "deploy")

# Words of which a stranger has to guess what they mean here; REPLACEMENTS has the field's own.
REPLACEMENTS = {
    "told": "classified, given, printed", "tells": "gives, shows", "said": "read, reported, text",
    "says": "holds, names, reports", "learnt": "trained", "by sight": "from the picture", "hands": "writers",
}  # fmt: skip
# in names as well, between underscores
_BOUNDARY = "[^\\W_]|-"
OLD_WORDS = re.compile(
    rf"(?<!{_BOUNDARY})({'|'.join(REPLACEMENTS).replace(' ', '[ _]')})(?!{_BOUNDARY})", re.IGNORECASE
)
ALLOWED = {
    "tests/unit/test_words.py": "this list",
    "CHANGELOG.md": "names what was renamed",
    "deploy/docs/moved-modules.md": "names of modules that are gone",
    "deploy/samples/make_samples.py": "a sentence of a sample",
    "deploy/samples/truth/report.gt.txt": "a sentence of a sample",
}

# What a number is called says what it measures, not how it looks.
ADJECTIVES = {
    "SHARP", "NEAR", "FAR", "FLAT", "BIG", "SMALL", "LARGE", "TALL", "WIDE", "THIN", "DARK", "LIGHT",
    "SHORT", "LONG", "BENT", "SQUARE", "EVEN", "USUAL", "SMALLEST", "LARGEST", "SHORTEST", "LONGEST",
    "WIDEST", "FEWEST", "MOST", "LEAST", "WARM", "SILENT", "OWN", "ALONE", "SHOWN", "FAINT", "LOW",
    "HIGH", "STEEP", "CLOSE", "ALIKE",
}  # fmt: skip


def written() -> Iterator[Path]:
    """Yield the files that people read: code, tests, scripts and documentation."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md", ".sh", ".toml", ".yaml", ".yml", ".txt") and path.is_file():
                yield path
    yield from sorted(ROOT.glob("*.md"))


def test_no_file_uses_a_word_that_has_to_be_guessed() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]} (say: {REPLACEMENTS[match[0].lower().replace('_', ' ')]})"
        for path in written()
        if str(path.relative_to(ROOT)) not in ALLOWED
        for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in OLD_WORDS.finditer(row)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_still_there(name: str) -> None:
    assert OLD_WORDS.search((ROOT / name).read_text(encoding="utf-8")), f"{name} needs no exception any more"


def constants(path: Path) -> Iterator[tuple[str, int]]:
    """Yield names and lines of a module's constants that are numbers, or hold some."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        values = (part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant))
        if not any(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for name in (part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)):
            if name.id.isupper():
                yield name.id, node.lineno


def test_no_threshold_is_named_by_an_adjective() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for folder in ("models", "streams")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name, line in constants(path)
        if name.strip("_").split("_")[-1] in ADJECTIVES
    ]
    assert not found, "name what is measured, and its unit:\n" + "\n".join(found)
