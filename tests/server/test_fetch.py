from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpcore
import pytest

from cleancut.errors import FileTooLarge, InputError, InputMissing, UrlRefused
from cleancut.server import fetch as fetching
from tests.fakes.bad_server import BadServer, Served

LOOPBACK = (ip_network("127.0.0.0/8"),)
PUBLIC = "93.184.216.34"
INWARD = """
0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b:1::808:808
100::1 2001:4:112::1 2001:20::1 2001:0:7f00:1:: 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 3fff::1 5f00::1 fc00::1
fd00:ec2::254 fe80::1 fec0::1 ff02::1
"""
KNOWN = {"photos.test": [PUBLIC], "xn--mnchen-3ya.test": [PUBLIC], "store.test": ["1.1.1.1"], "a,b": [PUBLIC]}
KNOWN |= {"inside.test": ["10.0.0.1"], "both.test": [PUBLIC, "10.0.0.1"], "localhost": ["127.0.0.1"]}
SPELLINGS = """
2130706433 0x7f000001 0x7f.1 0177.0.0.1 0177.1 127.1 127.0.1 0 017700000001 localhost LocalHost localhost. 127.0.0.1.
127\u30020\u30020\u30021 \uff11\uff12\uff17.0.0.1 \uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11
a,b ①②⑦.⓪.⓪.① ⓛocalhost %31%32%37.0.0.1 xn-- xn--a a..b . .. localhost.. * [::1]
[0:0:0:0:0:0:0:1] [::ffff:7f00:1] [::ffff:127.0.0.1] [::127.0.0.1] [::] [1::2::3] [fe80::1%25lo] [fe80::1%lo]
[::1%25lo] [2606:4700::1111%25lo] [127.0.0.1] [::1 ::1 [] 127.0.0.1,8.8.8.8 8.8.8.8;127.0.0.1 256.256.256.256
"""
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
    return asyncio.run(fetching.fetch(url, max_bytes, allowed=allowed, seconds=seconds))


def shown(error: InputError) -> str:
    """All that a client reads of an error."""
    return f"{error} {error.hint}"


class Internet:
    """What names resolve to, and where connections go: all to one server of the test, or nowhere."""

    def __init__(self) -> None:
        # One after the other; the last one stays.
        self.answers = {name: [list(addresses)] for name, addresses in KNOWN.items()}
        self.port = 0
        self.dead: set[str] = set()
        self.asked: list[str] = []
        self.connected: list[str] = []
        self._resolve = socket.getaddrinfo
        self._connect = httpcore.AnyIOBackend().connect_tcp

    def resolve(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.removesuffix(".")
        if name not in self.answers:
            # Numbers, however they are spelled, need no name server; and no test asks one.
            return self._resolve(host, port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
        self.asked.append(host)
        left = self.answers[name]
        found = left.pop(0) if len(left) > 1 else left[0]
        return [info for address in found for info in self._resolve(address, port, type=socket.SOCK_STREAM)]

    async def connect(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        self.connected.append(host)
        if host in self.dead or not self.port:
            raise httpcore.ConnectError
        return await self._connect("127.0.0.1", self.port, *args, **kwargs)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    internet = Internet()
    # For whoever resolves a name in this process, httpx among them.
    monkeypatch.setattr(socket, "getaddrinfo", internet.resolve)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", internet.connect)
    return internet


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[BadServer]:
    """A server on loopback; where a test is of the ``internet``, all connections lead to it."""
    with BadServer() as server:
        server.serve("/photo", Served(b"a photo"))
        if "internet" in request.fixturenames:
            request.getfixturevalue("internet").port = int(server.url.rpartition(":")[2])
        yield server


@contextmanager
def speaking(head: bytes, piece: bytes = b"", pause: float = 0.0) -> Iterator[str]:
    """The URL of a server that says ``head``, and then ``piece`` for as long as anyone listens."""
    closing = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            try:
                self.request.sendall(head)
                while piece and not closing.wait(pause):
                    self.request.sendall(piece)
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/photo"
        finally:
            closing.set()
            server.shutdown()
            thread.join()


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
            await fetching.fetch("http://photos.test/", 100, seconds=0.1)
        finally:
            free.set()

    with pytest.raises(InputMissing, match="within"):
        asyncio.run(run())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key, for photos.test."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "photos.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    names = ["-subj", "/CN=photos.test", "-addext", "subjectAltName=DNS:photos.test", "-days", "2"]
    subprocess.run([*command, *names, "-keyout", path, "-out", path], check=True, capture_output=True)
    return path


@pytest.fixture
def tls(server: BadServer, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """``server`` speaks TLS, with a certificate that is trusted; the names that it was asked for."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _, name, __: asked.append(name)
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    trust = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(fetching, "_trust", lambda: trust)
    return asked


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
    assert (fetching._trust().verify_mode, fetching._trust().check_hostname) == (ssl.CERT_REQUIRED, True)
