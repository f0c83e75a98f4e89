"""What a place that keeps results offers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

# What is safe in a file's path and an object's key alike. 128 characters hold any hash and a suffix, and stay below the
# 255 bytes that a file's name may have.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of an object without reading it."""

    name: str
    size: int
    """In bytes."""
    expires: float
    """Unix time, in seconds: from that moment on, the object is gone."""


class Storage(Protocol):
    """Objects by name, each belonging to an owner and living for a time. All calls may come from several threads.

    Owners and names are letters, digits, ``.``, ``_`` and ``-``, at most 128 of them, with a letter or digit first and
    no ``..`` inside: the server makes them. A wrong owner raises ValueError everywhere, a wrong name only in ``put``:
    what asks for an object comes from a client's URL, and there is no object of such a name.
    """

    def put(self, owner: str, name: str, data: bytes, seconds: float) -> Stored:
        """Keep ``data`` for that long. It appears whole or not at all, and replaces what had the name.

        Raises Unwritable, with a text that clients may see.
        """
        ...

    def get(self, owner: str, name: str) -> bytes | None:
        """The bytes; None where it never was, has expired or had to make room. Counts as a use."""
        ...

    def find(self, owner: str, name: str) -> Stored | None:
        """The same without the bytes. Counts as a use."""
        ...

    def prolong(self, owner: str, name: str, seconds: float) -> Stored | None:
        """Have an object live for that long from now on; None where there is none."""
        ...

    def delete(self, owner: str, name: str) -> bool:
        """Remove an object; whether there was one. Raises Unwritable where it cannot be removed."""
        ...

    def of(self, owner: str) -> list[Stored]:
        """All objects of an owner, sorted by name."""
        ...

    def erase(self, owner: str) -> int:
        """Remove all objects of an owner; how many are gone. Raises Unwritable where one cannot be removed."""
        ...

    def sweep(self) -> int:
        """Remove what has expired and what was left half-written; how many of both. To be called now and then."""
        ...


def is_name(text: str) -> bool:
    """Whether ``text`` can be an owner or a name."""
    return NAME.fullmatch(text) is not None and ".." not in text


def require_name(text: str) -> None:
    """Raises ValueError where ``text`` can be neither an owner nor a name."""
    if not is_name(text):
        raise ValueError(f"{text!r} cannot be an owner's or an object's name")
