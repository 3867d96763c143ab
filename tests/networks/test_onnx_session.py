"""Opening networks: each thing that can be wrong with a file has its error, and the error what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import WeightsInvalid, WeightsMissing
from models.weights.onnx_session import create_session
from models.weights.packaged import shipped_weights


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A network whose weights lie in a file of their own."""
    for name in ("encoder.onnx", "encoder.data"):
        shutil.copy(shipped_weights("trocr-tiny") / name, tmp_path / name)
    return tmp_path / "encoder.onnx"


def test_a_network_with_weights_of_its_own_file_is_opened(network: Path) -> None:
    session = create_session(network, external=network.with_suffix(".data"), keep_memory=True)
    assert [given.name for given in session.get_inputs()] == ["patches"]


@pytest.mark.parametrize("suffix", [".onnx", ".data"])
def test_files_that_are_cut_off_or_missing_say_what_to_do(network: Path, suffix: str) -> None:
    damaged = network.with_suffix(suffix)
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    with pytest.raises(WeightsInvalid, match=r"encoder\.onnx is no network .*: export it again"):
        create_session(network, external=network.with_suffix(".data"), remedy="export it again")
    damaged.unlink()
    with pytest.raises(WeightsMissing, match=rf"encoder\{suffix} is not there: export it again"):
        create_session(network, external=network.with_suffix(".data"), remedy="export it again")


def test_a_shipped_network_that_is_damaged_is_installed_again(tmp_path: Path) -> None:
    (tmp_path / "regions.onnx").write_bytes(b"\x08")
    with pytest.raises(WeightsInvalid, match="install inkstream"):
        create_session(tmp_path / "regions.onnx", "p2o.pd_op.concat.1.0")


def test_reading_leaves_no_id_of_the_machine_behind(tmp_path: Path) -> None:
    """ONNX Runtime gives the machine one when it is imported, and reports what it counts to its maker."""
    code = "from models.detection.dbnet import DbnetDetector; DbnetDetector()"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
