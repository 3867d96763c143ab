"""Holds the unit layer to its promise: a test here loads no network and starts no process."""

from __future__ import annotations

import _posixsubprocess
import os
import subprocess
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import onnxruntime
import pytest
import tesserocr

from streams.sources.readiness import is_whole

import_module("croniter")  # Faust's: it asks file(1) what machine this is, once, when it is imported


class NotInTheUnitLayer(BaseException):
    """A unit test did what belongs in another layer. No handler of errors may take it for one of its own."""


def _loads_a_network(*_: object, **__: object) -> NoReturn:
    raise NotInTheUnitLayer("a network was loaded: this test belongs in tests/networks")


def _starts_a_process(*_: object, **__: object) -> NoReturn:
    raise NotInTheUnitLayer("a process was started: this test belongs in tests/integration or tests/networks")


@pytest.fixture(autouse=True)
def _unit_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    # the constructor, not the name in the module: rapidocr binds the class when it is imported
    monkeypatch.setattr(onnxruntime.InferenceSession, "__init__", _loads_a_network)
    monkeypatch.setattr(tesserocr, "PyTessBaseAPI", _loads_a_network)
    # what subprocess and multiprocessing's spawn both end in; subprocess binds it when it is imported
    monkeypatch.setattr(_posixsubprocess, "fork_exec", _starts_a_process)
    monkeypatch.setattr(subprocess, "_fork_exec", _starts_a_process)
    monkeypatch.setattr(os, "fork", _starts_a_process)
    monkeypatch.setattr(os, "posix_spawn", _starts_a_process)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What each look at whether a file is whole has found."""
    found: list[bool] = []

    def look(file: Path) -> bool:
        found.append(is_whole(file))
        return found[-1]

    monkeypatch.setattr("streams.sources.stability.is_whole", look)
    return found
