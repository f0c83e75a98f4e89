from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from ipaddress import ip_network
from typing import Any

import pytest

from cleancut.errors import FileTooLarge, InputMissing, UrlRefused
from cleancut.outside import addresses
from cleancut.outside.fetch import fetch
from tests.fakes.bad_server import BadServer, Served
from tests.outside.conftest import INWARD, LOOPBACK, PUBLIC, SPELLINGS, Internet, shown, speaking

ODD = """
photo /etc/passwd //photos.test/photo http:photos.test http:///photo http:// http://:80/ ftp://photos.test/
file:///etc/passwd file://photos.test/photo gopher://photos.test/ data:,x http+unix://photos.test/ javascript:0
ws://photos.test/ http://user@photos.test/ http://user:word@photos.test/ http://:word@photos.test/
http://inside.test#@photos.test/ http://photos.test\\@inside.test/ http://photos.test\\.inside.test/
http://photos.test:0/ http://photos.test:65536/ http://photos.test:-1/ http://photos.test:x/
"""
BLANKS = ["\\", "\0", "\r\n", "\r\nHost: inside.test\r\n", "\t", " ", "\x7f", "\x85", "\u2028", "\ud800", "\ufeff"]
HOLED = ["http://photos.test/"[:at] + blank + "http://photos.test/"[at:] for at in (0, 2, 11, 19) for blank in BLANKS]
LOCATIONS = """
http://127.0.0.1/photo http://169.254.169.254/latest //10.0.0.1/ http://[::1]/ http://inside.test/ http://2130706433/
http://both.test/ file:///etc/passwd ftp://photos.test/ http://u:p@photos.test/ http://photos.test\\@inside.test/
http://photos.test:0/ http://127.1/
"""


def got(url: str, max_bytes: int = 1_000_000, *, allowed: Any = LOOPBACK, seconds: float = 10.0) -> bytes:
    return asyncio.run(fetch(url, max_bytes, allowed=allowed, seconds=seconds))


def test_the_server_is_asked_in_its_own_name(server: BadServer, internet: Internet) -> None:
    server.serve("/a%20b%2Fc/%C3%A9?x=%2F&y", Served(b"a photo"))
    assert got("http://Photos.test:8080/a%20b%2Fc/é?x=%2F&y#there", allowed=()) == b"a photo"
    assert internet.connected == [PUBLIC]
    asked = server.asked[0].headers
    assert asked["host"] == "photos.test:8080"
    assert asked["accept-encoding"] == "identity"
    assert "cleancut" in asked["user-agent"]


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are_asked(address: str, server: BadServer, internet: Internet) -> None:
    host = f"[{address}]" if ":" in address else address
    assert got(f"http://{host}/photo", allowed=()) == b"a photo"
    assert internet.connected == [address.removeprefix("::ffff:")]


def test_names_of_other_scripts_are_resolved_in_punycode(server: BadServer, internet: Internet) -> None:
    assert got("http://münchen.test/photo", allowed=()) == b"a photo"


def test_the_next_address_is_tried_and_not_all_of_them(server: BadServer, internet: Internet) -> None:
    addresses = ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]
    internet.answers["photos.test"] = [addresses]
    internet.dead = {"1.1.1.1", "1.1.1.2"}
    assert got("http://photos.test/photo") == b"a photo"
    internet.connected.clear()
    internet.dead = set(addresses)
    with pytest.raises(InputMissing):
        got("http://photos.test/photo")
    assert internet.connected == addresses[:3]


