"""Requests to one service: sent again where that helps, and its refusals as errors."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from cleancut._version import __version__
from cleancut.client.answers import check_kind, error_class, foreign, retry_after
from cleancut.client.fields import Form, unreadable
from cleancut.errors import OptionError, ServiceError, ServiceUnavailable
from cleancut.files import make_folder, replacing

if TYPE_CHECKING:
    import httpx

# A network that drops packets should cost seconds, not minutes, before it is tried again.
_CONNECT_S = 5.0

# The windows of requests are a minute, an hour and a day: the first is worth waiting for within a call.
_LONGEST_WAIT_S = 60

# Where nobody says when to come back: the first wait, doubled each time. A service that restarts takes seconds.
_FIRST_WAIT_S = 0.5

# A proxy's page may be long, a terminal is not.
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request, and how often it is tried."""

    method: str
    path: str
    form: Form | None
    headers: Mapping[str, str]
    retries: int
    repeatable: bool
    """Whether it does no harm if it has been carried out before."""
    quiet: float
    """Seconds in which nothing moves before its answer is given up."""
    until: float
    """The moment (monotonic) beyond which nothing is waited for."""


class Transport:
    """A pool of connections to one service. May be used by several threads."""

    def __init__(self, address: str, key: str | None, timeout: float, retries: int, keep: bool = True) -> None:
        """Raises OptionError."""
        if not 0 < timeout < math.inf:
            raise OptionError(f"timeout: {timeout!r} is out of range", hint="give a number of seconds above 0")
        if retries < 0:
            raise OptionError(f"retries: {retries!r} is out of range", hint="give a whole number from 0")
        self._timeout = timeout
        self.retries = retries
        self._http = _http(address, key, timeout)
        if not keep:
            self._http.headers["Cache-Control"] = "no-store"
        self.address = str(self._http.base_url.copy_with(userinfo=b"")).rstrip("/")

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    @contextmanager
    def answer(
        self,
        method: str,
        path: str,
        form: Form | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        retries: int | None = None,
        once: bool = False,
        quiet: float | None = None,
        until: float = math.inf,
    ) -> Iterator[httpx.Response]:
        """A good answer (2xx) whose body has yet to be read, within the block.

        ``form`` is sent anew with each try. ``once``: not sent again where it may have been carried out; ``quiet``:
        another timeout for the answer; ``until``: the moment (monotonic) beyond which no further try is waited for.
        Raises ServiceError, InputMissing.
        """
        import httpx

        times, patience = self.retries if retries is None else retries, self._timeout if quiet is None else quiet
        # A second deletion finds nothing, and its answer would say so.
        repeatable = not once and method != "DELETE"
        response = self._try_often(_Ask(method, path, form, headers or {}, times, repeatable, patience, until))
        try:
            yield response
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise self._failed(error, "broke off its answer", patience) from error
        finally:
            response.close()

    def download(self, path: str, kind: str, target: Path) -> None:
        """Write what is there to a file, which appears whole or not at all. Raises ServiceError, Unwritable."""
        make_folder(target.parent)
        with (
            self.answer("GET", path) as response,
            replacing(target) as temporary,
            temporary.open("wb") as file,
        ):
            check_kind(response, kind)
            for part in response.iter_bytes():
                file.write(part)

    def pause(self, tried: int, until: float = math.inf) -> None:
        """Wait before it is tried again, the longer the more often it was tried, but not beyond ``until``."""
        sleep(max(0.0, min(_backoff(tried), until - monotonic())))

    def _try_often(self, ask: _Ask) -> httpx.Response:
        import httpx

        for tried in range(ask.retries + 1):
            problem: ServiceError
            wait, cause = None, None
            try:
                response = self._send(ask)
            except httpx.HTTPError as error:
                problem, cause = self._failed(error, "did not answer", ask.quiet), error
                if _worth_repeating(error, ask.repeatable):
                    wait = _backoff(tried)
            else:
                if response.is_success:
                    return response
                problem = self._refused(response)
                wait = _asked_wait(problem, tried)
            if wait is None or tried == ask.retries or monotonic() + wait > ask.until:
                raise problem from cause
            sleep(wait)
        raise AssertionError("the last round returns or raises")

    def _send(self, ask: _Ask) -> httpx.Response:
        """One try: the head of the answer. Raises httpx.HTTPError, InputMissing."""
        import httpx

        with ExitStack() as opened:
            # Always a form of parts, also where all of it is text: the limit on the strokes is that of a part.
            files = opened.enter_context(ask.form.parts()) if ask.form else None
            usual = self._http.timeout
            timeout = httpx.Timeout(connect=usual.connect, read=ask.quiet, write=usual.write, pool=usual.pool)
            request = self._http.build_request(ask.method, ask.path, files=files, headers=ask.headers, timeout=timeout)
            try:
                return self._http.send(request, stream=True)
            except OSError as error:
                # What goes wrong on the network is an httpx.HTTPError; this comes from a file that is being sent.
                raise unreadable("the picture", error) from error

    def _refused(self, response: httpx.Response) -> ServiceError:
        """The error for an answer that is not good."""
        import httpx

        status = response.status_code
        try:
            said = _problem(response.read())
        except httpx.HTTPError:
            said = {}
        finally:
            response.close()
        if response.has_redirect_location:
            return foreign(response, f"a redirect to {response.headers['location'][:_LONGEST_TEXT]}, not followed")
        if not said:
            return foreign(response, response.reason_phrase or "no reason is given")
        return error_class(status)(
            f"{self.address} answered {status} {said['code']}: {said['error']}",
            hint=said.get("hint", "see docs/errors.md for what this code means"),
            code=said["code"],
            status=status,
            request_id=response.headers.get("x-request-id"),
            retry_after=retry_after(response),
        )

    def _failed(self, error: Exception, what: str, quiet: float) -> ServiceUnavailable:
        """The error for a request without a whole answer."""
        import httpx

        text, hint = str(error) or type(error).__name__, "try again; the service's log tells more"
        if isinstance(error, httpx.ConnectTimeout):
            text, hint = f"no connection within {_CONNECT_S:g} s", "check the address and the network"
        elif isinstance(error, httpx.TimeoutException):
            text, hint = f"nothing moved for {quiet:g} s", "give a longer timeout, or a smaller picture"
        elif isinstance(error, httpx.ProxyError):
            text, hint = f"the proxy failed: {text}", "check the proxy settings of the environment"
        elif "CERTIFICATE_VERIFY_FAILED" in text:
            hint = "name certificates of your own by SSL_CERT_FILE"
        elif isinstance(error, httpx.ConnectError):
            hint = "check the address, and that `cleancut serve` is running there"
        return ServiceUnavailable(f"{self.address} {what}: {text}", hint=hint)


