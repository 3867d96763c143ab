"""`inkstream models`: which networks' weights are here, fetch and check them, export them to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from models.engines import TROCR_CHECKPOINTS
from streams.commands.options import one_of

if TYPE_CHECKING:
    from models.weights.store import Weights

models_app = typer.Typer(no_args_is_help=True, help="Networks' weights: list, verify, fetch, export.")

Form = Literal["fp32", "int8"]  # models.options.Precision, which would load pydantic for --help
_CRAFT, _CRAFT_REFINER = "craft", "craft-refiner"
_NETWORKS = (_CRAFT, _CRAFT_REFINER, *TROCR_CHECKPOINTS)


Network = Annotated[
    str,
    typer.Argument(
        metavar="NETWORK", callback=one_of("network", *_NETWORKS), help=f"One of {', '.join(_NETWORKS)}."
    ),
]
Cache = Annotated[Path | None, typer.Option("--cache", help="Folder of weights. Default: the setting models_dir.")]
Explicit = Annotated[
    Path | None, typer.Option("--weights", help="Take this checkpoint, not the published one; TrOCR's is a folder.")
]


@models_app.command("list")
def list_models(cache: Cache = None) -> None:
    """List the networks, where their weights are, and which ONNX files were made of them.

    Example: inkstream models list
    """
    from models.errors import ModelError
    from models.weights.store import KNOWN, find_weights
    from streams.terminal import print_table

    folder = _folder(cache)
    rows = []
    for weights in KNOWN.values():
        try:
            where = str(find_weights(weights, folder))
        except ModelError as error:
            where = error.reason
        rows.append((weights.name, where, ", ".join(_exports(weights, folder)) or "none"))
    rows += [_trocr_row(name, folder) for name in TROCR_CHECKPOINTS]
    print_table(("network", "weights", f"ONNX files in {folder}"), rows)


@models_app.command("verify")
def verify_models(cache: Cache = None) -> None:
    """Check the bytes of all weights that are here; exit code 1 if any is damaged.

    Example: inkstream models verify
    """
    from models.errors import WeightsInvalid, WeightsMissing

    damaged = 0
    for network in _NETWORKS:
        try:
            print(f"{network}: good, {_find(network, _folder(cache))}")
        except WeightsMissing:
            print(f"{network}: not here")
        except WeightsInvalid as error:
            damaged += 1
            print(f"{network}: {error.message}")
    if damaged:
        raise typer.Exit(1)


@models_app.command("fetch")
def fetch(
    network: Network,
    cache: Cache = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only look on this machine.")] = False,
    endpoint: Annotated[str | None, typer.Option(help="A mirror of the model hub.")] = None,
) -> None:
    """Fetch a network's weights from the model hub, unless they are here.

    Example: inkstream models fetch craft-refiner
    """
    from models.recognition.trocr.published import fetch_checkpoint
    from models.weights.store import KNOWN, fetch_weights

    if network in KNOWN:
        print(fetch_weights(KNOWN[network], _folder(cache), offline=offline, endpoint=endpoint))
    else:
        print(fetch_checkpoint(network, _folder(cache), offline=offline, endpoint=endpoint))


@models_app.command("export")
def export(
    network: Network,
    precision: Annotated[
        Form | None,
        typer.Option(help="int8 takes a third of the time; fp32 is exact. Default: what fits this machine."),
    ] = None,
    cache: Cache = None,
    weights: Explicit = None,
) -> None:
    """Make the ONNX file of a network, which runs without torch; needs torch once (deploy/setup.sh torch).

    Example: inkstream models export craft
    """
    from models.detection.craft.export import export_craft, export_refiner
    from models.recognition.trocr.export.convert import export_trocr
    from models.recognition.trocr.published import find_checkpoint
    from models.weights.precision import fitting_precision

    form = precision or fitting_precision()
    if network == _CRAFT:
        print(export_craft(_folder(cache), form, weights=weights))
    elif network == _CRAFT_REFINER:
        print(export_refiner(_folder(cache), weights=weights))
    else:
        print(export_trocr(weights or find_checkpoint(network, _folder(cache)), _folder(cache), form))


def _exports(weights: Weights, folder: Path) -> list[str]:
    from models.detection.craft.runtime import onnx_path

    return [path.name for form in get_args(Form) if (path := onnx_path(weights, folder, form)).is_file()]


def _find(network: str, folder: Path) -> Path:
    """Return where a network's weights are. Raises WeightsMissing or WeightsInvalid."""
    from models.recognition.trocr.published import find_checkpoint
    from models.weights.store import KNOWN, find_weights

    weights = KNOWN.get(network)
    return find_checkpoint(network, folder) if weights is None else find_weights(weights, folder)


def _trocr_row(name: str, folder: Path) -> tuple[str, str, str]:
    """Return where a checkpoint of TrOCR is, and the folders that it was exported to."""
    from models.errors import ModelError

    try:
        where = str(_find(name, folder))
    except ModelError as error:
        where = error.reason
    exports = sorted(path.name for path in folder.glob(f"{name}-*") if path.is_dir())
    return name, where, ", ".join(exports) or "none"


def _folder(cache: Path | None) -> Path:
    """Return the folder of weights: the one given, or where reading looks for them."""
    from streams.settings import load_settings

    return cache or load_settings().models_dir
