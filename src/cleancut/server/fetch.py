"""Pictures by URL, for a client of the service: fetched from the public network, and never from the one inside.

Who may name a URL makes this machine ask for it, from behind the firewall and with this machine's address. So every
address that a host name has is judged, and the connection goes to an address that was judged: a name that is resolved
once more may have another one (DNS rebinding). How an address is spelled (``127.1``, ``2130706433``) does not matter,
since it is judged as it is resolved.

Errors name neither the addresses found, nor what was answered, nor the URL, which may hold a signature.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial

import httpx

from cleancut._version import __version__
from cleancut.errors import FileTooLarge, InputMissing, UrlRefused
from cleancut.server.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What old browsers and proxies could take; signed URLs of the large stores stay below.
_LONGEST_URL = 2048

# Picture hosts need one or two: http to https, then to where the file lies.
_REDIRECTS = 5
_REDIRECT_CODES = (301, 302, 303, 307, 308)

# A host that does not take a connection within this time is tried at its next address,
_CONNECT_SECONDS = 5.0
# of which so many are tried; more would let one URL knock at many doors.
_TRIES = 3

# A name of ASCII labels (httpx has turned others into punycode by now), or an address; so no %, and no zone of IPv6.
_HOST = re.compile(r"(?=.{1,254}$)([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)

# All of IPv6 that is given out for the public network.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

# IPv4 seen through a translator, in networks that have IPv6 alone: DNS64 answers so for every host that has only IPv4.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# What ``is_global`` lets pass, in all or some versions of Python (CVE-2024-4032), though no picture is published there.
_NOT_PUBLIC: tuple[Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments; Oracle's cloud keeps metadata at 192.0.0.192
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.IPv4Network("168.63.129.16/32"),  # the host of every virtual machine in Azure
    ipaddress.IPv6Network("2001::/23"),  # protocol assignments; Teredo, which holds IPv4 addresses, is in it
    ipaddress.IPv6Network("2002::/16"),  # 6to4, which holds IPv4 addresses
    ipaddress.IPv6Network("3fff::/20"),  # documentation
)


async def fetch(url: str, max_bytes: int, *, allowed: tuple[Network, ...] = (), seconds: float = 30.0) -> bytes:
    """The bytes behind an http(s) URL that a client of the service names.

    Raises UrlRefused, InputMissing, FileTooLarge. Only hosts whose every address is public, or in a network of
    ``allowed``, are asked; the same holds for each redirect. ``seconds`` is the time for all of it.
    """
    try:
        # One deadline over all: a server that sends a byte now and then would outlast any limit on a single wait.
        async with asyncio.timeout(seconds):
            return await _follow(url, max_bytes, allowed)
    except TimeoutError as error:
        raise InputMissing(
            f"the URL was not fetched within {seconds:g} seconds", hint="try again later, or send the file itself"
        ) from error
    # The text of these may quote the answer, as that of a server that speaks no HTTP.
    except (httpx.HTTPError, OSError) as error:
        raise InputMissing(
            "the URL's server cannot be reached over a connection to be trusted, or its answer is broken",
            hint="check the URL in a browser, or send the file itself",
        ) from error


async def _follow(url: str, max_bytes: int, allowed: tuple[Network, ...]) -> bytes:
    """Ask, and follow redirects, each judged like the first URL."""
    asked = _parsed(url)
    for _ in range(_REDIRECTS + 1):
        addresses = await _resolved(asked.raw_host.decode("ascii"), allowed)
        answer = await _ask(asked, addresses, max_bytes)
        if isinstance(answer, bytes):
            return answer
        asked = _redirected(asked, answer)
    raise InputMissing(
        f"the URL redirects more than {_REDIRECTS} times", hint="give the URL at which a browser ends, or send the file"
    )


def _parsed(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """The URL, or where a redirect of ``base`` leads, taken apart by the code that also sends it. Raises UrlRefused."""
    if len(url) > _LONGEST_URL:
        raise UrlRefused(f"the URL has more than {_LONGEST_URL} characters", hint="send the file itself")
    # Readers of URLs disagree about these (some drop a tab, some take a backslash for a slash), so none is let through.
    if not url.isprintable() or " " in url or "\\" in url:
        raise UrlRefused("the URL holds a blank, a backslash or a control character", hint="write it as %20 or alike")
    try:
        parsed = base.join(url) if base else httpx.URL(url)
    # ValueError: of urllib, which joins.
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlRefused("the URL is malformed", hint="check how it is spelled") from error
    if parsed.scheme not in ("http", "https"):
        raise UrlRefused("the URL is neither http nor https", hint="give an http(s) URL, or send the file itself")
    if parsed.userinfo:
        raise UrlRefused("the URL holds a user name or password", hint="leave it out, or send the file itself")
    if not _HOST.fullmatch(parsed.raw_host.decode("ascii")):
        raise UrlRefused("the URL has no host, or one that is no name and no address", hint="check how it is spelled")
    if parsed.port is not None and not 0 < parsed.port < 2**16:
        raise UrlRefused("the URL's port does not exist", hint="leave it out, or give one from 1 to 65535")
    return parsed


# Of their own: a name server that hangs holds a thread beyond the deadline, and others' files wait for the loop's.
_RESOLVERS = ThreadPoolExecutor(4, thread_name_prefix="resolver")


async def _resolved(host: str, allowed: tuple[Network, ...]) -> list[Address]:
    """All addresses of the host, every one judged. Raises UrlRefused."""
    try:
        # By its name, which tests replace.
        asked = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, asked)
        addresses = [_unmapped(str(sockaddr[0])) for *_, sockaddr in found]
    except (OSError, ValueError):
        addresses = []
    # The same words for a name that there is not: they would tell which names exist inside.
    if not addresses or not all(_may_be_asked(each, allowed) for each in addresses):
        raise UrlRefused(
            "the URL's host has no address, or one that is not a public one",
            hint="check how it is spelled, or send the file itself; who runs the service can allow a network",
        )
    return addresses


def _unmapped(text: str) -> Address:
    """An address as it is connected to: ::ffff:a.b.c.d is a.b.c.d."""
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _may_be_asked(address: Address, allowed: tuple[Network, ...]) -> bool:
    return any(address in network for network in allowed) or _is_public(address)


def _is_public(address: Address) -> bool:
    """Whether it is a unicast address of the public network."""
    if address in _NAT64:
        address = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or address.is_reserved or any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global


async def _ask(url: httpx.URL, addresses: list[Address], max_bytes: int) -> bytes | str:
    """The file, or where the answer says that it lies (the Location of a redirect)."""
    # A client for this answer alone: one that lives longer would send cookies on, and would take a connection whose
    # certificate was verified for one name to ask for another name at the same address.
    # trust_env: a proxy of the environment would resolve the name by itself, and a .netrc would send a password.
    async with httpx.AsyncClient(
        verify=_trust(),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
        headers={"User-Agent": f"cleancut/{__version__}", "Accept-Encoding": "identity"},
    ) as client:
        answer = await _sent(client, url, addresses[:_TRIES])
        try:
            if answer.status_code in _REDIRECT_CODES and "Location" in answer.headers:
                return answer.headers["Location"]
            return await _read(answer, max_bytes)
        finally:
            await answer.aclose()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted, SSL_CERT_FILE's if it is set; reading them takes longer than many a fetch."""
    return httpx.create_ssl_context()


