"""Ground truth as a table of line pictures: `gt.tsv` or `lines.tsv`, the pictures beside it or in tar files.

Columns are separated by tabs, nothing is quoted. A first row that names `file` and `text` is the header; without
one the first column is the file, the second the text. Optional columns: `tar`, which file the picture is in, and
`split`.
"""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.formats.types import GroundTruthFormat
from models.evaluation.items import Item, Loaded

_TABLES = ("gt.tsv", "lines.tsv")


def load(folder: Path, truth: Path) -> Loaded | None:
    """Return the lines of a folder, or None where the truth has no such table."""
    table = next((path for path in (truth / name for name in _TABLES) if path.is_file()), None)
    if table is None:
        return None
    rows = read_table(table)
    archives = _archives(folder) if any("tar" not in row for row in rows) else {}
    return Loaded([_item(row, folder, archives, table) for row in rows])


def read_table(table: Path) -> list[dict[str, str]]:
    """Return the rows by column name. A row may lack its last columns.

    Raises:
        MalformedGroundTruth: It is not a UTF-8 table, a row has no text, or a file is named twice.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            cells = [row for row in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise MalformedGroundTruth(f"{table} is not a UTF-8 table separated by tabs: {error}") from error
    header = ["file", "text"]
    if cells and set(header) <= set(cells[0]):
        header, *cells = cells
    rows = []
    for number, row in enumerate(cells, 1):
        if len(row) < 2 or len(row) > len(header):
            raise MalformedGroundTruth(
                f"{table}, row {number}: {len(row)} columns, but {', '.join(header)} are meant"
            )
        rows.append(dict(zip(header, row, strict=False)))
    names = [row["file"] for row in rows]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedGroundTruth(f"{table} names {twice} more than once; which text is its own?")
    return rows


def packed_pictures(folder: Path, names: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the named pictures in the folder's images-NN.tar files, in the order of the files."""
    for path in sorted(folder.glob("images-*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.name in names else None
                if content is not None:
                    yield member.name, content.read()


def _archives(folder: Path) -> dict[str, Path]:
    """Return the tar file of each picture that is packed in one of the folder's."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.tar")):
        try:
            with tarfile.open(path) as archive:
                found |= {name.removeprefix("./"): path for name in archive.getnames()}
        except tarfile.TarError as error:
            raise MalformedGroundTruth(f"{path} is not a tar file: {error}") from error
    return found


def _item(row: Mapping[str, str], folder: Path, archives: Mapping[str, Path], table: Path) -> Item:
    name = row["file"]
    archive = folder / row["tar"] if row.get("tar") else archives.get(name)
    path = archive or folder / name
    if not path.is_file():
        raise MalformedGroundTruth(f"{table} names {name}, but there is no {path}")
    member = name if archive else None
    return Item(name, path, row["text"], member=member, single_line=True, split=row.get("split") or None)


FORMAT = GroundTruthFormat("lines", "pictures of lines with gt.tsv or lines.tsv", load)