def _http(address: str, key: str | None, timeout: float) -> httpx.Client:
    import httpx

    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError) as error:
        raise OptionError(f"{address!r} is no address of a service: {error}", hint=_ADDRESS) from error
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise OptionError(f"{address!r} is no address of a service", hint=_ADDRESS)
    headers = {"User-Agent": f"cleancut/{__version__}"}
    if key is not None:
        # Not shown: whoever reads the message need not have the key.
        if not re.fullmatch("[!-~]+", key):
            raise OptionError("the key holds characters that no key has", hint="give it as `cleancut keys make` did")
        headers["X-Api-Key"] = key
    try:
        return httpx.Client(
            base_url=url,
            headers=headers,
            # Threads that wait for one of the pool's connections wait for each other, not for the service.
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_S), pool=None),
            # No proxy leads to this machine itself.
            mounts=dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]")),
        )
    # Proxies and certificates named by the environment: a URL that is none, a file that is not there, SOCKS without
    # the package for it.
    except (httpx.InvalidURL, ValueError, OSError, ImportError) as error:
        raise OptionError(
            f"the proxy or certificate settings of the environment cannot be used: {error}",
            hint="correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or SSL_CERT_FILE",
        ) from error


_ADDRESS = "give it as http://127.0.0.1:8000 or https://cutouts.example"


def _problem(body: bytes) -> dict[str, str]:
    """What the service says of a refusal: ``error``, ``code`` and ``hint``; empty if it is not the service's."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict) or not isinstance(said.get("error"), str):
        return {}
    if not re.fullmatch("[a-z]+(_[a-z]+)*", str(said.get("code"))):
        return {}
    return {name: said[name][:_LONGEST_TEXT] for name in ("error", "code", "hint") if isinstance(said.get(name), str)}


def path_of(folder: str, id: str, what: str, hint: str) -> str:
    """Where the thing with that id is. Raises OptionError."""
    # A path's own signs would lead elsewhere, and there is a DELETE for all that is kept.
    if not re.fullmatch("[0-9A-Za-z_-]{1,64}", id):
        raise OptionError(f"{id!r} is no id of a {what}", hint=hint)
    return f"/api/v1/{folder}/{id}"


def _worth_repeating(error: Exception, repeatable: bool) -> bool:
    """Whether a request that got no answer may be sent again."""
    import httpx

    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return True
    # It may have been carried out.
    return repeatable and isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)


def _asked_wait(problem: ServiceError, tried: int) -> float | None:
    """Seconds after which to come back as the answer asks; None if that is not worth it."""
    # One sent again after a lost answer can meet itself on its way in.
    if problem.status not in (429, 503) and problem.code != "idempotency_conflict":
        return None
    if problem.retry_after is not None:
        # Never before: that would be refused again. Not all at the same time either.
        return problem.retry_after * random.uniform(1, 1.25) if problem.retry_after <= _LONGEST_WAIT_S else None
    # The service says when wherever coming back helps; a proxy often does not.
    return _backoff(tried) if problem.code == type(problem).code else None


def _backoff(tried: int) -> float:
    return float(_FIRST_WAIT_S * 2**tried * random.uniform(0.5, 1.5))
