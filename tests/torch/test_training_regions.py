"""Training the segmentation: ten steps lower the loss, a run resumes, and its export computes the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.arrays import F32
from models.errors import ModelError
from models.kinds.maps import KindSegmenter
from models.training.regions.dataset import Example
from models.training.regions.export import export
from models.training.regions.loop import CHECKPOINT, LOG, Trainer, batch_of, train
from models.training.regions.network import CHANNELS
from models.training.regions.targets import targets_of
from models.training.synthesis.signed_draft import SIGNATURE


def example(seed: int = 1) -> Example:
    """Return a page of 40 × 48 cells with print and a signature, and features in which both show."""
    rng = np.random.default_rng(seed)
    ink = np.zeros((160, 192), np.uint8)
    ink[16:28, 16:160] = 1
    ink[80:120, 60:140] = SIGNATURE
    targets = targets_of(ink, 40, 48)
    fpn = rng.normal(0, 0.3, (CHANNELS, 40, 48))
    fpn[:16] += targets.kinds[0]
    fpn[16:32] += targets.kinds[2]
    return Example(fpn.astype(np.float16), targets)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    for seed in range(3):
        example(seed).save(folder / f"{seed}.npz")
    return folder


def test_ten_steps_lower_the_loss_of_maps_and_of_boxes() -> None:
    trainer, batch = Trainer.start(), batch_of(example())
    losses = [trainer.train_step([batch]) for _ in range(10)]
    assert losses[-1][0] < 0.8 * losses[0][0]
    assert losses[-1][1] < losses[0][1]


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    trainer, batch = Trainer.start(), batch_of(example())
    for _ in range(3):
        trainer.train_step([batch])
    trainer.save(tmp_path / CHECKPOINT)
    resumed = Trainer.resume(tmp_path / CHECKPOINT)
    assert resumed.taken == 3
    assert resumed.train_step([batch]) == pytest.approx(trainer.train_step([batch]), rel=1e-5)
    for one, other in zip(trainer.head.parameters(), resumed.head.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_run_keeps_its_losses_and_goes_no_further_than_asked(pages: Path, tmp_path: Path) -> None:
    assert train(pages, tmp_path / "run", steps=2).taken == 2
    assert train(pages, tmp_path / "run", steps=2).taken == 2
    assert (tmp_path / "run" / LOG).read_text().startswith("step,maps,boxes\n2,")


def test_the_exported_head_computes_what_torch_does(pages: Path, tmp_path: Path) -> None:
    trainer = train(pages, tmp_path / "run", steps=3)
    export(tmp_path / "run", tmp_path / "head.onnx")
    page = example().fpn.astype(np.float32)
    exported = KindSegmenter(tmp_path / "head.onnx").segment(page)
    with torch.inference_mode():
        kinds, _ = trainer.head.eval()(torch.from_numpy(page[None]))
    assert np.abs(exported - kinds[0].sigmoid().numpy()).max() < 2e-3  # weights are kept as float16


def test_between_two_ends_of_a_run_either_end_can_be_exported_and_what_lies_between(
    pages: Path, tmp_path: Path
) -> None:
    train(pages, tmp_path / "before", steps=1)
    train(pages, tmp_path / "run", steps=3)
    page = example().fpn.astype(np.float32)

    def mapped(run: str, alpha: float, before: str | None) -> F32:
        file, earlier = tmp_path / "head.onnx", tmp_path / before if before else None
        export(tmp_path / run, file, before=earlier, alpha=alpha)
        return KindSegmenter(file).segment(page)

    first, last = mapped("before", 1.0, None), mapped("run", 1.0, None)
    assert np.abs(mapped("run", 0.0, "before") - first).max() < 1e-3
    assert np.abs(mapped("run", 1.0, "before") - last).max() < 1e-3
    between = mapped("run", 0.5, "before")
    assert min(np.abs(between - first).max(), np.abs(between - last).max()) > 5e-3


def test_a_page_of_any_number_of_cells_is_mapped_whole(pages: Path, tmp_path: Path) -> None:
    train(pages, tmp_path / "run", steps=1)
    export(tmp_path / "run", tmp_path / "head.onnx")
    page = np.zeros((CHANNELS, 56, 24), np.float32)
    assert KindSegmenter(tmp_path / "head.onnx").segment(page).shape == (3, 56, 24)


def test_a_folder_without_pages_is_an_error_that_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="regions draw"):
        train(tmp_path, tmp_path / "run", steps=1)
