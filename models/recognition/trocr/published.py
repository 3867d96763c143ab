"""The published checkpoints: fetched from the model hub into a folder each, checked, and checked again later.

Their sha256 are not known here beforehand: a first fetch trusts the hub (models/weights/hub.py). Then the sha256 of
every file is written down beside them, and a file that differs is refused.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from models.engines import TROCR_CHECKPOINTS
from models.errors import WeightsInvalid, WeightsMissing
from models.weights.files import fault_of, sha256_of
from models.weights.hub import HubFile, NotOnHub, download

if TYPE_CHECKING:
    from collections.abc import Sequence

_OWNER = "microsoft"
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_NEEDED = ("config.json", "preprocessor_config.json")
_IF_THERE = ("generation_config.json",)
_TOKENIZERS = ("vocab.json", "sentencepiece.bpe.model", "tokenizer.json")
_SUMS = "sha256.txt"


def find_checkpoint(name: str, cache_dir: Path) -> Path:
    """Return the folder of a checkpoint that is on this machine.

    Args:
        name: One of TROCR_CHECKPOINTS, or the path of a folder.

    Raises:
        WeightsMissing: It is not here; the message has the command that fetches it.
        WeightsInvalid: Its files are not those that were fetched.
    """
    if name not in TROCR_CHECKPOINTS:
        if (given := Path(name).expanduser()).is_dir():
            return given
        raise WeightsMissing(f"{name} is no folder, and none of {', '.join(TROCR_CHECKPOINTS)}")
    folder = cache_dir / name
    if not (folder / "config.json").is_file():
        raise WeightsMissing(
            f"the checkpoint {name} is not on this machine: run  inkstream models fetch {name}  where the hub can "
            f"be reached, or copy the files of {_OWNER}/{name} into {folder}"
        )
    return verify_checkpoint(folder)


def verify_checkpoint(folder: Path) -> Path:
    """Return the folder of a checkpoint whose files are those that were fetched; one that was copied has no list.

    Raises:
        WeightsInvalid: A file is missing, or its bytes differ.
    """
    for name, expected in _written_sums(folder).items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != expected:
            raise WeightsInvalid(f"{path} is not the file that was fetched: remove {folder} and fetch it again")
    return folder


def fetch_checkpoint(name: str, cache_dir: Path, *, offline: bool = False, endpoint: str | None = None) -> Path:
    """Return the folder of a published checkpoint, fetched from the hub unless it is here.

    Args:
        endpoint: Address of a mirror of the hub; None is the hub itself.

    Raises:
        WeightsMissing: It is not here and the hub is not to be asked, cannot be, or lacks a file.
        WeightsInvalid: What is here, or what the hub sent, is not what was published.
    """
    try:
        return find_checkpoint(name, cache_dir)
    except WeightsMissing:
        if offline or name not in TROCR_CHECKPOINTS:
            raise
    folder = cache_dir / name
    folder.mkdir(parents=True, exist_ok=True)
    repository = f"{_OWNER}/{name}"
    for optional in _IF_THERE:
        _download_first((optional,), repository, folder, endpoint)
    # config.json last: a folder that has it is whole
    for needed in (_WEIGHTS, _TOKENIZERS, *((one,) for one in reversed(_NEEDED))):
        if not _download_first(needed, repository, folder, endpoint):
            raise WeightsMissing(
                f"{repository} has no {' nor '.join(needed)}: it is no checkpoint of TrOCR, name another"
            )
    there = sorted(path for path in folder.iterdir() if path.is_file() and path.name != _SUMS)
    sums = "".join(f"{sha256_of(path)}  {path.name}\n" for path in there)
    (folder / _SUMS).write_text(sums, encoding="ascii")
    return folder


def weights_file(folder: Path) -> Path:
    """Return the file of weights in a checkpoint's folder.

    Raises:
        WeightsMissing: There is none.
        WeightsInvalid: It is a pointer to a file, or empty.
    """
    for name in _WEIGHTS:
        if (path := folder / name).is_file():
            if fault := fault_of(path):
                raise WeightsInvalid(f"{path} holds no weights: {fault}. Fetch the checkpoint again")
            return path
    raise WeightsMissing(f"{folder} has neither {' nor '.join(_WEIGHTS)}: fetch the checkpoint's files")


def _download_first(names: Sequence[str], repository: str, folder: Path, endpoint: str | None) -> bool:
    """Fetch the first of some files that the repository has, and return whether it has one."""
    for name in names:
        with suppress(NotOnHub):
            download(HubFile(repository, name), folder, endpoint=endpoint)
            return True
    return False


def _written_sums(folder: Path) -> dict[str, str]:
    path = folder / _SUMS
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
