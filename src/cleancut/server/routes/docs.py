"""The API described for people, from its own OpenAPI; no script, nothing fetched from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font: 600 1rem ui-monospace, monospace; margin: 2.5rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
code { font-family: ui-monospace, monospace; }
"""


@router.get("/docs.css")
async def style() -> HTMLResponse:
    """How the page looks."""
    return HTMLResponse(_STYLE, media_type="text/css")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """All routes, what they take and answer."""
    schema = request.app.openapi()
    parts = [
        _operation(path, method, each, schema) for path, of in schema["paths"].items() for method, each in of.items()
    ]
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>cleancut API</title><link rel=stylesheet href=/docs.css><h1>cleancut {request.app.version}</h1>"
        "<p>Machine-readable: <a href=/openapi.json>openapi.json</a></p>" + "".join(parts)
    )


def _operation(path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]) -> str:
    fields = "".join(_row(*each) for each in _fields(operation, schema))
    answers = "".join(
        f"<tr><td><code>{escape(status)}</code><td>{escape(answer['description'])}"
        for status, answer in operation["responses"].items()
    )
    table = f"<table><tr><th>field<th>kind<th>meaning{fields}</table>" if fields else ""
    return (
        f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(operation.get('description', ''))}</p>{table}"
        f"<details><summary>Answers</summary><table>{answers}</table></details>"
    )


def _fields(operation: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [(each["name"], {**each["schema"], **each}) for each in operation.get("parameters", [])]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        found += _properties("", content["schema"], schema)
    return found


def _properties(prefix: str, kind: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """An object's fields, and after each those of the objects that it lists."""
    if "$ref" in kind:
        kind = schema["components"]["schemas"][kind["$ref"].rpartition("/")[2]]
    found = []
    for name, field in kind.get("properties", {}).items():
        found.append((prefix + name, {**field, "required": name in kind.get("required", [])}))
        items = field.get("items", {})
        listed: dict[str, dict[str, Any]] = {}
        # Of several kinds of things, what they have in common is told once.
        for each in items.get("anyOf", [items]):
            listed = dict(_properties(f"{prefix}{name}[].", each, schema)) | listed
        found += listed.items()
    return found


def _row(name: str, field: dict[str, Any]) -> str:
    kinds = [each.get("type", "") for each in field.get("anyOf", [field])]
    kind = " or ".join(dict.fromkeys(each for each in kinds if each and each != "null"))
    values = ", ".join(str(value) for value in field.get("enum", []))
    said = [
        field.get("description", ""),
        f"One of {values}." if values else "",
        f"From {field['minimum']} to {field['maximum']}." if {"minimum", "maximum"} <= set(field) else "",
        "Required." if field.get("required") else "",
        f"Default: {json.dumps(field['default'])}." if field.get("default") not in (None, []) else "",
    ]
    return f"<tr><td><code>{escape(name)}</code><td>{escape(kind)}<td>{escape(' '.join(filter(None, said)))}"
