"""Which URLs of clients are asked, and how it is held that none of them leads inside.

Who may name a URL makes this machine ask for it, from behind the firewall and with this machine's address. So every
address that a host name has is judged, and the connection goes to an address that was judged: a name that is resolved
once more may have another one (DNS rebinding). How an address is spelled (``127.1``, ``2130706433``) does not matter,
since it is judged as it is resolved.

Errors name neither the addresses found, nor what was answered, nor the URL, which may hold a signature. Their hints
say beside the remedy what can be done ``instead``, which depends on what the URL is for.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import cache, partial

import httpx

from cleancut._version import __version__
from cleancut.errors import UrlRefused
from cleancut.outside.network import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What old browsers and proxies could take; signed URLs of the large stores stay below.
_LONGEST_URL = 2048

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

# What ``is_global`` lets pass, in all or some versions of Python (CVE-2024-4032), though nobody outside is there.
_NOT_PUBLIC: tuple[Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments; Oracle's cloud keeps metadata at 192.0.0.192
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.IPv4Network("168.63.129.16/32"),  # the host of every virtual machine in Azure
    ipaddress.IPv6Network("2001::/23"),  # protocol assignments; Teredo, which holds IPv4 addresses, is in it
    ipaddress.IPv6Network("2002::/16"),  # 6to4, which holds IPv4 addresses
    ipaddress.IPv6Network("3fff::/20"),  # documentation
)


def parsed(url: str, base: httpx.URL | None = None, *, instead: str = "") -> httpx.URL:
    """The URL, or where a redirect of ``base`` leads, taken apart by the code that also sends it. Raises UrlRefused."""
    if len(url) > _LONGEST_URL:
        raise UrlRefused(f"the URL has more than {_LONGEST_URL} characters", hint=instead or "give a shorter one")
    # Readers of URLs disagree about these (some drop a tab, some take a backslash for a slash), so none is let through.
    if not url.isprintable() or " " in url or "\\" in url:
        raise UrlRefused("the URL holds a blank, a backslash or a control character", hint="write it as %20 or alike")
    try:
        found = base.join(url) if base else httpx.URL(url)
    # ValueError: of urllib, which joins.
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlRefused("the URL is malformed", hint="check how it is spelled") from error
    if found.scheme not in ("http", "https"):
        raise UrlRefused("the URL is neither http nor https", hint=_either("give an http(s) URL", instead))
    if found.userinfo:
        raise UrlRefused("the URL holds a user name or password", hint=_either("leave it out", instead))
    if not _HOST.fullmatch(host_of(found)):
        raise UrlRefused("the URL has no host, or one that is no name and no address", hint="check how it is spelled")
    if found.port is not None and not 0 < found.port < 2**16:
        raise UrlRefused("the URL's port does not exist", hint="leave it out, or give one from 1 to 65535")
    return found


def host_of(url: httpx.URL) -> str:
    """The host's name in ASCII, or its address as it is spelled, IPv6 without brackets."""
    return url.raw_host.decode("ascii")


def _either(hint: str, instead: str) -> str:
    return f"{hint}, or {instead}" if instead else hint


# Of their own: a name server that hangs holds a thread beyond the deadline, and others' files wait for the loop's.
# They do nothing but wait, and one host of a client's shall not hold them all.
_RESOLVERS = ThreadPoolExecutor(32, thread_name_prefix="resolver")


async def resolved(url: httpx.URL, allowed: tuple[Network, ...], *, instead: str = "") -> list[Address]:
    """All addresses of the URL's host, every one judged: public, or in a network of ``allowed``. Raises UrlRefused."""
    try:
        # By its name, which tests replace.
        asked = partial(socket.getaddrinfo, host_of(url), None, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, asked)
        addresses = [_unmapped(str(sockaddr[0])) for *_, sockaddr in found]
    except (OSError, ValueError):
        addresses = []
    # The same words for a name that there is not: they would tell which names exist inside.
    if not addresses or not all(_may_be_asked(each, allowed) for each in addresses):
        raise _not_public(instead)
    return addresses


def check_spelled(url: httpx.URL, allowed: tuple[Network, ...]) -> None:
    """Judge a host that is an address, however it is spelled; no name is looked up. Raises UrlRefused."""
    try:
        host = host_of(url).removesuffix(".")
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return
    if not all(_may_be_asked(_unmapped(str(sockaddr[0])), allowed) for *_, sockaddr in found):
        raise _not_public("")


def _not_public(instead: str) -> UrlRefused:
    return UrlRefused(
        "the URL's host has no address, or one that is not a public one",
        hint=f"{_either('check how it is spelled', instead)}; who runs the service can allow a network",
    )


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


@asynccontextmanager
async def asked(
    method: str,
    url: httpx.URL,
    addresses: list[Address],
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[httpx.Response]:
    """The start of the answer, from the first of the judged addresses that takes the connection.

    Redirects are not followed. Raises httpx.HTTPError, and OSError for a trust store that cannot be read. There is no
    limit on the whole: the caller has one.
    """
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
        ways = addresses[:_TRIES]
        answer = await _sent(client, [_pinned(client, method, url, each, body, headers or {}) for each in ways])
        try:
            yield answer
        finally:
            await answer.aclose()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted, SSL_CERT_FILE's if it is set; reading them takes longer than many a fetch."""
    return httpx.create_ssl_context()


async def _sent(client: httpx.AsyncClient, requests: list[httpx.Request]) -> httpx.Response:
    """The start of an answer to the first of the requests whose connection is taken; so one alone is ever sent."""
    *others, last = requests
    for request in others:
        with suppress(httpx.ConnectError, httpx.ConnectTimeout):
            return await client.send(request, stream=True)
    return await client.send(last, stream=True)


def _pinned(
    client: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    address: Address,
    body: bytes | None,
    headers: Mapping[str, str],
) -> httpx.Request:
    """The request to this very address, in the name of the URL's host."""
    named = httpx.Headers(headers)
    named["Host"] = url.netloc.decode("ascii")
    return client.build_request(
        method,
        url.copy_with(host=str(address)),
        content=body,
        headers=named,
        # TLS asks for the certificate of this name, and verifies that it is; a certificate's names have no dot at the
        # end.
        extensions={"sni_hostname": host_of(url).removesuffix(".")},
    )
