"""What a supervised worker is started with is what its supervisor has, secrets included."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from streams.service.worker_process import supervised
from streams.service.worker_spec import WorkerSpec
from streams.settings import load_settings


def test_a_spec_arrives_as_it_was_sent(tmp_path: Path) -> None:
    settings = load_settings(
        {}, broker="kafka:9092", data_dir=tmp_path, api_token="hush", passwords=("a", "b"), craft={"low_text": 0.3}
    )
    spec = WorkerSpec(settings=settings, roles=("read",), web=False, parent_pid=7)
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert pickle.loads(pickle.dumps(spec)).settings.api_token.get_secret_value() == "hush"


def test_a_supervised_worker_has_all_roles_and_ends_with_its_supervisor() -> None:
    spec = supervised(load_settings({}))
    assert (spec.roles, spec.web, spec.parent_pid) == (("split", "read", "track"), True, os.getpid())


@pytest.mark.parametrize("source", ["variable", "file", "argument"])
def test_only_a_session_timeout_that_nobody_set_is_shortened(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert supervised(load_settings()).settings.session_timeout_s == 6
    timeout_s = None
    if source == "variable":
        monkeypatch.setenv("INKSTREAM_SESSION_TIMEOUT_S", "30")
    elif source == "file":
        Path("inkstream.toml").write_text("session_timeout_s = 30\n")
    else:
        timeout_s = 30
    settings = load_settings(session_timeout_s=timeout_s).model_copy(update={"broker": "kafka:9092"})
    assert supervised(settings).settings.session_timeout_s == 30


@pytest.mark.parametrize(("level", "quieter"), [("INFO", "WARNING"), ("DEBUG", "DEBUG"), ("ERROR", "ERROR")])
def test_a_supervised_worker_logs_warnings_unless_asked_otherwise(level: str, quieter: str) -> None:
    assert supervised(load_settings({}, log_level=level)).settings.log_level == quieter
