"""Writes the tables of settings, of SQL and of metrics in deploy/docs/ from the code: `python -m deploy.tables`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from models.options import ReadDefaults
from streams.kafka_settings import KafkaSettings
from streams.monitoring.metrics import Metrics
from streams.settings import ENV_PREFIX, Settings
from streams.source_settings import SourceSettings
from streams.table.columns import ROWS, TABLES, meaning

DOCS = Path(__file__).resolve().parent / "docs"
_COMPUTED = {"processes": "one per core", "models_dir": "`~/.cache/inkstream/models`"}
_MIB = 1024 * 1024


def pages() -> dict[Path, str]:
    """Return each page that is made from code, with its text."""
    made = {"settings.md": _settings(), "sql.md": _sql(), "metrics.md": _metrics()}
    return {DOCS / name: "\n".join(lines) for name, lines in made.items()}


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield "Made from the code by `make tables`. Each is an `INKSTREAM_*` variable (`INKSTREAM_BROKER`), or a key of"
    yield "`inkstream.toml` (`broker`). Many are options as well (`--broker`), which come first. Words"
    yield "of a list have commas between them."
    kafka, files, reading = KafkaSettings.model_fields, SourceSettings.model_fields, ReadDefaults.model_fields
    parts = {**kafka, **files, **reading}
    own = {name: field for name, field in Settings.model_fields.items() if name not in parts}
    for heading, fields in (("Kafka", kafka), ("Files", files), ("The service", own), ("Reading", reading)):
        yield f"\n## {heading}"
        if heading == "Reading":
            yield "These are [reading options](reading.md) as well: a document may have its own.\n"
        yield "| setting | default | meaning |\n|---|---|---|"
        for name, field in fields.items():
            yield f"| `{ENV_PREFIX}{name.upper()}` | {_default(name, field)} | {_cell(field.description or '')} |"
    yield ""


def _sql() -> Iterator[str]:
    yield "# SQL: tables and columns"
    yield "Made from the code by `make tables`. `inkstream query` and `POST /query` take one SELECT of SQLite's;"
    yield "`inkstream query` without SQL is a shell. Full-text search takes punctuation as operators: put it in"
    yield "double quotes, as `MATCH '\"e-mail\"'`. The patterns of a query have at most 64 words together,"
    yield "16 of them with `*`."
    for table, rows in ROWS.items():
        yield f"\n## {table}\n{rows[0].upper()}{rows[1:]}.\n"
        yield "| column | meaning |\n|---|---|"
        for column in TABLES[table]:
            yield f"| `{column}` | {_cell(meaning(table, column))} |"
    yield ""


def _metrics() -> Iterator[str]:
    yield "# Metrics"
    yield "Made from the code by `make tables`. Each worker answers with its own at `GET /metrics`, on the port of"
    yield "the API and on `INKSTREAM_PROBE_PORT`. Queries find a counter as `NAME_total`, a histogram as"
    yield "`NAME_bucket`, `NAME_sum` and `NAME_count`. [What to do](operations.md#alerts) when an alert fires.\n"
    yield "| metric | kind | labels | meaning |\n|---|---|---|---|"
    for metric in Metrics().declared:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.name}` | {metric.kind} | {labels} | {_cell(metric.meaning)} |"
    yield ""


def _default(name: str, field: FieldInfo) -> str:
    value = field.get_default()
    if name in _COMPUTED:
        return _COMPUTED[name]
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, int) and value >= _MIB and value % _MIB == 0:
        return f"{value // _MIB} MiB"
    if isinstance(value, tuple):
        return _cell(f"`{','.join(value)}`")
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str | int | float | Path) else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
