"""Every refusal of the HTTP service: one shape, a stable code, a hint, the right status.

What the core refuses (``cleancut.errors``) gets its status here, by its code or else its kind; what only a server can
refuse is listed in ``REFUSALS``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from cleancut.errors import CleancutError, Kind

STATUS: dict[Kind, int] = {"usage": 400, "input": 422, "subject": 422, "model": 503, "output": 503}

# Where the code says more than its kind.
STATUS_OF_CODE: dict[str, int] = {
    "not_an_image": 415,
    "unsupported_image": 415,
    "file_too_large": 413,
    "image_too_large": 413,
    "archive_too_large": 413,
    "url_refused": 400,
    "unknown_model": 400,
    "licence_not_accepted": 403,
    "cannot_hold": 422,
    "quota_used_up": 429,
}

# What went wrong inside names files, and concerns the operator: the client is told this, the log has the rest.
_INSIDE: dict[Kind, str] = {
    "model": "the server cannot run this model",
    "output": "the server cannot store or remove this",
}

# Where the client may know more of it.
_TOLD = {
    "database_unavailable": (
        "the server's data base of jobs does not answer",
        "send it again in half a minute; what has been accepted is not lost",
    ),
}

# The core's hints are for who runs it, and speak of the environment and the command line.
_HINTS = {
    "image_too_large": "send a smaller picture",
    "file_too_large": "send a smaller picture",
    "image_too_small": "send a larger picture",
    "unknown_model": "choose one that /api/v1/models lists",
}

# Seconds after which a trouble of the server's own may have passed, where nothing better is known.
_LATER = "30"

# What a field's complaint may fill; some repeat what was sent.
_LONGEST_COMPLAINT = 300

# Where the APIs of others lie, which have their own shapes of refusals.
REMOVEBG, REMBG = "/v1.0/", "/api/remove"

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")

REFUSALS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "the request itself is malformed"),
    "wrong_host": (400, "the server is not called by that name"),
    "key_needed": (401, "no key was sent, and the server has keys"),
    "key_unknown": (401, "the key sent is not one of the server's, or was revoked"),
    "credits_used_up": (402, "the key has used up its credits of this month"),
    "foreign_page": (403, "a web page of another origin called"),
    "csrf_failed": (403, "the page's token is missing or not its session's"),
    "url_not_allowed": (403, "the server fetches no URLs"),
    "needs_keys": (403, "only a server with keys, or on loopback, does this"),
    "not_found": (404, "nothing is there, or it has expired, or it belongs to another key"),
    "method_not_allowed": (405, "this address does not take that method"),
    "too_slow": (408, "the client fell silent, or sent too slowly"),
    "model_not_installed": (409, "the model's weights are not on the server"),
    "provider_unavailable": (409, "the cloud engine asked for is not to be had here"),
    "idempotency_conflict": (409, "the Idempotency-Key belongs to another job, or to one still on its way in"),
    "no_webhook_secret": (409, "there is no secret that messages to a webhook could be signed with"),
    "nothing_kept": (409, "the server keeps nothing, and this needs something kept"),
    "body_too_large": (413, "the request has more bytes than the limit"),
    "unsupported_encoding": (415, "the request's body is compressed"),
    "invalid_value": (422, "a field is missing or has a value that cannot be used"),
    "rate_limited": (429, "the client has used up its requests for now, or watches too many jobs"),
    "client_gone": (499, "the client went away; nobody sees this but the log"),
    "internal_error": (500, "a defect of cleancut"),
    "server_full": (503, "as many requests are under way as the server takes"),
    "shutting_down": (503, "the server is about to stop"),
    "deadline_exceeded": (503, "the answer would have taken too long"),
    "keys_unreadable": (503, "the server cannot read its keys, and lets nobody in"),
    "out_of_memory": (503, "the picture needs more memory than there is"),
}


class Refused(Exception):
    """A refusal of the server's own; ``code`` is one of ``REFUSALS``."""

    def __init__(self, code: str, message: str, *, hint: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.status = REFUSALS[code][0]
        self.headers = dict(headers or {})


def status_of(error: CleancutError) -> int:
    """The HTTP status of an error of the core."""
    return STATUS_OF_CODE.get(error.code, STATUS[error.kind])


def refusal(error: Exception) -> Refused:
    """Any error as a refusal. What nobody foresaw is a defect: told without its text, which goes to the log."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, CleancutError):
        return _of_core(error)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, MemoryError):
        return Refused("out_of_memory", "there is not enough memory for this picture", hint="send a smaller one")
    return Refused("internal_error", "the server failed", hint="report it with the X-Request-Id of this answer")


def noted(error: Exception, request: Request) -> Refused:
    """The refusal of an error, noted for the request's line in the log; a trouble of the server's own has one more."""
    refused = refusal(error)
    request.state.problem = refused.code
    log, id = structlog.get_logger(), request.state.request_id
    if isinstance(error, CleancutError) and refused.status == 503:
        log.error("the server's own trouble", problem=str(error), hint=error.hint, request_id=id)
    elif refused.code == "internal_error":
        log.error("a request failed", request_id=id, exc_info=error)
    return refused


def deadline_exceeded(seconds: float, retry_after: int) -> Refused:
    """The refusal of what has taken too long."""
    return Refused(
        "deadline_exceeded",
        f"there was no answer within {seconds} s",
        hint="try again later, or send a smaller picture",
        headers={"Retry-After": str(retry_after)},
    )


def answer(error: Exception, path: str = "") -> Response:
    """The response to show for an error, in the shape of the API that ``path`` belongs to."""
    refused = refusal(error)
    status, body = _shaped(refused, path)
    later = {"Retry-After": _LATER} if status == 503 or refused.code == "quota_used_up" else {}
    kind = "application/json; charset=utf-8" if path.startswith(REMOVEBG) else "application/json"
    return JSONResponse(body, status, later | refused.headers, media_type=kind)


def _shaped(refused: Refused, path: str) -> tuple[int, dict[str, object]]:
    if path.startswith(REMOVEBG):
        from cleancut.server.removebg.faults import shaped

        return shaped(refused)
    if path == REMBG:
        said = f"{refused}; {refused.hint}"
        # FastAPI's own shape, which that server's clients know.
        listed = [{"type": refused.code, "loc": ["request"], "msg": said}]
        return refused.status, {"detail": listed if refused.status == 422 else said}
    return refused.status, {"error": str(refused), "code": refused.code, "hint": refused.hint}


def install(app: FastAPI) -> None:
    """Have every foreseen error of ``app`` answered by ``answer``; the envelope (logs.py) answers the others."""

    async def handle(request: Request, error: Exception) -> Response:
        refused = noted(_unread(request, error) or error, request)
        response = answer(refused, request.url.path)
        route = getattr(request.scope.get("route"), "path", None)
        # Each method has a route of its own, and the one that refuses knows no other.
        if response.status_code == 405 and (methods := app.openapi()["paths"].get(route)):
            response.headers["Allow"] = ", ".join(sorted(each.upper() for each in methods))
        return response

    for kind in (Refused, CleancutError, RequestValidationError, HTTPException, MemoryError):
        app.add_exception_handler(kind, handle)


def _spelled(text: str) -> str:
    """Options as the API spells them: ``--edge-shift`` → ``edge_shift``."""
    return re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), text)


def _of_core(error: CleancutError) -> Refused:
    message, hint = str(error), _HINTS.get(error.code, error.hint)
    if status_of(error) == 503 and not error.code.startswith("service_"):
        message, hint = _TOLD.get(error.code, (_INSIDE[error.kind], "tell whoever runs the server"))
    found = Refused("internal_error", _spelled(message), hint=_spelled(hint))
    found.code, found.status = error.code, status_of(error)
    return found


def _unread(request: Request, error: Exception) -> Refused | None:
    """The refusal of a body that was not looked at, since its type is none that the route takes."""
    if not isinstance(error, RequestValidationError):
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if isinstance(error.body, FormData) and kind not in _FORMS:
        wanted = _FORMS[0]
    elif isinstance(error.body, bytes):
        wanted = "application/json"
    else:
        return None
    return Refused("invalid_value", f"the body's type is {kind or 'not given'}", hint=f"send it as {wanted}")


def _invalid(error: RequestValidationError) -> Refused:
    errors = error.errors()
    for each in errors:
        if each["type"] == "json_invalid":
            reason = each.get("ctx", {}).get("error", each["msg"])
            return Refused("bad_request", f"the body is no JSON: {reason}", hint="send valid JSON as UTF-8")
    told = [f"{_place(each['loc'])}: {_complaint(each)}"[:_LONGEST_COMPLAINT] for each in errors[:5]]
    return Refused("invalid_value", "; ".join(told), hint="correct these fields; /docs lists what they take")


def _complaint(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return "a file is expected" if message.startswith("Expected UploadFile") else _spelled(message)


def _place(place: tuple[Any, ...]) -> str:
    """Where a value stood: the parts of its path but for the first, which says body, path or query."""
    return ".".join(str(each) for each in place[1:]) or str(place[0] if place else "request")


def _of_http(error: HTTPException) -> Refused:
    headers = error.headers or {}
    if isinstance(error.__cause__, Refused):
        # Raised while the body was read, and wrapped by what reads it.
        return error.__cause__
    if isinstance(error.__cause__, ClientDisconnect):
        return Refused("client_gone", "the client went away", hint="none")
    if error.status_code == 404:
        return Refused("not_found", "there is nothing at this address", hint="see /docs for what there is")
    if error.status_code == 405:
        return Refused(
            "method_not_allowed", "this address does not take that method", hint="see /docs", headers=headers
        )
    if str(error.detail).startswith("Part exceeded"):
        # The form's parser has no other sign of it. Only strokes, and pictures as base64, are as large.
        return Refused("bad_request", "a text of the form is too long", hint="send fewer strokes, or a smaller picture")
    if error.status_code == 413:
        return Refused("body_too_large", "the request has too many bytes", hint="send a smaller picture")
    if error.status_code == 415:
        return Refused("bad_request", str(error.detail), hint="see /docs for the content type", headers=headers)
    if error.__cause__ is not None:
        # FastAPI's words for whatever went wrong while it read: too deep, too large a number, no UTF-8.
        return Refused("bad_request", "the body cannot be read", hint="send what its Content-Type says, as UTF-8")
    return Refused("bad_request", str(error.detail), hint="see /docs for what is expected", headers=headers)
