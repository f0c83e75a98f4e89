"""Bodies on their way: too large, too slow, packed, refused before they have come."""

from __future__ import annotations

import encodings
import socket
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from cleancut.server import keys
from tests.pictures import saved
from tests.server.conftest import Running, Start
from tests.server.wire import (
    FORM,
    JSON,
    Reply,
    ask,
    closed,
    connected,
    form,
    part,
    post,
    read,
    request,
    until,
)

CUT = "/api/remove-background"
CHUNKED = "Transfer-Encoding: chunked"


def healthy(server: Running) -> None:
    """That a server goes on as if nothing had happened, and keeps no place for whoever has gone."""
    assert ask(server.port, request("GET", "/api/health")).status == 200
    until(lambda: server.service.admission.inside == 0)


def big(size: int) -> bytes:
    """A form of at least that many bytes."""
    return form(part("image", b"\0" * size, "a.png"))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def begun(server: Running, length: int, *headers: str) -> bytes:
    """The head of an upload, and its first bytes."""
    return request("POST", CUT, FORM, f"Content-Length: {length}", *headers) + big(100)[:50]


@pytest.mark.parametrize("target", [CUT, "/api/edit-mask", "/api/v1/cutouts", "/api/v1/mattes", "/api/session", "/no"])
def test_ten_gigabytes_are_refused_by_their_announcement(shared: Running, target: str) -> None:
    with connected(shared.port) as sock:
        sock.sendall(request("POST", target, FORM, "Content-Length: 10000000000"))
        answer = read(sock)
        assert (answer.status, answer.code) == (413, "body_too_large")
        assert answer.headers["connection"] == "close"
    healthy(shared)


def test_a_length_that_no_number_holds_is_refused(shared: Running) -> None:
    with connected(shared.port) as sock:
        sock.sendall(request("POST", CUT, FORM, "Content-Length: 99999999999999999999999999"))
        assert read(sock).status in (400, 413)
    healthy(shared)


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "1, 2", "\xb2", "+5"])
def test_a_length_that_is_no_number_is_refused(shared: Running, length: str) -> None:
    assert ask(shared.port, request("POST", CUT, FORM, f"Content-Length: {length}")).status == 400
    healthy(shared)


def test_two_lengths_are_refused(shared: Running) -> None:
    assert ask(shared.port, request("POST", CUT, FORM, "Content-Length: 5", "Content-Length: 6")).status == 400
    healthy(shared)


def test_a_body_without_a_length_is_held_to_the_limit_as_it_comes(start: Start) -> None:
    server = start(guides_max_bytes=1_000_000)
    with connected(server.port) as sock:
        sock.sendall(request("POST", CUT, FORM, CHUNKED) + chunk(big(1_900_000)[:-100]))
        for _ in range(4):
            sock.sendall(chunk(b"\0" * 100_000))
        answer = read(sock)
        assert (answer.status, answer.code) == (413, "body_too_large")
        assert closed(sock)
    healthy(server)


def test_a_length_beside_chunks_is_not_believed(start: Start) -> None:
    server = start(guides_max_bytes=1_000_000)
    with connected(server.port) as sock:
        sock.sendall(request("POST", CUT, FORM, CHUNKED, "Content-Length: 10") + chunk(big(2_100_000)))
        assert read(sock).status in (400, 413)
    healthy(server)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, gzip", "x-unheard-of"])
def test_packed_bodies_are_refused_unopened(shared: Running, encoding: str) -> None:
    # A few kilobytes can unpack to gigabytes.
    for target, kind in ((CUT, FORM), ("/api/edit-mask", JSON)):
        answer = post(shared.port, target, kind, f"Content-Encoding: {encoding}", body=b"\x1f\x8b" + b"\0" * 1000)
        assert (answer.status, answer.code) == (415, "unsupported_encoding")


@pytest.mark.parametrize("encoding", ["identity", ""])
def test_bodies_that_say_that_they_are_not_packed_pass(shared: Running, picture: bytes, encoding: str) -> None:
    whole = form(part("image", picture, "a.png"))
    assert post(shared.port, CUT, FORM, f"Content-Encoding: {encoding}", body=whole).status == 200


@pytest.mark.parametrize(
    "charset", ["punycode", "utf-7", "utf-16", "unicode_escape", "idna", "rot13", '"Punycode"', "unheard-of", "x\xff"]
)
def test_forms_in_odd_encodings_are_refused_unread(shared: Running, charset: str) -> None:
    # A megabyte of punycode would keep Python, and with it everybody, busy for a minute.
    began = time.monotonic()
    body = form(part("image", b"x", "a.png"), part("model", b"a" * 900_000))
    answer = post(shared.port, CUT, f"{FORM}; charset={charset}", body=body)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert time.monotonic() - began < 10
    healthy(shared)


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "us-ascii", "iso-8859-1"])
def test_forms_in_usual_encodings_are_read(shared: Running, picture: bytes, charset: str) -> None:
    body = form(part("image", picture, "a.png"), part("feather", "1"))
    assert post(shared.port, CUT, f"{FORM}; charset={charset}", body=body).status == 200


