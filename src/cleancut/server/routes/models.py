"""What this server can do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, get_args

from fastapi import APIRouter
from pydantic import BaseModel, Field

from cleancut._version import __version__
from cleancut.errors import CleancutError
from cleancut.models.spec import ModelSpec
from cleancut.options import Format, Quality
from cleancut.server.forms import JOB_FILES
from cleancut.server.models import default_name
from cleancut.server.openapi import errors
from cleancut.server.routing import Known, TheService
from cleancut.server.settings import ServerSettings

if TYPE_CHECKING:
    from cleancut.models.store import Store

router = APIRouter(prefix="/api/v1", tags=["v1"], route_class=Known)

State = Literal["installed", "not_installed", "licence_needed", "ruled_out", "damaged"]


class LicenceInfo(BaseModel):
    """Terms of a model's weights."""

    name: str
    url: str
    commercial: bool


class ModelInfo(BaseModel):
    """A model."""

    name: str
    aliases: list[str]
    summary: str
    licence: LicenceInfo
    state: State
    needs: str | None = Field(description="What the operator has to do before it can be used.")
    input_size: int = Field(description="Side of the square that it sees, in pixels.")
    default: bool
    cloud: bool = Field(description="Whether it runs elsewhere: the photo leaves this server.")


class Models(BaseModel):
    """The models of this server."""

    models: list[ModelInfo]


class Limit(BaseModel):
    """What a group of routes accepts."""

    max_bytes: int | None
    max_pixels: int | None
    max_side: int | None
    min_side: int


class JobLimit(BaseModel):
    """What a job may have."""

    files: int = Field(description="Photos sent each as a file; more come as a ZIP.")
    pictures: int
    bytes: int
    keeps_seconds: int = Field(description="How long a job and its results are kept after its end.")


class ServerInfo(BaseModel):
    """What a client has to know before it asks."""

    version: str
    ready: bool
    device: str
    default_model: str
    formats: list[str]
    qualities: list[str]
    keys_needed: bool
    urls_allowed: bool
    keeps_seconds: int | None = Field(description="How long mattes and results are kept; null: not at all.")
    rates: list[str] = Field(description="Windows of requests of one client.")
    guides: Limit
    v1: Limit
    jobs: JobLimit | None = Field(description="null: the server takes no jobs.")


@router.get("/models", responses=errors())
async def models(service: TheService) -> Models:
    """All models that this server knows, with licence and state."""
    return Models(models=await asyncio.to_thread(_listed, service.settings))


@router.get("/server", responses=errors())
async def server(service: TheService) -> ServerInfo:
    """What this server is and accepts."""
    settings = service.settings
    return ServerInfo(
        version=__version__, ready=service.not_ready is None, device=service.device or settings.device,
        default_model=settings.model, formats=list(get_args(Format)), qualities=list(get_args(Quality)),
        keys_needed=bool(service.auth.keys), urls_allowed=settings.allow_url,
        keeps_seconds=settings.keep_seconds if settings.store else None, rates=list(settings.rates),
        guides=_limit(settings.guides_limits), v1=_limit(settings.v1_limits),
        jobs=JobLimit(
            files=JOB_FILES, pictures=settings.job_pictures, bytes=settings.job_bytes,
            keeps_seconds=settings.job_seconds,
        )
        if settings.store
        else None,
    )  # fmt: skip


def _limit(limits: object) -> Limit:
    return Limit.model_validate(limits, from_attributes=True)


def _listed(settings: ServerSettings) -> list[ModelInfo]:
    from cleancut.engines import store_of
    from cleancut.models.extra import all_models

    found, store, default = [], store_of(settings.core), default_name(settings)
    for spec in all_models(settings.core.home).values():
        state, needs = _state(spec, store)
        licence = LicenceInfo(name=spec.licence.name, url=spec.licence.url, commercial=spec.licence.commercial)
        found.append(
            ModelInfo(
                name=spec.name, aliases=list(spec.aliases), summary=spec.summary, licence=licence, state=state,
                needs=needs, input_size=spec.input_size, default=spec.name == default, cloud=False,
            )
        )  # fmt: skip
    return found


def _state(spec: ModelSpec, store: Store) -> tuple[State, str | None]:
    from cleancut.models import licences
    from cleancut.models.weights import installed

    if store.commercial_only and not spec.licence.commercial:
        return "ruled_out", "its licence allows no commercial use, and the server wants only such"
    try:
        licences.check(spec, store)
    except CleancutError:
        return "licence_needed", f"cleancut models pull {spec.name} --accept-licence"
    try:
        here = installed(spec, store) is not None
    except CleancutError:
        return "damaged", f"cleancut models remove {spec.name}, then cleancut models pull {spec.name}"
    return ("installed", None) if here else ("not_installed", f"cleancut models pull {spec.name}")
