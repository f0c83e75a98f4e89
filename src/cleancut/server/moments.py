"""Moments: Unix time inside, dates with a zone outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _no_number(value: object) -> object:
    if not isinstance(value, str) or re.fullmatch(r"[-+0-9._eE]*", value):
        raise ValueError("is no date and time, such as 2026-11-21T12:00:00Z")
    return value


Before = Annotated[AwareDatetime, BeforeValidator(_no_number), Query(description="Those made before a moment.")]
"""What a list goes on from: the moment of its last entry."""


def shown(seconds: float) -> datetime:
    """Unix time as it is shown."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds_of(moment: datetime | None) -> float | None:
    """Unix time, also of moments that the system's own calls do not reach."""
    return None if moment is None else (moment - _EPOCH) / timedelta(seconds=1)
