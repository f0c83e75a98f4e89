"""Who a request comes from: a key in a header, the page's signed cookie, or, on an open server, anybody."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog
from cachetools import TTLCache
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection

from cleancut.errors import OptionError
from cleancut.files import make_folder, replacing
from cleancut.server.keys import Key, Keys
from cleancut.server.limits import Rates
from cleancut.server.problems import Refused
from cleancut.server.settings import ServerSettings

COOKIE = "cleancut_session"
CSRF_HEADER = "X-CSRF-Token"

# Whose everything is where there are no keys.
EVERYBODY = "local"

# More than people sign out in half a day.
_ENDED_SESSIONS = 100_000

_SAFE = ("GET", "HEAD", "OPTIONS")

# As long as the hashes that it signs with.
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks."""

    owner: str
    """The key's id, under which all of it is kept; ``local`` where there are no keys."""
    address: str
    by: Literal["key", "cookie", "nobody"]


class HeldKeys:
    """The keys of a server, whose file may break while it runs: then each of these raises Refused (keys_unreadable)."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def __bool__(self) -> bool:
        """Whether a key is asked for."""
        with _kept_quiet():
            return bool(self._keys)

    def find(self, secret: str) -> Key | None:
        """The key whose secret this is."""
        with _kept_quiet():
            return self._keys.find(secret)

    def of(self, id: str) -> Key | None:
        """The key of that id, while it is not revoked."""
        with _kept_quiet():
            return self._keys.of(id)


class Auth:
    """Keys and sessions of one server."""

    def __init__(self, settings: ServerSettings, keys: Keys, rates: Rates, secret: bytes) -> None:
        self._settings = settings
        self.keys = HeldKeys(keys)
        self._rates = rates
        self._sessions = URLSafeTimedSerializer(secret, salt="cleancut.session")
        self._tokens = URLSafeTimedSerializer(secret, salt="cleancut.csrf")
        # Sessions that were ended before their time, for as long as their cookies would hold.
        self._ended: TTLCache[str, bool] = TTLCache(_ENDED_SESSIONS, settings.session_seconds)

    def client(self, request: HTTPConnection, method: str) -> Client:
        """Who sent a request.

        Raises Refused (key_needed, key_unknown, csrf_failed, rate_limited, keys_unreadable).
        """
        address = neighbourhood(request.client.host) if request.client else "unknown"
        if not self.keys:
            return Client(EVERYBODY, address, "nobody")
        sent = key_sent(request)
        if sent is not None:
            return Client(self.owner_of(sent, address), address, "key")
        session = request.cookies.get(COOKIE)
        owner = self._signed_in(session) if session else None
        if session is None or owner is None:
            raise Refused(
                "key_needed", "this server wants a key", hint="send it in the header X-Api-Key",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        if method not in _SAFE and not self._holds(request.headers.get(CSRF_HEADER, ""), session):
            raise Refused(
                "csrf_failed", f"the header {CSRF_HEADER} is missing or not this session's",
                hint="take it from GET /api/session",
            )  # fmt: skip
        return Client(owner, address, "cookie")

    def is_still(self, client: Client, request: HTTPConnection) -> bool:
        """Whether who was let in would be so now: keys are made and revoked, and sessions end."""
        try:
            if client.by == "nobody":
                return not self.keys
            if client.by == "cookie":
                return self._signed_in(request.cookies.get(COOKIE, "")) == client.owner
            return self.keys.of(client.owner) is not None
        except Refused:
            return False

    def owner_of(self, secret: str, address: str) -> str:
        """The id of the key whose secret this is. Raises Refused (key_unknown, rate_limited, keys_unreadable)."""
        windows, address = self._settings.failure_limits, neighbourhood(address)
        key = self.keys.find(secret)
        if key is None:
            # A right key passes whoever else guesses beside it: of 256 bits nobody guesses one.
            self._rates.spend(windows, "failures", address)
            raise Refused(
                "key_unknown", "this key is not known here", hint="check it, or have one made by `cleancut keys make`",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return key.id

    def sign_in(self, owner: str) -> str:
        """The value of a cookie for the owner of a key."""
        return str(self._sessions.dumps([owner, secrets.token_hex(8)]))

    def sign_out(self, session: str) -> None:
        """End a session: its cookie is worth nothing any more."""
        # By its id: one session can be spelled in several ways.
        if id := self._read(session)[1]:
            self._ended[id] = True

    def token(self, session: str) -> str:
        """What the page sends with everything that changes something, and other pages cannot know."""
        return str(self._tokens.dumps(session))

    def _signed_in(self, session: str) -> str | None:
        owner, id = self._read(session)
        if not owner or id in self._ended:
            return None
        # A session ends with its key.
        return owner if self.keys.of(owner) else None

    def _read(self, session: str) -> tuple[str, str]:
        """The owner and the id of a session; empty where it is none."""
        try:
            owner, id = self._sessions.loads(session, max_age=self._settings.session_seconds)
        except (BadSignature, ValueError, TypeError):
            return "", ""
        return str(owner), str(id)

    def _holds(self, token: str, session: str) -> bool:
        try:
            return bool(self._tokens.loads(token, max_age=self._settings.session_seconds) == session)
        except BadSignature:
            return False


@contextmanager
def _kept_quiet() -> Iterator[None]:
    """Tell of a broken file of keys in the log alone: its name is nobody's business but the operator's."""
    try:
        yield
    except OptionError as error:
        structlog.get_logger().error("the keys cannot be read", problem=str(error), hint=error.hint)
        raise Refused(
            "keys_unreadable",
            "the server cannot read its keys",
            hint="tell its operator to run `cleancut keys list`",
        ) from None


def neighbourhood(address: str) -> str:
    """What counts as one client: an address, but of IPv6 the 64 bits that one household gets to use as it likes."""
    try:
        found = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found), 64), strict=False))


def key_sent(request: HTTPConnection) -> str | None:
    """The key in a request's headers: X-Api-Key, or Authorization: Bearer."""
    if key := request.headers.get("x-api-key", "").strip():
        return key
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" and credentials.strip() else None


def secret_in(path: Path) -> bytes:
    """The server's own secret, made at its first use. Raises Unwritable."""
    # An empty file, say of a full disk, would be a secret that everybody knows.
    if not path.is_file() or path.stat().st_size < _SECRET_BYTES:
        make_folder(path.parent)
        with replacing(path) as temporary:
            temporary.touch(mode=0o600)
            temporary.write_bytes(secrets.token_bytes(_SECRET_BYTES))
    return path.read_bytes()
