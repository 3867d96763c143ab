"""Checkpoints of TrOCR come from a model hub, are exported, and are checked again later."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import WeightsInvalid, WeightsMissing
from models.recognition.trocr.export.convert import export_trocr
from models.recognition.trocr.published import fetch_checkpoint, find_checkpoint
from models.recognition.trocr.recogniser import load_recogniser
from tests.torch.small_hub import small_hub
from tests.torch.trocr_checkpoints import draw_model, save_checkpoint, tiny

NAME = "trocr-small-handwritten"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = save_checkpoint(draw_model(tiny(), seed=1), tmp_path_factory.mktemp("published") / NAME)
    (folder / "preprocessor_config.json").write_text('{"size": 384, "image_mean": [0.5], "image_std": [0.5]}')
    return {f"microsoft/{NAME}/{path.name}": path.read_bytes() for path in folder.iterdir()}


def test_a_checkpoint_is_fetched_exported_and_found_again_offline(
    published: dict[str, bytes], tmp_path: Path
) -> None:
    with small_hub(published) as hub:
        folder = fetch_checkpoint(NAME, tmp_path, endpoint=hub)
    assert fetch_checkpoint(NAME, tmp_path, offline=True) == folder == find_checkpoint(NAME, tmp_path)
    assert load_recogniser(export_trocr(folder, tmp_path, "fp32")).recognise([]) == []


def test_a_file_that_changes_after_it_was_fetched_is_refused(published: dict[str, bytes], tmp_path: Path) -> None:
    with small_hub(published) as hub:
        folder = fetch_checkpoint(NAME, tmp_path, endpoint=hub)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsInvalid, match="fetch it again"):
        find_checkpoint(NAME, tmp_path)


def test_what_comes_must_be_what_the_hub_lists(published: dict[str, bytes], tmp_path: Path) -> None:
    weights = f"microsoft/{NAME}/model.safetensors"
    damaged = {weights: published[weights][:-1] + b"x"}
    with (
        small_hub(published, sends=damaged) as hub,
        pytest.raises(WeightsInvalid, match=r"another model\.safetensors"),
    ):
        fetch_checkpoint(NAME, tmp_path, endpoint=hub)
    with small_hub(published) as hub:
        assert fetch_checkpoint(NAME, tmp_path, endpoint=hub).is_dir()


def test_a_hub_without_the_checkpoint_or_without_a_hub_is_reported(tmp_path: Path) -> None:
    with small_hub({}) as hub, pytest.raises(WeightsMissing, match=r"has no model\.safetensors nor"):
        fetch_checkpoint(NAME, tmp_path, endpoint=hub)
    with pytest.raises(WeightsMissing, match="did not send"):
        fetch_checkpoint(NAME, tmp_path, endpoint="http://127.0.0.1:9")
    with pytest.raises(WeightsMissing, match="inkstream models fetch"):
        fetch_checkpoint(NAME, tmp_path, offline=True)
