"""Weights come from a model hub: a small one on this machine that speaks as the real one does."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from models.errors import WeightsInvalid, WeightsMissing
from models.weights.hub import HubFile
from models.weights.store import Weights, fetch_weights
from tests.torch.small_hub import small_hub

CONTENT = b"weights of a network"
WEIGHTS = Weights("small", "small.pth", sha256(CONTENT).hexdigest(), None, HubFile("owner/small", "small.pth"))
PUBLISHED = {"owner/small/small.pth": CONTENT}


def test_weights_are_fetched_once_and_found_again_offline(tmp_path: Path) -> None:
    with small_hub(PUBLISHED) as hub:
        assert fetch_weights(WEIGHTS, tmp_path, endpoint=hub) == tmp_path / "small.pth"
    assert (tmp_path / "small.pth").read_bytes() == CONTENT
    assert fetch_weights(WEIGHTS, tmp_path, offline=True) == tmp_path / "small.pth"


def test_what_the_hub_sends_is_checked_and_not_kept_if_it_differs(tmp_path: Path) -> None:
    other = {"owner/small/small.pth": b"something else"}
    with small_hub(other) as hub, pytest.raises(WeightsInvalid, match="its sha256 is"):
        fetch_weights(WEIGHTS, tmp_path, endpoint=hub)
    assert not (tmp_path / "small.pth").exists()
    with small_hub(PUBLISHED) as hub:
        assert fetch_weights(WEIGHTS, tmp_path, endpoint=hub).read_bytes() == CONTENT


def test_a_hub_that_has_no_such_file_or_is_away_is_reported(tmp_path: Path) -> None:
    other = Weights("other", "other.pth", "0" * 64, None, HubFile("owner/other", "other.pth"))
    with small_hub(PUBLISHED) as hub:
        for endpoint in (hub, "http://127.0.0.1:9"):
            with pytest.raises(WeightsMissing, match=r"did not send other\.pth of owner/other"):
                fetch_weights(other, tmp_path, endpoint=endpoint)