def test_a_file_is_fetched_whatever_proxies_are_set(server: BadServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert got(server.url + "/photo") == b"a photo"
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert got(server.url + "/photo") == b"a photo"


@pytest.mark.parametrize("address", INWARD.split())
def test_addresses_inside_are_refused(address: str, internet: Internet) -> None:
    internet.answers["inside.test"] = [[address]]
    internet.answers["both.test"] = [[PUBLIC, address]]
    host = f"[{address}]" if ":" in address else address
    # A name that is not known reads no different: the words would tell which names exist inside.
    for name in (host, "inside.test", "both.test", "nowhere.test"):
        with pytest.raises(UrlRefused) as caught:
            got(f"http://{name}/photo", allowed=())
        assert str(caught.value) == "the URL's host has no address, or one that is not a public one"
    assert internet.connected == []


@pytest.mark.parametrize("host", [*SPELLINGS.split(), "a" * 64 + ".test", "a." * 128 + "test"])
def test_no_spelling_leads_inward(host: str, internet: Internet) -> None:
    for url in (f"http://{host}/photo", f"https://{host}:443/photo"):
        with pytest.raises(UrlRefused):
            got(url, allowed=())
    assert internet.connected == []


@pytest.mark.parametrize("url", ["", *ODD.split(), *HOLED, "http://photos.test/" + "a" * 2048])
def test_odd_urls_are_refused(url: str, internet: Internet) -> None:
    with pytest.raises(UrlRefused):
        got(url, allowed=())
    assert internet.connected == []


def test_a_network_can_be_allowed_and_nothing_beside_it(server: BadServer, internet: Internet) -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    for host in ("10.1.0.1", "[fd00::1]", "[::ffff:10.1.0.1]", "8.8.8.8"):
        assert got(f"http://{host}/photo", allowed=allowed) == b"a photo"
    for host in ("10.2.0.1", "[fc00::1]", "[64:ff9b::a01:1]", "127.0.0.1"):
        with pytest.raises(UrlRefused):
            got(f"http://{host}/photo", allowed=allowed)


@pytest.mark.parametrize("second", ["127.0.0.1", "10.0.0.1"])
def test_the_connection_goes_to_the_address_that_was_judged(second: str, server: BadServer, internet: Internet) -> None:
    internet.answers["rebind.test"] = [[PUBLIC], [second]]
    assert got("http://rebind.test/photo", allowed=()) == b"a photo"
    assert internet.connected == [PUBLIC]
    assert internet.asked == ["rebind.test"]


def test_redirects_are_followed(server: BadServer, internet: Internet) -> None:
    server.redirect("/1", "/2?x=1", set_cookie="token=secret; Path=/")
    server.redirect("/2?x=1", "//store.test:8080/sub/3")
    server.serve("/sub/3", Served(status=308, headers={"Location": "4"}))
    server.redirect("/sub/4", "../5")
    server.redirect("/5", "http://photos.test/photo")
    assert got("http://photos.test/1", allowed=()) == b"a photo"
    assert internet.connected == [PUBLIC] * 2 + ["1.1.1.1"] * 3 + [PUBLIC]
    hosts = [asked.headers["host"] for asked in server.asked]
    assert hosts == ["photos.test"] * 2 + ["store.test:8080"] * 3 + ["photos.test"]
    assert not any("cookie" in asked.headers for asked in server.asked)


def test_a_loop_of_redirects_ends(server: BadServer) -> None:
    server.redirect("/loop", "/loop")
    with pytest.raises(InputMissing, match="more than 5"):
        got(server.url + "/loop")
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("status", "location"),
    [(302, each) for each in (*LOCATIONS.split(), "/a b", "/" + "a" * 2048)]
    + [(status, "http://10.0.0.1/photo") for status in (301, 303, 307, 308)],
)
def test_redirects_inward_are_refused(status: int, location: str, server: BadServer, internet: Internet) -> None:
    server.serve("/1", Served(status=status, headers={"Location": location}))
    with pytest.raises(UrlRefused) as caught:
        got("http://photos.test/1", allowed=())
    assert internet.connected == [PUBLIC]
    assert location not in shown(caught.value)


@pytest.mark.parametrize("location", ["http://[x]/", "//[::1", "http://photos.test:x/"])
def test_a_redirect_to_no_url_is_refused(location: str, server: BadServer, internet: Internet) -> None:
    server.redirect("/1", location)
    with pytest.raises((UrlRefused, InputMissing)):
        got(f"http://{PUBLIC}/1", allowed=())
    assert internet.connected == [PUBLIC]


@pytest.mark.parametrize("status", [201, 204, 206, 300, 302, 304, 401, 404, 500])
def test_other_answers_than_200_are_refused(status: int, server: BadServer) -> None:
    url = server.serve("/other", Served(b"secret" if status not in (204, 304) else b"", status=status))
    with pytest.raises(InputMissing, match=str(status)) as caught:
        got(url)
    assert "secret" not in shown(caught.value)


