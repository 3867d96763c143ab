"""The model hub: one way to download, and one rule about what to trust.

A file is kept only if its bytes have the digest that is expected of them: the sha256 written down in our source
where there is one (store.py), else the digest that the hub states for the file. The first fetch of a file that we
have no sha256 of trusts the hub, therefore.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import WeightsInvalid, WeightsMissing
from models.weights.files import sha256_of


class NotOnHub(WeightsMissing):
    """The repository has no file of this name."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on the model hub."""

    repo_id: str
    filename: str
    revision: str = "main"

    def __str__(self) -> str:
        return f"{self.filename} of {self.repo_id}"


def download(file: HubFile, folder: Path, *, endpoint: str | None = None, sha256: str | None = None) -> Path:
    """Return a file of the hub in a folder, fetched now unless it is there already.

    Args:
        endpoint: Address of a mirror of the hub; None is the hub itself.
        sha256: Of the file, where it is known; None compares with what the hub states.

    Raises:
        NotOnHub: The repository has no such file.
        WeightsMissing: The hub cannot be reached, or the library that asks it is not installed.
        WeightsInvalid: What the hub sent is another file; it is not kept.
    """
    try:
        import huggingface_hub
        from httpx import HTTPError
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    except ImportError as error:
        library = 'pip install ".[hub]"'
        raise WeightsMissing(
            f"asking the hub needs huggingface_hub: run  {library}  in inkstream's folder"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    try:
        expected = sha256 or _stated_digest(huggingface_hub, file, endpoint)
        path = Path(
            huggingface_hub.hf_hub_download(
                file.repo_id, file.filename, revision=file.revision, local_dir=folder, endpoint=endpoint
            )
        )
    except LocalEntryNotFoundError as error:  # a kind of EntryNotFoundError: nothing was reached
        raise _unreachable(file, folder, error) from error
    except EntryNotFoundError as error:
        raise NotOnHub(f"the hub did not send {file}: the repository has no such file") from error
    # RuntimeError: huggingface_hub 1.16 closes its client when it tries a second time
    except (HTTPError, OSError, RuntimeError) as error:
        raise _unreachable(file, folder, error) from error
    if (found := _digest(path, expected)) != expected:
        path.unlink()  # or it would stand in the way of the next attempt
        raise WeightsInvalid(f"the hub sent another {file} than expected: its sha256 is {found}. Try again")
    return path


def _stated_digest(library: Any, file: HubFile, endpoint: str | None) -> str:
    url = library.hf_hub_url(file.repo_id, file.filename, revision=file.revision, endpoint=endpoint)
    return str(library.get_hf_file_metadata(url).etag)


def _digest(path: Path, expected: str) -> str:
    """Return a file's digest of the kind that is expected: sha256, or for small files on the hub git's sha1."""
    if len(expected) == hashlib.sha256().digest_size * 2:
        return sha256_of(path)
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _unreachable(file: HubFile, folder: Path, error: Exception) -> WeightsMissing:
    return WeightsMissing(
        f"the hub did not send {file} ({type(error).__name__}). Copy the file to {folder / file.filename}, or try "
        "again where the hub can be reached"
    )
