from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from cleancut.errors import InputMissing, UrlRefused
from cleancut.outside import addresses
from cleancut.outside.post import Reply, check_url, post
from tests.fakes.bad_server import BadServer
from tests.outside.conftest import INWARD, LOOPBACK, PUBLIC, SPELLINGS, Internet, shown, speaking

BODY = b'{"type": "job.done"}\r\n\0\xff' + b"x" * 200_000
HEADERS = {"Content-Type": "application/json", "webhook-id": "msg_1", "webhook-signature": "v1,a v1,b"}


class Receiver:
    """Takes messages; says ``raw`` where a test sets it, or else ``status`` and ``headers``."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hooks/1?token=secret"
        self.port = port
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 204
        self.headers: dict[str, str] = {}
        self.raw = b""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.close_connection = True
            if one.raw:
                self.wfile.write(one.raw)
                return
            self.send_response(one.status)
            for name, value in one.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        one = Receiver(http.server_address[1])
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield one
        http.shutdown()
        thread.join()


def sent(url: str, body: bytes = BODY, *, allowed: Any = LOOPBACK, seconds: float = 10.0) -> Reply:
    return asyncio.run(post(url, body, HEADERS, allowed=allowed, seconds=seconds))


@pytest.mark.parametrize("body", [BODY, b""])
def test_the_message_arrives_as_it_is(body: bytes, receiver: Receiver) -> None:
    assert sent(receiver.url, body) == Reply(204, None)
    ((path, headers, got),) = receiver.got
    assert path == "/hooks/1?token=secret"
    assert got == body
    assert headers.items() >= {name.lower(): value for name, value in HEADERS.items()}.items()
    assert headers["content-length"] == str(len(body))
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["accept-encoding"] == "identity"
    assert "cleancut" in headers["user-agent"]
    assert not {"content-encoding", "transfer-encoding", "cookie", "authorization"} & headers.keys()


def test_a_name_is_asked_in_its_name_and_at_the_address_that_was_judged(receiver: Receiver, internet: Internet) -> None:
    internet.port = receiver.port
    internet.answers["rebind.test"] = [[PUBLIC], ["127.0.0.1"]]
    assert sent("http://rebind.test:8080/hook", allowed=()).status == 204
    assert (internet.connected, internet.asked) == ([PUBLIC], ["rebind.test"])
    assert receiver.got[0][1]["host"] == "rebind.test:8080"


def test_a_message_is_sent_once_to_the_first_address_that_takes_it(receiver: Receiver, internet: Internet) -> None:
    internet.port = receiver.port
    internet.answers["photos.test"] = [["1.1.1.1", "1.1.1.2", "1.1.1.3"]]
    internet.dead = {"1.1.1.1"}
    assert sent("http://photos.test/").status == 204
    # A connection that was taken and then broke may have brought the message.
    receiver.raw = b"nonsense\r\n\r\n"
    with pytest.raises(InputMissing):
        sent("http://photos.test/")
    assert internet.connected == ["1.1.1.1", "1.1.1.2"] * 2
    assert len(receiver.got) == 2


@pytest.mark.parametrize("status", [200, 202, 299, 400, 404, 410, 429, 500, 503])
def test_any_status_is_a_reply(status: int, receiver: Receiver) -> None:
    receiver.status = status
    receiver.headers = {"Content-Length": "0"}
    assert sent(receiver.url) == Reply(status, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int, receiver: Receiver) -> None:
    receiver.status = status
    receiver.headers = {"Location": receiver.url, "Content-Length": "0"}
    assert sent(receiver.url) == Reply(status, None)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("120", 120), (" 0 ", 0), ("Fri, 31 Dec 1999 23:59:59 GMT", None), ("-1", None), ("1.5", None), ("", None)),
        *(("9" * 5000, None), ("1_0", None), ("soon", None)),
    ],
)
def test_the_reply_tells_when_to_come_again(text: str, seconds: int | None, receiver: Receiver) -> None:
    receiver.status = 503
    receiver.headers = {"Retry-After": text, "Content-Length": "0"}
    assert sent(receiver.url) == Reply(503, seconds)


@pytest.mark.parametrize("head", [b"", b"Content-Encoding: gzip\r\n", b"Content-Length: 999999999999\r\n"])
def test_an_answer_without_end_is_not_read_to_its_end(head: bytes) -> None:
    with speaking(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", b"x" * 5000) as url:
        assert sent(url, b"{}") == Reply(200, None)


def test_a_short_answer_is_read_and_not_kept(receiver: Receiver) -> None:
    receiver.raw = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"
    assert sent(receiver.url) == Reply(200, None)


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
    began = time.monotonic()
    with speaking(head, piece, pause) as url, pytest.raises(InputMissing, match=r"within 0\.2 seconds") as caught:
        sent(url, b"{}", seconds=0.2)
    assert time.monotonic() - began < 5
    assert "127.0.0.1" not in shown(caught.value)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"SSH-2.0-secret\r\n\r\n",
        b"HTTP/1.1 200 secret\r\nContent-Length: secret\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSecret: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
def test_errors_say_nothing_of_what_was_answered_nor_by_whom(head: bytes) -> None:
    with speaking(head) as url, pytest.raises(InputMissing, match="broken") as caught:
        sent(f"{url}?secret", b"{}")
    assert "secret" not in shown(caught.value).lower()
    assert "127.0.0.1" not in shown(caught.value)


def test_what_counts_has_come_with_the_head() -> None:
    with speaking(b"HTTP/1.1 204 OK\r\nContent-Length: 7\r\n\r\nsecret") as url:
        assert sent(url, b"{}").status == 204


def test_a_server_that_is_not_there_is_told(internet: Internet) -> None:
    with pytest.raises(InputMissing, match="cannot be reached"):
        sent("http://photos.test/")
    assert internet.connected == [PUBLIC]


@pytest.mark.parametrize("address", INWARD.split())
def test_addresses_inside_are_refused(address: str, internet: Internet) -> None:
    internet.answers["inside.test"] = [[address]]
    internet.answers["both.test"] = [[PUBLIC, address]]
    host = f"[{address}]" if ":" in address else address
    for name in (host, "inside.test", "both.test", "nowhere.test"):
        with pytest.raises(UrlRefused) as caught:
            sent(f"http://{name}/hook", allowed=())
        assert str(caught.value) == "the URL's host has no address, or one that is not a public one"
        assert "send" not in caught.value.hint
    assert internet.connected == []


@pytest.mark.parametrize("host", SPELLINGS.split())
def test_no_spelling_leads_inward(host: str, internet: Internet) -> None:
    with pytest.raises(UrlRefused):
        sent(f"http://{host}/hook", allowed=())
    assert internet.connected == []


def test_a_network_can_be_allowed_and_nothing_beside_it(receiver: Receiver, internet: Internet) -> None:
    internet.port = receiver.port
    allowed = (ip_network("10.1.0.0/16"),)
    assert sent("http://10.1.0.1/hook", allowed=allowed).status == 204
    for host in ("10.2.0.1", "127.0.0.1", "169.254.169.254"):
        with pytest.raises(UrlRefused):
            sent(f"http://{host}/hook", allowed=allowed)
    assert len(receiver.got) == 1


def test_certificates_are_verified_for_the_name(
    server: BadServer, tls: list[str | None], internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet.answers["other.test"] = [[PUBLIC]]
    # It knows no POST, and says so through TLS.
    assert sent("https://photos.test/hook", b"{}", allowed=()).status == 501
    assert tls == ["photos.test"]
    with pytest.raises(InputMissing, match="trusted"):
        sent("https://other.test/hook", b"{}", allowed=())
    # To those that machines trust by default it is unknown.
    monkeypatch.setattr(addresses, "_trust", httpx.create_ssl_context)
    with pytest.raises(InputMissing, match="trusted"):
        sent("https://photos.test/hook", b"{}", allowed=())


# What a URL's text alone tells.


GOOD = ["http://photos.test/", "https://inside.test:8443/a?b#c", "http://münchen.test", "https://8.8.8.8/"]
GOOD += ["https://[2606:4700::1111]/", "http://nowhere/", "http://1.2.3.4.test/"]
ODD = """
photos.test ftp://photos.test/ file:///etc/passwd http://u@photos.test/ http://u:p@photos.test/ http:/// http://[x]/
http://photos.test\\@inside.test/ http://photos.test:0/ http://photos.test:65536/ http://[::1%25lo]/
"""


@pytest.mark.parametrize("url", GOOD)
def test_a_url_is_checked_without_looking_up_its_name(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, port: None, *, type: int = 0, flags: int = 0) -> Any:
        assert flags & socket.AI_NUMERICHOST, "a name server would be asked"
        return real(host, port, type=type, flags=flags)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    check_url(url)


@pytest.mark.parametrize("address", [*INWARD.split(), "127.1", "2130706433", "0x7f.1", "127.0.0.1.", "0"])
def test_an_address_inside_is_seen_however_it_is_spelled(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(UrlRefused, match="not a public one"):
        check_url(f"https://{host}/hook")
    check_url(f"https://{host}/hook", allowed=(ip_network("0.0.0.0/0"), ip_network("::/0")))


@pytest.mark.parametrize(
    "url", ["", *ODD.split(), *(f"http://photos.test/{each}" for each in ("a b", "\n", "a" * 2048))]
)
def test_an_odd_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(UrlRefused) as caught:
        check_url(url)
    assert "file" not in caught.value.hint
    assert caught.value.hint
