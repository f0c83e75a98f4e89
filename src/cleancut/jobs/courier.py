"""Messages brought to webhooks: tried again with growing pauses, given up in the end, each attempt noted."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from cleancut._version import __version__
from cleancut.client.webhooks import sign
from cleancut.errors import InputError
from cleancut.jobs import messages
from cleancut.jobs.desk import Desk
from cleancut.jobs.observer import Observer
from cleancut.jobs.queues.protocol import Task
from cleancut.jobs.records import Attempt, Delivery, DeliveryState
from cleancut.jobs.turns import Turns
from cleancut.outside.network import Network
from cleancut.outside.post import Reply, post

# Seconds before the second attempt, the third and so on; after the last one a message is given up, some 16 hours after
# the first. What the Standard Webhooks recommend, with one more at the start.
PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)

# Receivers that were away together shall not all be asked again together.
_JITTER = 0.2

# What a receiver asks for by Retry-After is heeded up to here.
_LONGEST_WISH_S = 3600

# A receiver says that it is gone for good.
_GONE = 410


@dataclass(frozen=True, slots=True)
class Post:
    """How messages are sent."""

    networks: tuple[Network, ...] = ()
    """Where receivers may be beside the public network."""
    seconds: float = 10.0
    """For one attempt."""


class Courier:
    """Brings messages to where they belong."""

    def __init__(self, desk: Desk, terms: Post, observer: Observer) -> None:
        self._desk = desk
        self._terms = terms
        self._observer = observer
        self._turns = Turns(desk.clock)

    async def handle(self, task: Task) -> float | None:
        """Do a task of the queue; see ``queues.protocol.Handle``."""
        delivery = await asyncio.to_thread(messages.to_send, self._desk.opened(), task.key)
        if delivery is None:
            return None
        with self._turns.taken(delivery) as wait:
            return await self._attempt(delivery) if wait is None else wait

    async def _attempt(self, delivery: Delivery) -> float | None:
        """Send a message; the seconds until it is to be sent again, None where it is not."""
        base = self._desk.opened()
        began, now = time.perf_counter(), self._desk.clock()
        secrets = await asyncio.to_thread(messages.secrets_of, base, delivery.owner, now)
        reply: Reply | None = None
        problem = None
        if secrets:
            try:
                reply = await self._sent(delivery, [each.secret for each in secrets], int(now))
            except InputError as error:
                problem = str(error)
        else:
            problem = "there is no secret to sign it with"
        state, pause = _verdict(delivery, reply, bool(secrets))
        if reply is not None and state != "delivered":
            problem = f"it was answered with {reply.status}"
        ms = round((time.perf_counter() - began) * 1000, 1)
        status = None if reply is None else reply.status
        attempt = Attempt(0, delivery.round, now, ms, status, problem)
        expires = now + self._desk.terms.delivery
        await asyncio.to_thread(messages.attempted, base, delivery, attempt, state, expires)
        self._observer.message_attempted(state)
        return pause

    async def _sent(self, delivery: Delivery, secrets: list[str], now: int) -> Reply:
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"cleancut/{__version__}",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(secrets, delivery.id, now, body),
        }
        terms = self._terms
        return await post(delivery.url, body, headers, allowed=terms.networks, seconds=terms.seconds)


def _verdict(delivery: Delivery, reply: Reply | None, signed: bool) -> tuple[DeliveryState, float | None]:
    """What becomes of a message after an attempt, and the seconds until the next one."""
    if reply is not None and 200 <= reply.status < 300:
        return "delivered", None
    before = sum(each.round == delivery.round for each in delivery.attempts)
    if not signed or before >= len(PAUSES) or (reply is not None and reply.status == _GONE):
        return "given_up", None
    pause = PAUSES[before] * random.uniform(1 - _JITTER, 1 + _JITTER)
    wished = 0 if reply is None or reply.retry_after is None else min(reply.retry_after, _LONGEST_WISH_S)
    return "waiting", max(pause, wished)
