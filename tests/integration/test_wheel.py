"""What is distributed: the contents of the wheel, and that it works without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "deploy/samples/documents/report.pdf"

pytestmark = pytest.mark.timeout(300)


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy: what an earlier build left in the checkout must not get in."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for package in ("models", "streams", "THIRD_PARTY"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / file, source)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, source, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "ending",
    [
        "/licenses/LICENSE",
        "/licenses/NOTICE",
        "/licenses/THIRD_PARTY/README.md",
        "/licenses/THIRD_PARTY/SCOWL.txt",
        "streams/messages/page_text.schema.json",
        "streams/broker/jars.lock",
        "streams/web/page/templates/base.html",
        "streams/web/page/assets/inkstream.css",
        "streams/web/page/assets/vendor/htmx.min.js",
        "/licenses/THIRD_PARTY/signature_pad.txt",
        "models/README.md",
        "models/cards/handwriting-latin.md",
        "models/weights/shipped/handwriting_latin.onnx",
        "models/weights/shipped/trocr-tiny/decoder.data",
        "models/kinds/kind.npz",
        "models/py.typed",
    ],
)
def test_the_wheel_holds(names: set[str], ending: str) -> None:
    assert any(name.endswith(ending) for name in names)


def test_every_shipped_network_and_card_is_in_the_wheel(names: set[str]) -> None:
    for folder in ("models/weights/shipped", "models/cards"):
        for file in (ROOT / folder).rglob("*"):
            assert file.is_dir() or str(file.relative_to(ROOT)) in names


def test_neither_tests_nor_training_are_in_the_wheel(names: set[str]) -> None:
    assert not [name for name in names if name.startswith(("tests/", "deploy/", "models/training/"))]


def test_what_is_installed_from_the_wheel_reads_a_document(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel, cwd=tmp_path)
    where = run(sys.executable, "-c", "import models; print(models.__file__)", cwd=tmp_path, PYTHONPATH=str(site))
    assert Path(where.strip()).is_relative_to(site)
    text = run(sys.executable, "-m", "streams", "read", SAMPLE, cwd=tmp_path, PYTHONPATH=str(site))
    assert "Harbour Office" in text
