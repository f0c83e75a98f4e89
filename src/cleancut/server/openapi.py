"""What makes the OpenAPI complete: errors, keys, pictures as answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Path
from pydantic import BaseModel, Field

from cleancut.server.replies import TYPES

# What is read of pictures, as media types.
READ = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/tiff", "image/bmp", "image/gif", "image/heic")

_ARCHIVE = "application/zip"

ID = Annotated[str, Path(description="A matte's id.", examples=["0f343b0931126a20f133d67c2b018a3b"])]
NAME = Annotated[
    str, Path(description="A picture's name.", examples=["0f343b0931126a20f133d67c2b018a3b-5d41402abc4b2a76.png"])
]

_MEANINGS = {
    400: "The request is malformed, or an option has a value that cannot be used.",
    401: "A key is needed, or the one sent is not known.",
    402: "The credits are used up.",
    403: "Not allowed.",
    404: "Nothing is there, or it has expired, or it belongs to another key.",
    409: "The server cannot do this as it is set up.",
    413: "Too many bytes or pixels.",
    415: "No picture of a kind that is read.",
    422: "A field is missing or wrong, or the picture cannot be used.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "The server is full or not ready; Retry-After says when to come back.",
}


_BINARY = {"type": "string", "format": "binary"}

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "It is what the client has."}}


class Problem(BaseModel):
    """Every refusal."""

    error: str = Field(description="What is wrong, for people.")
    code: str = Field(description="What is wrong, for programs; docs/errors.md lists them.")
    hint: str = Field(description="What to do about it.")


def errors(*statuses: int, shape: type[BaseModel] = Problem) -> dict[int | str, dict[str, Any]]:
    """Responses for these refusals, and for those that every route has."""
    always = (400, 401, 403, 422, 429, 503)
    return {status: _error(status, shape) for status in sorted({*always, *statuses})}


def _error(status: int, shape: type[BaseModel]) -> dict[str, Any]:
    said: dict[str, Any] = {"model": shape, "description": _MEANINGS[status]}
    if status in (429, 503):
        wait = {"description": "Seconds after which it may go better.", "schema": {"type": "integer"}}
        said["headers"] = {"Retry-After": wait}
    return said


def pictures(says: str) -> dict[int | str, dict[str, Any]]:
    """200, a picture in any of the formats."""
    return {200: _pictures(says)}


def file(kind: str, says: str) -> dict[int | str, dict[str, Any]]:
    """200, a file of one kind."""
    return {200: {"description": says, "content": {kind: {"schema": _BINARY}}}}


def _pictures(says: str) -> dict[str, Any]:
    return {"description": says, "content": {kind: {"schema": _BINARY} for kind in TYPES.values()}}


def picture_or(
    model: type[BaseModel], status: int = 200, more: dict[int | str, dict[str, Any]] | None = None
) -> dict[int | str, dict[str, Any]]:
    """A response that is JSON, or a picture for those who accept such; ``more`` adds to it."""
    said = _pictures("JSON, or with `Accept: image/*` the picture itself.")
    return {status: {"model": model, **said, **(more or {}).get(status, {})}}


def stages(event: str, model: str) -> dict[int | str, dict[str, Any]]:
    """200, events of the work under way, for those who accept such; ``event`` with a ``model`` is the last."""
    says = (
        f'With `Accept: text/event-stream`: an event `step` `{{"step": …}}` as each step begins (`queue` is the wait '
        f"for a turn), then one of `{event}` ({model}) and `problem` (a refusal, with its `status`)."
    )
    return {200: {"description": says, "content": {"text/event-stream": {"schema": {"type": "string"}}}}}


def links(status: int, parameter: str, found: str, *operations: str) -> dict[int | str, dict[str, Any]]:
    """A response that leads on: its ``found`` is the ``parameter`` of these operations."""
    return {status: {"links": {each: {"operationId": each, "parameters": {parameter: found}} for each in operations}}}


def complete(app: FastAPI) -> None:
    """Have the OpenAPI say what FastAPI does not know: how keys are sent, and what a form's fields hold."""
    make = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(make())
        return make()

    app.openapi = completed  # type: ignore[method-assign]


def _complete(schema: dict[str, Any]) -> None:
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }
    # Not needed by an open server on loopback.
    schema["security"] = [{}, {"key": []}, {"bearer": []}]
    for path in schema["paths"].values():
        for operation in path.values():
            _complete_refusals(operation["responses"])
            form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
            if form is not None:
                _complete_form(form, components["schemas"])


def _complete_refusals(responses: dict[str, Any]) -> None:
    """Refusals are JSON, also where the answer is a stream of events."""
    for status, response in responses.items():
        content = response.get("content", {})
        if not status.startswith("2") and "text/event-stream" in content:
            content["application/json"] = content.pop("text/event-stream")


def _complete_form(form: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A form's field is there or not, but never null; and its files are pictures."""
    schema = form["schema"]
    fields = (schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema)["properties"]
    for name, field in fields.items():
        kinds = [each for each in field.pop("anyOf", []) if each.get("type") != "null"]
        if len(kinds) == 1:
            fields[name] = {**kinds[0], **field}
        elif kinds:
            field["anyOf"] = kinds
    files = [name for name, field in fields.items() if _is_file(field.get("items", field))]
    for name in files:
        fields[name].get("items", fields[name])["minLength"] = 1
    form["encoding"] = {name: {"contentType": _ARCHIVE if name == "archive" else ", ".join(READ)} for name in files}


def _is_file(field: dict[str, Any]) -> bool:
    return any(
        each.get("format") == "binary" or "contentMediaType" in each for each in (field, *field.get("anyOf", ()))
    )
