"""What evaluation reads of a document that holds others."""

from __future__ import annotations

from pathlib import Path

import pymupdf

from models.evaluation.readers.ours import PipelineReader
from models.options import ReadOptions
from tests.unit.test_attachments import portfolio


def test_what_is_attached_to_a_portfolio_is_read_behind_it(tmp_path: Path) -> None:
    attached = pymupdf.open()
    attached.new_page().insert_text((72, 72), "Contract between A and B, 3 June 2024")
    file = portfolio(tmp_path / "p.pdf", {"contract.pdf": attached.tobytes()})
    found = PipelineReader(ReadOptions(), None).read(file)
    assert found.text.splitlines()[-1] == "Contract between A and B, 3 June 2024"
    assert found.pages == 2
