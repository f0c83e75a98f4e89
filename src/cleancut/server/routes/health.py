"""Is it alive, is it ready, what does it do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel

from cleancut.server.openapi import errors
from cleancut.server.problems import Refused
from cleancut.server.routing import TheService

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """What the guides' health route says."""

    status: Literal["healthy", "starting"]
    device: str
    timestamp: datetime


@router.get("/api/health")
async def health(service: TheService) -> Health:
    """Whether the service works, and on which device."""
    status: Literal["healthy", "starting"] = "healthy" if service.not_ready is None else "starting"
    return Health(status=status, device=service.device or service.settings.device, timestamp=datetime.now(UTC))


@router.get("/livez", response_class=PlainTextResponse)
async def live() -> str:
    """200 as long as the process answers at all."""
    return "alive"


@router.get("/readyz", response_class=PlainTextResponse)
async def ready(service: TheService) -> Response:
    """200 once the default model has run; 503 before, and when the server is about to stop."""
    if service.admission.closed:
        return PlainTextResponse("shutting down", 503)
    if service.not_ready is not None:
        # Why names files, which is nobody's business who comes from elsewhere; the log says it.
        return PlainTextResponse("not ready" if service.settings.exposed else service.not_ready, 503)
    return PlainTextResponse("ready")


@router.get("/metrics", response_class=PlainTextResponse, responses=errors(403))
async def metrics(request: Request, service: TheService) -> Response:
    """Prometheus' metrics; beyond loopback a key is needed."""
    settings = service.settings
    if settings.exposed:
        if not service.auth.keys:
            raise Refused("needs_keys", "metrics are not for everybody", hint="make a key: `cleancut keys make NAME`")
        service.auth.client(request, request.method)
    return Response(service.metrics.shown(), media_type="text/plain; version=0.0.4; charset=utf-8")
