"""Files that are taken for CRAFT's networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.detection.craft.runtime import OnnxScores
from models.errors import WeightsInvalid


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n", b"\x08\x08" * 500])
def test_a_file_that_is_no_network_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "craft.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsInvalid, match=r"craft\.onnx is no network"):
        OnnxScores(path)
