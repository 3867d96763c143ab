"""The API's description: what FastAPI makes of the routes, and what it cannot know."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from streams.web.drawings import Drawing
from streams.web.problems import PROBLEM_TYPE

_REFERENCE = "#/components/schemas/{model}"


def described(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI schema: problems have their own media type, a drawing's strokes their schema."""
    schema = api.openapi()
    for methods in schema["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                for media_type, one in list(content.items()):
                    if one.get("schema", {}).get("$ref", "").endswith("/Problem"):
                        content[PROBLEM_TYPE] = content.pop(media_type)
    files = schema["components"]["schemas"]["Body_files"]["properties"]["file"]
    files["items"]["format"] = "binary"  # generators know OpenAPI 3.0's way to name a file
    drawing = Drawing.model_json_schema(ref_template=_REFERENCE)
    schema["components"]["schemas"] |= {**drawing.pop("$defs"), "Drawing": drawing}
    return schema