async def _sent(client: httpx.AsyncClient, url: httpx.URL, addresses: list[Address]) -> httpx.Response:
    """The start of an answer, from the first of the addresses that takes the connection."""
    *others, last = [_pinned(client, url, each) for each in addresses]
    for request in others:
        with suppress(httpx.ConnectError, httpx.ConnectTimeout):
            return await client.send(request, stream=True)
    return await client.send(last, stream=True)


def _pinned(client: httpx.AsyncClient, url: httpx.URL, address: Address) -> httpx.Request:
    """The request to this very address, in the name of the URL's host."""
    # TLS asks for the certificate of this name, and verifies that it is; a certificate's names have no dot at the end.
    name = url.raw_host.decode("ascii").removesuffix(".")
    return client.build_request(
        "GET",
        url.copy_with(host=str(address)),
        headers={"Host": url.netloc.decode("ascii")},
        extensions={"sni_hostname": name},
    )


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads, judged like a first URL. Raises UrlRefused."""
    target = _parsed(location, url)
    if (url.scheme, target.scheme) == ("https", "http"):
        raise UrlRefused("the URL redirects from https to http", hint="send the file itself")
    return target


async def _read(answer: httpx.Response, max_bytes: int) -> bytes:
    """The file, held to its limit as declared and as it arrives. Raises InputMissing, FileTooLarge."""
    if answer.status_code != 200:
        raise InputMissing(f"the URL is answered with {answer.status_code}", hint="check the URL in a browser")
    # A few kilobytes can unpack to gigabytes.
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise InputMissing("the URL is answered compressed, though that was not asked for", hint="send the file itself")
    too_large = FileTooLarge(f"the file behind the URL has more than {max_bytes:,} bytes", hint="use a smaller file")
    # Whether this is a number, h11 has checked.
    if int(answer.headers.get("Content-Length", 0)) > max_bytes:
        raise too_large
    data = bytearray()
    # As it came: the other iterators of httpx unpack.
    async for chunk in answer.aiter_raw():
        if len(data) + len(chunk) > max_bytes:
            raise too_large
        data += chunk
    return bytes(data)
