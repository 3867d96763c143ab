"""The API described for people: a page made from its OpenAPI schema, with no script and nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
_LINKS = " · ".join(f'<a href="/{name}">{name}</a>' for name in ("openapi.json", "readyz", "metrics"))
_EXAMPLE_BODY = '{"sql": "SELECT path, pagenum FROM result LIMIT 10"}'
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{background:#f4f4f4;padding:.7rem;overflow:auto}"
    "h2{margin-top:2rem;font-size:1.1rem;border-top:1px solid #ddd;padding-top:1rem}"
    "td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#1b1b1b;color:#ddd}pre{background:#2a2a2a}a{color:#8bf}}"
)


def docs_page(api: FastAPI) -> HTMLResponse:
    """Return the page."""
    schema = api.openapi()
    operations = [
        _operation(path, method, found)
        for path, methods in schema["paths"].items()
        for method, found in methods.items()
    ]
    title = f"{schema['info']['title']} {schema['info']['version']}"
    body = (
        f"<h1>{escape(title)}</h1><p>{escape(schema['info'].get('description', ''))}</p>"
        f"<p>{_LINKS}</p>{''.join(operations)}"
    )
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{body}</html>"
    )
    return HTMLResponse(page, headers=_HEADERS)


def _operation(path: str, method: str, found: Mapping[str, Any]) -> str:
    summary, description = found.get("summary", ""), found.get("description", "")
    statuses = ", ".join(sorted(found.get("responses", {})))
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(summary)}. {escape(description)}</p>"
        f"{_parameters(found.get('parameters', []))}<pre>{escape(_example(path, method, found))}</pre>"
        f"<p>Answers: {escape(statuses)}</p>"
    )


def _parameters(parameters: list[Mapping[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>"
        f"{escape(one.get('description') or one.get('schema', {}).get('description', ''))}"
        for one in parameters
    )
    return f"<table><tr><th>Parameter<th>In<th>What{rows}</table>" if rows else ""


def _example(path: str, method: str, found: Mapping[str, Any]) -> str:
    """Return a command that calls it."""
    command = "curl" if method == "get" else f"curl -X {method.upper()}"
    content = found.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return f"{command} http://localhost:8321{path} -F file=@scan.pdf"
    if "application/json" in content:
        return f"{command} http://localhost:8321{path} -H 'content-type: application/json' -d '{_EXAMPLE_BODY}'"
    return f"{command} http://localhost:8321{path}"
