"""The published checkpoints: fetched from the model hub into a folder each, checked, and checked again later.

Their sha256 are not known here beforehand. What the hub says of a file (its sha256, or for small files git's own
sha1) is compared with what came, and the sha256 of every file is written down beside them: from then on a file that
differs is refused. A first fetch trusts the hub, therefore.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.engines import TROCR_CHECKPOINTS
from models.errors import WeightsInvalid, WeightsMissing
from models.weights.store import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_OWNER = "microsoft"
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_LFS_POINTER = b"version https://git-lfs"
_NEEDED = ("config.json", "preprocessor_config.json")
_IF_THERE = ("generation_config.json",)
_TOKENIZERS = ("vocab.json", "sentencepiece.bpe.model", "tokenizer.json")
_SUMS = "sha256.txt"


def find_checkpoint(name: str, cache_dir: Path) -> Path:
    """Return the folder of a checkpoint that is on this machine.

    Args:
        name: One of TROCR_CHECKPOINTS, or the path of a folder.

    Raises:
        WeightsMissing: It is not here; the message says how to get it.
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
    hub = _Hub(f"{_OWNER}/{name}", endpoint)
    hub.first_of(_WEIGHTS, folder)
    hub.first_of(_TOKENIZERS, folder)
    for needed in (*_IF_THERE, *reversed(_NEEDED)):  # config.json last: a folder that has it is whole
        hub.first_of((needed,), folder, optional=needed in _IF_THERE)
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
            with path.open("rb") as file:
                start = file.read(len(_LFS_POINTER))
            if start == _LFS_POINTER:
                raise WeightsInvalid(
                    f"{path} is a Git LFS pointer, not the weights: run  git lfs pull  where it comes from"
                )
            if not start:
                raise WeightsInvalid(f"{path} is empty: fetch the checkpoint again")
            return path
    raise WeightsMissing(f"{folder} has neither {' nor '.join(_WEIGHTS)}: fetch the checkpoint's files")


class _Hub:
    """One repository of the model hub."""

    def __init__(self, repository: str, endpoint: str | None) -> None:
        try:
            import huggingface_hub
        except ImportError as error:
            library = 'pip install ".[hub]"'
            raise WeightsMissing(
                f"asking the hub needs huggingface_hub: run  {library}  in inkstream's folder"
            ) from error
        self._library: Any = huggingface_hub
        self._repository, self._endpoint = repository, endpoint

    def first_of(self, names: Sequence[str], folder: Path, *, optional: bool = False) -> None:
        """Fetch the first of some files that the repository has."""
        from httpx import HTTPError
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        for name in names:
            try:
                self._fetch(name, folder)
                return
            except LocalEntryNotFoundError as error:
                raise self._failed(name, error) from error
            except EntryNotFoundError:
                continue
            except (HTTPError, OSError, RuntimeError) as error:
                raise self._failed(name, error) from error
        if not optional:
            raise WeightsMissing(f"{self._repository} has no {' nor '.join(names)}: it is no checkpoint of TrOCR")

    def _fetch(self, name: str, folder: Path) -> None:
        hub = self._library
        url = hub.hf_hub_url(self._repository, name, endpoint=self._endpoint)
        said = str(hub.get_hf_file_metadata(url).etag)
        path = Path(hub.hf_hub_download(self._repository, name, local_dir=folder, endpoint=self._endpoint))
        if _hub_digest(path, said) != said:
            path.unlink()  # or it would stand in the way of the next attempt
            raise WeightsInvalid(
                f"the hub sent another {name} of {self._repository} than it says it has: try again"
            )

    def _failed(self, name: str, error: Exception) -> WeightsMissing:
        return WeightsMissing(
            f"the hub did not send {name} of {self._repository} ({type(error).__name__}). Copy the repository's "
            "files into the cache folder, or try again where the hub can be reached"
        )


def _hub_digest(path: Path, said: str) -> str:
    """Return a file's digest of the kind that the hub names: sha256 for large files, git's sha1 for small ones."""
    if len(said) == hashlib.sha256().digest_size * 2:
        return sha256_of(path)
    return _digest(path, hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False))


def _digest(path: Path, digest: Any) -> str:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return str(digest.hexdigest())


def _written_sums(folder: Path) -> dict[str, str]:
    path = folder / _SUMS
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
