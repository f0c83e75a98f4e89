"""A file by URL, resumed where its transfer was cut off.

``download`` leaves the file at the path of a ``Partial``; what is wrong with a source is raised as ``Failed``, so
that the next one can be tried, while a disk that cannot be written raises OSError, since no other source helps.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleancut._version import __version__
from cleancut.models.sources import Failed, Partial, Progress, check_size

if TYPE_CHECKING:
    import httpx

# A network that drops packets should cost seconds, not minutes, before the next source is tried.
CONNECT_S = 5.0
STALL_S = 30.0
# A release asset takes one redirect, a hub's file two.
REDIRECTS = 5
RESUMES = 3


class _CutOff(Exception):
    """The transfer broke off; what arrived is kept."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A response whose body has yet to be read, and what the publisher's own host said of the file."""

    response: httpx.Response
    checksum: str | None
    size: int | None


def download(
    url: str, partial: Partial, progress: Progress, *, sizes: Collection[int] = (), stated: bool = False
) -> str | None:
    """Fetch ``url`` into ``partial``, from where that ends; the ``sha256:…`` its publisher states, if any.

    ``sizes``: what the file may measure, empty if unknown. ``stated``: refuse a publisher who states no checksum.
    The content is not verified. Raises Failed, with what arrived kept for the next time, and OSError.
    """
    with _client() as client:
        furthest = partial.size
        for resumed in range(RESUMES + 1):
            try:
                return _transfer(client, url, partial, progress, sizes, stated)
            except _CutOff as cut:
                # Only ever further on: a server that breaks off at the same byte would do so for ever.
                if partial.size <= furthest or resumed == RESUMES:
                    raise Failed(f"cut off after {partial.size:,} bytes: {cut}") from cut
                furthest = partial.size
    raise AssertionError("the last round returns or raises")


def _client() -> httpx.Client:
    import httpx

    try:
        return httpx.Client(
            timeout=httpx.Timeout(STALL_S, connect=CONNECT_S), headers={"User-Agent": f"cleancut/{__version__}"}
        )
    # Proxies and certificates named by the environment: a URL that is none, a file that is not there, SOCKS without
    # the package for it.
    except (httpx.InvalidURL, ValueError, OSError, ImportError) as error:
        raise Failed(f"the proxy or certificate settings of the environment cannot be used: {error}") from error


def _transfer(
    client: httpx.Client, url: str, partial: Partial, progress: Progress, sizes: Collection[int], stated: bool
) -> str | None:
    offset = partial.size
    with _open(client, url, _headers(partial)) as answer:
        response = answer.response
        if stated and answer.checksum is None:
            raise Failed("states no checksum")
        ranged = offset > 0 and response.status_code in (206, 416)
        if not ranged or _continues(response, partial):
            if ranged and response.status_code == 416:
                check_size(offset, sizes)
                return answer.checksum
            _refuse(response)
            start = offset if ranged else 0
            total = _total(answer, start, sizes)
            if not start:
                partial.restart(_mark_of(response))
            _receive(response, partial, total, progress)
            return answer.checksum
    # The file changed since: what is there belongs to another one.
    partial.discard()
    return _transfer(client, url, partial, progress, sizes, stated)


def _headers(partial: Partial) -> dict[str, str]:
    # Compressed on the way, neither lengths nor ranges would be those of the file.
    headers = {"Accept-Encoding": "identity"}
    if partial.size:
        headers["Range"] = f"bytes={partial.size}-"
        # A weak mark may not be used so (RFC 9110, 13.1.5); it is compared with the answer's instead.
        if partial.mark and not partial.mark.startswith("W/"):
            headers["If-Range"] = partial.mark
    return headers


@contextmanager
def _open(client: httpx.Client, url: str, headers: dict[str, str]) -> Iterator[_Answer]:
    import httpx

    checksum: str | None = None
    size: int | None = None
    for hop in range(REDIRECTS + 1):
        try:
            response = client.send(client.build_request("GET", url, headers=headers), stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OverflowError) as error:
            raise Failed(_reason(error)) from error
        try:
            if hop == 0:
                # Only the publisher's own host is believed about the file, not the one it sends us on to.
                tag = response.headers.get("x-linked-etag", "").removeprefix("W/").strip('"').lower()
                checksum = f"sha256:{tag}" if re.fullmatch(r"[0-9a-f]{64}", tag) else None
                size = _number(response.headers.get("x-linked-size"))
            if not response.has_redirect_location:
                yield _Answer(response, checksum, size)
                return
            url = _next(response)
        finally:
            response.close()
    raise Failed(f"redirects more than {REDIRECTS} times")


def _next(response: httpx.Response) -> str:
    target = response.url.join(response.headers["location"])
    if target.scheme not in ("http", "https"):
        raise Failed(f"redirects to {target.scheme}:, which is not followed")
    if response.url.scheme == "https" and target.scheme == "http":
        raise Failed("redirects from https to http, which is not followed")
    return str(target)


def _refuse(response: httpx.Response) -> None:
    """Raise Failed for an answer that is not the file."""
    status = f"answered {response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code in (401, 403, 407):
        raise Failed(f"{status}; it may want a log-in")
    if response.status_code not in (200, 206):
        raise Failed(status)
    if response.headers.get("content-type", "").lower().startswith("text/html"):
        raise Failed("answered a web page, perhaps a proxy's log-in page")
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise Failed(f"answered in the encoding {encoding}, which was not asked for")


def _continues(response: httpx.Response, partial: Partial) -> bool:
    """Whether the answer to a range goes on just where ``partial`` ends, in the same version of the file."""
    mark = _mark_of(response)
    if partial.mark and mark and mark != partial.mark:
        return False
    span = str(response.headers.get("content-range", ""))
    # An answer that nothing lies beyond (416) is right only where nothing is missing.
    return (
        span.startswith(f"bytes {partial.size}-") if response.status_code == 206 else span == f"bytes */{partial.size}"
    )


def _mark_of(response: httpx.Response) -> str | None:
    mark: str | None = response.headers.get("etag") or response.headers.get("last-modified")
    return mark


def _total(answer: _Answer, start: int, sizes: Collection[int]) -> int | None:
    """The size of the whole file, where anyone says it. Raises Failed where it is not one of ``sizes``."""
    length = _number(answer.response.headers.get("content-length"))
    stated = [each for each in (answer.size, None if length is None else start + length) if each is not None]
    for each in stated:
        check_size(each, sizes)
    return stated[-1] if stated else next(iter(sizes)) if len(sizes) == 1 else None


def _receive(response: httpx.Response, partial: Partial, total: int | None, progress: Progress) -> None:
    import httpx

    done = partial.size
    try:
        with partial.path.open("ab") as file:
            for block in response.iter_raw():
                done += len(block)
                if total is not None and done > total:
                    break
                file.write(block)
                progress(done, total)
    except httpx.TransportError as error:
        raise _CutOff(_reason(error)) from error
    except OSError:
        # A full disk had better be given back what was taken.
        partial.discard()
        raise
    if total is not None and done > total:
        partial.discard()
        raise Failed(f"sent more than the {total:,} bytes of the file")
    if total is not None and done < total:
        raise _CutOff(f"{total:,} were expected")


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else None


def _reason(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {CONNECT_S:g} s"
    if isinstance(error, httpx.TimeoutException):
        return f"nothing arrived for {STALL_S:g} s"
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        text += " (SSL_CERT_FILE names certificates of your own)"
    return f"the proxy failed: {text}" if isinstance(error, httpx.ProxyError) else text
