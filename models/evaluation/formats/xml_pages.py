"""Ground truth as XML, one file a page: ALTO (Library of Congress) or PAGE (Pletschacher & Antonacopoulos 2010).

The files lie beside the pictures, or in a folder `page` or `alto` next to them, as Transkribus writes them.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.formats.alto import read_alto
from models.evaluation.formats.page_xml import read_page
from models.evaluation.formats.pictures import picture_of
from models.evaluation.formats.types import GroundTruthFormat
from models.evaluation.formats.xml_elements import PageTruth, local_name
from models.evaluation.items import Item, Loaded

_FOLDERS = (".", "page", "alto")
_FORMATS = {"alto": read_alto, "PcGts": read_page}
_NOT_PAGES = ("METS.xml", "mets.xml", "metadata.xml")


def load(folder: Path, truth: Path) -> Loaded | None:
    """Return the pages of a folder, or None where the truth has no XML files."""
    files = [
        path for name in _FOLDERS for path in sorted((truth / name).glob("*.xml")) if path.name not in _NOT_PAGES
    ]
    return Loaded([_item(path, folder) for path in files]) if files else None


def _item(path: Path, folder: Path) -> Item:
    page = _parsed(path)
    named = folder / Path(page.file_name or path.name).name
    picture = named if named.is_file() and named != path else picture_of(path, folder)
    text = "\n".join(box.text for box in page.boxes if box.text)
    return Item(picture.name, picture, text, page.boxes, unit="line", size=page.size)


def _parsed(path: Path) -> PageTruth:
    try:
        root = ElementTree.parse(path).getroot()
        read = _FORMATS.get(local_name(root))
        if read is not None:
            return read(root)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise MalformedGroundTruth(f"{path} cannot be parsed: {type(error).__name__} {error}") from error
    raise MalformedGroundTruth(f"{path} is neither ALTO nor PAGE: its root is <{local_name(root)}>")


FORMAT = GroundTruthFormat("xml", "ALTO or PAGE XML beside pictures", load)
