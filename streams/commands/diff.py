"""`inkstream diff`: what changed between the previous and the current reading of a document."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import Broker, Prefix, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.messages.page_diff import LineChange, PageDiff
    from streams.messages.records import PageText

_COLOURS = {"removed": "red", "added": "green"}
_PART_STYLES = {"same": "", "removed": "red strike", "added": "green"}
_HEAD = """<!doctype html>
<meta charset="utf-8">
<title>What changed</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem }
p { margin: 0; white-space: pre-wrap }
del { background: #fdd }
ins { background: #dfd; text-decoration: none }
</style>"""


def diff(
    document: Annotated[str, typer.Argument(help="The document's id.")],
    output: Annotated[
        str,
        typer.Option("--format", help="text, html or json.", callback=one_of("format", "text", "html", "json")),
    ] = "text",
    broker: Broker = None,
    prefix: Prefix = None,
) -> None:
    """Show what changed in each page between the two latest readings of a document, line by line.

    It compares what was read, without corrections. The earlier reading is on page-text until Kafka compacts it;
    exit code 1 where no page has one any more.

    Example: inkstream diff 6f1c0e5a --format html > diff.html
    """
    import asyncio

    from streams.commands.connection import settings_for
    from streams.errors import SourceGone
    from streams.kafka.earlier_readings import latest_readings
    from streams.messages.page_diff import page_diff

    readings = asyncio.run(latest_readings(settings_for(broker, prefix), document))
    if not readings:
        raise SourceGone(f"page-text has no page of a document {document}; `inkstream query` finds ids")
    diffs = [page_diff(*two) for two in readings.values() if len(two) > 1]
    once = [number for number, two in readings.items() if len(two) == 1]
    if not diffs:
        raise SourceGone(
            f"page-text has no earlier reading of {document}: it was read once, or Kafka has compacted the topic"
        )
    if once:
        numbers = ", ".join(str(number + 1) for number in once)
        print(f"note: page-text has no earlier reading of page {numbers}", file=sys.stderr)
    {"text": _print_text, "html": _print_html, "json": _print_json}[output](diffs)


def _print_text(diffs: Iterable[PageDiff]) -> None:
    from rich.console import Console
    from rich.text import Text

    from streams.escapes import plain_line

    console = Console(soft_wrap=True, highlight=False)
    for page in diffs:
        console.print(Text(_title(page), style="bold"))
        for name, record in (("before", page.before), ("now", page.after)):
            console.print(Text(f"  {name:<6} {plain_line(_about(record))}", style="dim"))
        for line in page.lines:
            for mark, wanted in (("-", "removed"), ("+", "added")):
                if line.kind not in ("changed", wanted):
                    continue
                shown = Text(mark, style=_COLOURS[wanted])
                for kind, text in line.parts:
                    if kind in ("same", wanted):
                        shown.append(" ").append(plain_line(text), style=_PART_STYLES[kind])
                console.print(shown)


def _title(page: PageDiff) -> str:
    number = f"page {page.after.pagenum + 1} of {page.after.total_pages}"
    return f"{number}: {page.changes} of {len(page.lines)} lines changed"


def _about(record: PageText) -> str:
    """Return when a page was read, how sure, and by what."""
    models = ", ".join(sorted({name for name in record.models.values() if name})) or "nothing"
    sure = "" if record.confidence is None else f" {record.confidence:.3f}"
    return f"{record.timestamp}{sure} ({models})" + (f" {record.exception}" if record.exception else "")


def _print_html(diffs: Iterable[PageDiff]) -> None:
    from html import escape

    print(_HEAD)
    for page in diffs:
        print(f"<h2>{escape(_title(page))}</h2>")
        print(f"<p>before {escape(_about(page.before))}<br>now {escape(_about(page.after))}</p>")
        for line in page.lines:
            print(f"<p>{_marked(line)}</p>")


def _marked(line: LineChange) -> str:
    from html import escape

    tags = {"same": "{}", "removed": "<del>{}</del>", "added": "<ins>{}</ins>"}
    return " ".join(tags[kind].format(escape(text)) for kind, text in line.parts)


def _print_json(diffs: Iterable[PageDiff]) -> None:
    import orjson

    pages = [
        {
            "pagenum": page.after.pagenum,
            "changes": page.changes,
            "before": _reading(page.before),
            "after": _reading(page.after),
            "lines": page.lines,
        }
        for page in diffs
    ]
    print(orjson.dumps(pages, option=orjson.OPT_INDENT_2).decode())


def _reading(record: PageText) -> dict[str, object]:
    return record.model_dump(include={"timestamp", "sent", "confidence", "models", "language", "exception"})
