"""What `inkstream read` is given: files, folders, and standard input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Input:
    """One document to read.

    Attributes:
        file: Where its bytes are.
        name: What the person calls it.
        path: What its records call it.
        is_from_folder: Whether a folder was named, rather than the file itself.
        document_id: Of what is attached to another document; else it follows from path and content.
        root: The folder that was named, or the one of the file that was; None for standard input.
    """

    file: Path
    name: str
    path: str
    is_from_folder: bool = False
    document_id: str | None = None
    root: Path | None = None


def inputs(files: Sequence[Path], spool: Path) -> list[Input]:
    """Return the documents in the order they were given, those of a folder by their names.

    Hidden files and folders in a folder are left out.

    Args:
        files: Files, folders and patterns (`scans/**/*.pdf`, for shells that do not expand them); `-` is standard
            input, which is written into `spool` first.
        spool: A folder that lives as long as the documents are read.

    Raises:
        ConfigurationError: Standard input is named twice, or is a terminal; a folder holds no file, or a pattern
            matches none.
    """
    from streams.errors import ConfigurationError

    if [str(file) for file in files].count("-") > 1:
        raise ConfigurationError("- is standard input, and can be read once")
    found: list[Input] = []
    for file in files:
        if str(file) == "-":
            found.append(Input(_spooled(spool), "-", "-"))
        elif file.is_dir():
            inside = [Input(path, str(path), path.absolute().as_uri(), True, root=file) for path in _files_in(file)]
            if not inside:
                raise ConfigurationError(f"{file} is a folder without files: name one with documents")
            found += inside
        else:
            found += [
                Input(path, str(path), path.absolute().as_uri(), root=path.parent) for path in _matching(file)
            ]
    return [_with_readable_name(document, spool, number) for number, document in enumerate(found)]


def _with_readable_name(document: Input, spool: Path, number: int) -> Input:
    """Return a document whose file has a name in Unicode: MuPDF opens no other."""
    try:
        str(document.file).encode()
    except UnicodeEncodeError:
        link = spool / f"named-{number}"
        link.symlink_to(document.file.absolute())
        return replace(document, file=link)
    return document


def _matching(file: Path) -> list[Path]:
    """Return a file, or the files that match where it is a pattern and no file."""
    import glob

    from streams.errors import ConfigurationError

    if file.exists() or not glob.has_magic(str(file)):
        return [file]
    pattern = str(file.relative_to(file.anchor))
    found = sorted(path for path in Path(file.anchor).glob(pattern) if path.is_file())
    if not found:
        raise ConfigurationError(f"no file matches {file}")
    return found


def _files_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _spooled(spool: Path) -> Path:
    """Return a file with what standard input has."""
    import shutil
    import sys

    from streams.errors import ConfigurationError

    if sys.stdin.isatty():
        raise ConfigurationError("- reads standard input, and that is a terminal: pipe a document into it")
    file = spool / "stdin"
    with file.open("wb") as stream:
        shutil.copyfileobj(sys.stdin.buffer, stream)
    return file
