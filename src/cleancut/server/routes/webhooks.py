"""Webhooks: the secrets that sign their messages, and what has become of each message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from cleancut.jobs import messages
from cleancut.jobs.records import Delivery, DeliveryState, Secret
from cleancut.server.cutouts import gone
from cleancut.server.moments import Before, seconds_of, shown
from cleancut.server.openapi import errors
from cleancut.server.routing import Known, TheClient, TheService, count, own

router = APIRouter(prefix="/api/v1/webhooks", tags=["jobs"], route_class=Known, dependencies=[Depends(own)])

# Time for receivers to learn the new secret, while both sign.
_OVERLAP_S = 86_400

_LIST = 100

MessageId = Annotated[str, Path(description="A message's id.", examples=["msg_0f343b0931126a20f133d67c2b018a3b"])]
SecretId = Annotated[str, Path(description="A secret's id.", examples=["0f343b0931126a20"])]


class SecretInfo(BaseModel):
    """A secret, without what is secret of it."""

    id: str
    made: datetime
    ends: datetime | None = Field(description="When it signs nothing any more; null for the newest.")


class NewSecret(SecretInfo):
    """A secret, shown this once."""

    secret: str = Field(description="What a receiver verifies messages with (Standard Webhooks).")


class Secrets(BaseModel):
    """The secrets that sign at present, newest first."""

    secrets: list[SecretInfo]


class AttemptInfo(BaseModel):
    """An attempt to deliver a message."""

    number: int
    made: datetime
    ms: float
    status: int | None = Field(description="What the receiver answered; null where it did not.")
    problem: str | None


class MessageInfo(BaseModel):
    """A message to a webhook."""

    id: str = Field(description="Sent as webhook-id, the same at each attempt.")
    job: str
    event: str
    url: str
    state: DeliveryState
    made: datetime
    ended: datetime | None
    attempts: list[AttemptInfo]


class Messages(BaseModel):
    """Messages, newest first."""

    messages: list[MessageInfo]


@router.post("/secrets", status_code=201, responses=errors())
async def make_secret(service: TheService, client: TheClient) -> NewSecret:
    """Make a new secret. The ones before sign beside it for a day, so that receivers can change to it."""
    desk = service.desk
    made = await service.asking(lambda: messages.rotate(desk.opened(), client.owner, desk.clock(), _OVERLAP_S))
    return NewSecret(**_secret(made).model_dump(), secret=made.secret)


@router.get("/secrets", responses=errors())
async def secrets(service: TheService, client: TheClient) -> Secrets:
    """The secrets that sign at present."""
    desk = service.desk
    found = await service.asking(lambda: messages.secrets_of(desk.opened(), client.owner, desk.clock()))
    return Secrets(secrets=[_secret(each) for each in found])


@router.delete("/secrets/{id}", status_code=204, responses=errors(404))
async def revoke_secret(id: SecretId, service: TheService, client: TheClient) -> None:
    """Have a secret sign nothing more, at once."""
    if not await service.asking(lambda: messages.revoke(service.desk.opened(), client.owner, id)):
        raise gone("this secret")


@router.get("/messages", responses=errors())
async def message_log(
    service: TheService,
    client: TheClient,
    job: Annotated[str | None, Query(description="Of this job alone.")] = None,
    before: Before | None = None,
    limit: Annotated[int, Query(ge=1, le=_LIST)] = _LIST,
) -> Messages:
    """What was sent to webhooks, and how that went."""
    moment = seconds_of(before)
    found = await service.asking(lambda: messages.log(service.desk.opened(), client.owner, job, moment, limit))
    return Messages(messages=[_message(each) for each in found])


@router.get("/messages/{id}", responses=errors(404))
async def message(id: MessageId, service: TheService, client: TheClient) -> MessageInfo:
    """One message, and all attempts to deliver it."""
    found = await service.asking(lambda: messages.find(service.desk.opened(), client.owner, id))
    if found is None:
        raise gone("this message")
    return _message(found)


@router.post("/messages/{id}/replay", status_code=202, responses=errors(404))
async def replay_message(id: MessageId, request: Request, service: TheService, client: TheClient) -> MessageInfo:
    """Send a message once more, under the id that it has."""
    # Each is a request to somebody else.
    count(request)
    desk = service.desk

    def again() -> Delivery | None:
        found = messages.replay(desk.opened(), client.owner, id, desk.clock() + desk.terms.delivery)
        desk.send([messages.key_of(found.id, found.round)] if found else [])
        return found

    found = await service.asking(again)
    if found is None:
        raise gone("this message")
    return _message(found)


def _secret(secret: Secret) -> SecretInfo:
    ends = None if secret.ends is None else shown(secret.ends)
    return SecretInfo(id=secret.id, made=shown(secret.made), ends=ends)


def _message(found: Delivery) -> MessageInfo:
    attempts = [
        AttemptInfo(number=each.number, made=shown(each.made), ms=each.ms, status=each.status, problem=each.problem)
        for each in found.attempts
    ]
    ended = None if found.ended is None else shown(found.ended)
    return MessageInfo(
        id=found.id, job=found.job, event=found.event, url=found.url, state=found.state, made=shown(found.made),
        ended=ended, attempts=attempts,
    )  # fmt: skip
