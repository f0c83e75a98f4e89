"""Messages of the service, signed by it and verified by whoever receives them.

After the Standard Webhooks specification 1.0.0 (https://www.standardwebhooks.com), with symmetric signatures (v1): a
message has the headers ``webhook-id``, ``webhook-timestamp`` (unix seconds) and ``webhook-signature``, a list divided
by blanks of ``v1,<base64>``, which is the HMAC-SHA256 of ``id.timestamp.body``. A secret is spelled ``whsec_<base64>``.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from secrets import token_bytes

from cleancut.errors import OptionError, WebhookRefused

_PREFIX = "whsec_"

# The specification's bounds, in bytes; and what is made here: as long as the hash, more would add nothing.
_SHORTEST, _LONGEST = 24, 64
_MADE = 32

# What a header holds without quoting, and no full stop: of "1.2.3" nobody could tell whether the id is 1 or 1.2.
_ID = re.compile(r"[!-\-/-~]+")

# Of one spelling, as the text is what is signed; twelve digits are some thirty thousand years.
_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,11}")

_UNSIGNED = "let only the service send to this address, and look whether a proxy takes headers away"


def new_secret() -> str:
    """A new secret, as it is given to the receiver of messages."""
    return _PREFIX + b64encode(token_bytes(_MADE)).decode("ascii")


def sign(secrets: Sequence[str], id: str, timestamp: int, body: bytes) -> str:
    """The header webhook-signature of a message: one signature for each secret.

    There are several secrets while one is being replaced: a receiver needs to know one of them. ``id`` stays the same
    if the message is sent again, ``timestamp`` (unix seconds) is that of the sending. Raises OptionError.
    """
    if not _ID.fullmatch(id):
        raise OptionError(
            "the message's id has no character, a full stop, or what no header can hold",
            hint="make it of letters, digits, - and _",
        )
    if not _TIMESTAMP.fullmatch(str(timestamp)):
        raise OptionError(
            f"the timestamp {timestamp!r} is out of range", hint="give seconds since 1970, a whole number"
        )
    return " ".join(f"v1,{_signature(key, id, str(timestamp), body)}" for key in _keys(secrets))


def verify(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: float = 300.0,
    now: float | None = None,
) -> str:
    """Make sure that a message comes from who knows the secret, lately and unchanged; its id.

    ``headers`` are the request's, in any case; ``body`` its bytes as they arrived, before they are read as JSON. Of
    several secrets one suffices. A message older than ``tolerance`` seconds, or as far ahead of ``now`` (unix seconds;
    this machine's clock), is refused. A message can arrive more than once: keep the ids of the last ones for longer
    than ``tolerance``, and drop repeats. Raises WebhookRefused, and OptionError for a secret that is none.
    """
    keys = _keys([secret] if isinstance(secret, str) else secret)
    named = {name.lower(): value for name, value in headers.items()}
    id, timestamp, signatures = (_header(named, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not _ID.fullmatch(id):
        raise WebhookRefused("the message's webhook-id is malformed", hint=_UNSIGNED)
    if not _TIMESTAMP.fullmatch(timestamp):
        raise WebhookRefused("the message's webhook-timestamp is no number of seconds", hint=_UNSIGNED)
    age = (time.time() if now is None else now) - int(timestamp)
    # So that a tolerance that is not a number lets nothing pass.
    if not abs(age) <= tolerance:
        raise WebhookRefused(
            f"the message was sent more than {tolerance:g} seconds {'ago' if age > 0 else 'ahead'}",
            hint="set this machine's clock, and verify a message when it arrives; one that was refused is sent again",
        )
    if not _is_signed(keys, id, timestamp, body, signatures):
        raise WebhookRefused(
            "the message has no signature of the secret",
            hint="verify the body as it arrived, byte for byte, with the secret of this very webhook",
        )
    return id


def _header(named: Mapping[str, str], name: str) -> str:
    value = named.get(name, "").strip()
    if not value:
        raise WebhookRefused(f"the message has no header {name}", hint=_UNSIGNED)
    return value


def _is_signed(keys: list[bytes], id: str, timestamp: str, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures is by one of the keys; the time it takes tells neither which nor how nearly."""
    given = [value for version, _, value in (each.partition(",") for each in signatures.split()) if version == "v1"]
    matches = False
    for key in keys:
        expected = _signature(key, id, timestamp, body).encode("ascii")
        for each in given:
            # As bytes: of texts only those in ASCII can be compared.
            matches |= hmac.compare_digest(expected, each.encode("utf-8", "replace"))
    return matches


def _signature(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    return b64encode(hmac.digest(key, f"{id}.{timestamp}.".encode("ascii") + body, "sha256")).decode("ascii")


def _keys(secrets: Sequence[str]) -> list[bytes]:
    """The bytes of the secrets. Raises OptionError, whose text does not hold them."""
    if not secrets:
        raise OptionError("there is no secret to sign with", hint="give one that new_secret() made")
    return [_key(each) for each in secrets]


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise OptionError(
            f"the secret is not spelled {_PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64",
            hint="copy it whole, as the service showed it",
        )
    return key