def test_a_form_without_files_is_held_to_the_size_of_text(shared: Running) -> None:
    # Taking %41 apart, a hundred megabytes would keep everybody waiting for half a minute.
    kind = "Content-Type: application/x-www-form-urlencoded"
    answer = post(shared.port, "/api/v1/cutouts", kind, body=b"model=" + b"%41" * 400_000)
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert "multipart/form-data" in answer.json()["hint"]


def test_a_client_that_is_silent_before_its_request_is_let_go(start: Start) -> None:
    server = start(patience=1)
    for beginning in (b"", b"GET /api/hea", b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n"):
        began = time.monotonic()
        with connected(server.port) as sock:
            sock.sendall(beginning)
            assert closed(sock)
        assert 0.8 < time.monotonic() - began < 10
    healthy(server)


@pytest.mark.parametrize("sent", [0, 50])
def test_a_client_that_falls_silent_while_it_sends_is_told_and_let_go(start: Start, sent: int) -> None:
    server = start(patience=1)
    with connected(server.port) as sock:
        began = time.monotonic()
        sock.sendall(request("POST", CUT, FORM, "Content-Length: 500000") + big(100)[:sent])
        answer = read(sock)
        assert (answer.status, answer.code) == (408, "too_slow")
        assert 0.8 < time.monotonic() - began < 10
        assert closed(sock)
    healthy(server)


def test_a_client_that_sends_slowly_but_steadily_is_waited_for(start: Start, picture: bytes) -> None:
    server = start(patience=1)
    whole = form(part("image", picture, "a.png"))
    with connected(server.port) as sock:
        sock.sendall(request("POST", CUT, FORM, f"Content-Length: {len(whole)}"))
        step = len(whole) // 4 + 1
        for begin in range(0, len(whole), step):
            time.sleep(0.4)
            sock.sendall(whole[begin : begin + step])
        assert read(sock).status == 200


def test_a_client_that_trickles_is_not_waited_for_for_ever(start: Start) -> None:
    server = start(patience=5, deadline=1)
    with connected(server.port) as sock:
        # A route without a deadline of its own.
        sock.sendall(request("POST", "/api/session", JSON, "Content-Length: 1000"))
        began = time.monotonic()
        sock.settimeout(0.2)
        while time.monotonic() - began < 15:
            sock.sendall(b" ")
            try:
                answer = read(sock)
                break
            except TimeoutError:
                continue
        assert (answer.status, answer.code) == (408, "too_slow")
    healthy(server)


def test_a_client_that_does_not_take_its_answer_is_not_waited_for(start: Start) -> None:
    server = start(patience=1)
    # Noise, which no format makes small: its cut-out is more than the sockets' buffers hold.
    noise = np.random.default_rng(1).integers(0, 60, (2000, 2000, 3)).astype(np.uint8)
    photo = form(part("image", saved(noise, "PNG"), "a.png"))
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", server.port))
        sock.sendall(request("POST", "/api/v1/cutouts", FORM, body=photo))
        until(lambda: server.service.admission.inside > 0)
        until(lambda: not server.server.server_state.connections, seconds=15)
        assert server.service.admission.inside == 0
    healthy(server)


def test_an_upload_that_is_cut_off_leaves_nothing_behind(start: Start) -> None:
    server = start(workers=1, waiting=0)
    for _ in range(3):
        with connected(server.port) as sock:
            sock.sendall(begun(server, 500_000))
            until(lambda: server.service.admission.inside == 1)
        healthy(server)


def test_a_body_that_is_shorter_than_announced_and_ended_is_no_upload(start: Start) -> None:
    server = start()
    with connected(server.port) as sock:
        sock.sendall(begun(server, 500_000))
        sock.shutdown(socket.SHUT_WR)
        assert closed(sock)
    healthy(server)


@pytest.mark.parametrize("missing", [2, 4, 20, 1000])
def test_a_form_without_its_end_is_not_taken_for_one_with_fewer_fields(
    shared: Running, picture: bytes, missing: int
) -> None:
    body = form(part("image", picture, "a.png"), part("feather", "5" * 1000))[:-missing].rstrip(b"-")
    answer = post(shared.port, CUT, FORM, body=body)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert "last line" in answer.json()["error"]


@pytest.mark.parametrize("after", [b"", b"\r\n", b"\0" * 512])
def test_what_comes_after_the_end_of_a_form_is_passed_over(shared: Running, picture: bytes, after: bytes) -> None:
    whole = form(part("image", picture, "a.png")).rstrip(b"\r\n")
    assert post(shared.port, CUT, FORM, body=whole + after).status == 200


def test_a_body_that_is_longer_than_announced_is_read_as_far_as_announced(shared: Running, picture: bytes) -> None:
    whole = form(part("image", picture, "a.png"))
    cut_off = post(shared.port, CUT, FORM, f"Content-Length: {len(whole) // 2}", body=whole)
    assert (cut_off.status, cut_off.code) == (400, "bad_request")
    # What follows is no request, and is not taken for one.
    exact = post(shared.port, CUT, FORM, f"Content-Length: {len(whole)}", body=whole + b"more of it")
    assert exact.status == 200
    healthy(shared)


@pytest.mark.parametrize("size", [100, 100_000, 1_000_000])
def test_who_sends_all_before_reading_gets_the_whole_refusal(start: Start, home: Path, size: int) -> None:
    server = start(guides_max_bytes=1000, rate_limits=("1/minute",), workers=1, waiting=0, failure_limits=())
    key = f"X-Api-Key: {keys.make(keys.keys_file(home), 'shop')[1]}"
    body = big(size)

    def refused(*headers: str, host: str = "localhost") -> tuple[int, str]:
        answer = ask(server.port, request("POST", CUT, FORM, *headers, body=body, host=host))
        return answer.status, answer.code

    assert refused() == (401, "key_needed")
    assert refused("X-Api-Key: nope") == (401, "key_unknown")
    assert refused(key, host="evil.example") == (400, "wrong_host")
    assert refused(key, "Origin: null") == (403, "foreign_page")
    assert refused(key, "Content-Encoding: gzip") == (415, "unsupported_encoding")
    with connected(server.port) as sock:
        sock.sendall(begun(server, 500_000, key))
        until(lambda: server.service.admission.inside == 1)
        assert refused(key) == (503, "server_full")
    until(lambda: server.service.admission.inside == 0)
    assert refused(key) == (429, "rate_limited")
    healthy(server)


@pytest.mark.parametrize("size", [1_001_000, 20_000_000])
def test_who_sends_too_much_before_reading_is_told_so(start: Start, size: int) -> None:
    server = start(guides_max_bytes=1000)
    answer = post(server.port, CUT, FORM, body=big(size))
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.headers["connection"] == "close"
    healthy(server)


def test_a_file_over_the_limit_of_its_route_is_told_the_limit(start: Start) -> None:
    answer = post(start(guides_max_bytes=1000).port, CUT, FORM, body=big(1001))
    assert (answer.status, answer.code) == (413, "file_too_large")
    assert "1,000" in answer.json()["error"]
    assert "CLEANCUT" not in answer.json()["hint"]


def test_a_refused_body_is_not_read_without_end(start: Start) -> None:
    server = start()
    with connected(server.port) as sock:
        sock.sendall(request("POST", "/no", CHUNKED))
        assert read(sock).status == 404
        sent = 0
        with suppress(ConnectionError):
            for _ in range(200):
                sock.sendall(chunk(b"\0" * 1_000_000))
                sent += 1
        assert sent < 100
    healthy(server)


def test_who_waits_for_leave_to_send_is_refused_without_sending(start: Start, home: Path, picture: bytes) -> None:
    secret = keys.make(keys.keys_file(home), "shop")[1]
    server = start()
    whole = form(part("image", picture, "a.png"))

    def asked(*headers: str) -> tuple[Reply, bool]:
        with connected(server.port) as sock:
            sock.sendall(request("POST", CUT, FORM, "Expect: 100-continue", *headers))
            # HTTPResponse reads on past 100 Continue, for which no body would follow here.
            return read(sock), closed(sock)

    began = time.monotonic()
    length = f"Content-Length: {len(whole)}"
    for headers, code in (
        ((length,), "key_needed"),
        ((length, "X-Api-Key: nope"), "key_unknown"),
        (("Content-Length: 99999999", f"X-Api-Key: {secret}"), "body_too_large"),
    ):
        answer, ended = asked(*headers)
        assert answer.code == code
        # Else the body might be taken for the next request, or the next request for the body.
        assert ended
    # Nothing is waited for of what will not come: a second would pass each time.
    assert time.monotonic() - began < 2.5
    with connected(server.port) as sock:
        sock.sendall(request("POST", CUT, FORM, "Expect: 100-continue", length, f"X-Api-Key: {secret}"))
        assert sock.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(whole)
        assert read(sock).status == 200


def test_a_connection_serves_on_after_refusals_of_what_has_come_whole(shared: Running, picture: bytes) -> None:
    with connected(shared.port) as sock:
        for data, status in (
            (request("GET", "/nothing"), 404),
            (request("DELETE", "/api/v1/results/nothing", "Content-Length: 0"), 404),
            (request("POST", CUT, FORM, body=form(part("image", b"junk", "a.png"))), 415),
            (request("POST", CUT, FORM, body=form(part("image", picture, "a.png"))), 200),
        ):
            sock.sendall(data)
            assert read(sock).status == status


def test_nothing_of_an_upload_stays_on_the_disk(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    server = start()
    # More than is kept in memory.
    assert post(server.port, CUT, FORM, body=big(3_000_000)).status == 415
    with connected(server.port) as sock:
        sock.sendall(request("POST", CUT, FORM, "Content-Length: 5000000") + big(3_000_000)[:2_000_000])
        until(lambda: server.service.admission.inside == 1)
    healthy(server)
    assert not list(spool.iterdir())


def test_no_name_of_an_encoding_is_remembered(shared: Running) -> None:
    name = "unheard-of-and-long"
    assert post(shared.port, CUT, f"{FORM}; charset={name}", body=b"x").status == 400
    assert not [each for each in encodings._cache if name in str(each)]
