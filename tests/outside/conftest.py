"""Names, addresses and servers as requests to the outside meet them; no test leaves this machine."""

from __future__ import annotations

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

from cleancut.errors import InputError
from cleancut.outside import addresses
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
    monkeypatch.setattr(addresses, "_trust", lambda: trust)
    return asked