def test_the_limit_holds_for_what_arrives_and_for_what_is_declared(server: BadServer) -> None:
    for length in (None, -1):
        url = server.serve("/whole", Served(b"x" * 100, length=length))
        assert got(url, 100) == b"x" * 100
        with pytest.raises(FileTooLarge):
            got(url, 99)
    url = server.serve("/unread", Served(b"x", length=101, stalls=1))
    with pytest.raises(FileTooLarge, match="100"):
        got(url, 100)


@pytest.mark.parametrize(
    ("head", "piece"), [(b"", b"x" * 5000), (b"Transfer-Encoding: chunked\r\n", b"1000\r\n%s\r\n" % (b"x" * 4096))]
)
def test_a_stream_without_end_is_cut_off(head: bytes, piece: bytes) -> None:
    with speaking(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", piece) as url, pytest.raises(FileTooLarge):
        got(url)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "identity, gzip", "unknown"])
def test_a_compressed_answer_is_refused(coding: str, server: BadServer) -> None:
    bomb = gzip.compress(bytes(1_000_000))
    with pytest.raises(InputMissing, match="compressed"):
        got(server.serve("/bomb", Served(bomb, headers={"Content-Encoding": coding})))
    assert got(server.serve("/plain", Served(bomb, headers={"Content-Encoding": "identity"}))) == bomb


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b""),
        (b"SSH-2.0-secret\r\n\r\n", b""),
        (b"HTTP/1.1 200 secret\r\nContent-Length: secret\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\n", b"Secret: " + b"x" * 10_000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsecret", b""),
        (b"HTTP/1.1 418 secret\r\nContent-Length: 6\r\n\r\nsecret", b""),
    ],
)
def test_errors_say_nothing_of_what_was_answered(head: bytes, piece: bytes) -> None:
    with speaking(head, piece) as url, pytest.raises(InputMissing) as caught:
        got(url)
    assert "secret" not in shown(caught.value).lower()
    assert "127.0.0.1" not in shown(caught.value)


@pytest.mark.parametrize("pause", [0.01, 30])
@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"A: a\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_a_server_that_stalls_or_trickles_is_left(head: bytes, piece: bytes, pause: float) -> None:
    with speaking(head, piece, pause) as url, pytest.raises(InputMissing, match=r"within 0\.2 seconds"):
        got(url, seconds=0.2)


def test_a_name_server_that_stalls_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: free.wait(10) and [])

    async def run() -> None:
        try:
            await fetch("http://photos.test/", 100, seconds=0.1)
        finally:
            free.set()

    with pytest.raises(InputMissing, match="within"):
        asyncio.run(run())


@pytest.mark.parametrize("name", ["photos.test", "photos.test."])
def test_the_certificate_is_asked_for_by_name(name: str, tls: list[str | None], internet: Internet) -> None:
    assert got(f"https://{name}/photo", allowed=()) == b"a photo"
    assert tls == ["photos.test"]
    assert internet.connected == [PUBLIC]


def test_a_certificate_of_another_name_is_refused(server: BadServer, tls: list[str | None], internet: Internet) -> None:
    internet.answers["other.test"] = [[PUBLIC]]
    # At the same address: a connection that was verified for photos.test must not serve other.test.
    server.redirect("/other", "https://other.test/photo")
    for url in ("https://other.test/photo", "https://photos.test/other", f"https://{PUBLIC}/photo"):
        with pytest.raises(InputMissing, match="trusted"):
            got(url, allowed=())
    assert [asked.path for asked in server.asked] == ["/other"]


def test_redirects_out_of_tls_are_refused(server: BadServer, tls: list[str | None], internet: Internet) -> None:
    server.redirect("/out", "http://photos.test/photo")
    with pytest.raises(UrlRefused, match="from https to http"):
        got("https://photos.test/out", allowed=())
    assert internet.connected == [PUBLIC]


def test_certificates_are_verified() -> None:
    assert (addresses._trust().verify_mode, addresses._trust().check_hostname) == (ssl.CERT_REQUIRED, True)
