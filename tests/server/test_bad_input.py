"""Nonsense and malice over plain sockets: each is refused by the right status, and the server goes on."""

from __future__ import annotations

import base64
import io
import json
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from structlog.testing import capture_logs

from tests.pictures import png_chunk
from tests.server.conftest import Running
from tests.server.wire import FORM, JSON, Reply, ask, closed, connected, form, part, post, read, request, until

CUT = "/api/remove-background"
V1 = "/api/v1/cutouts"
URLENCODED = "Content-Type: application/x-www-form-urlencoded"
SECRET = b"nobody outside may read this"


@pytest.fixture(autouse=True)
def _healthy_afterwards(shared: Running) -> Iterator[None]:
    yield
    assert ask(shared.port, request("GET", "/api/health")).json()["status"] == "healthy"
    until(lambda: shared.service.admission.inside == 0)
    assert not shared.service.admission.working


def upload(server: Running, data: bytes, target: str = CUT, name: str | bytes = "a.png", *parts: bytes) -> Reply:
    return post(server.port, target, FORM, body=form(part("image", data, name), *parts))


def edit(server: Running, body: bytes | str, kind: str = JSON) -> Reply:
    return post(server.port, "/api/edit-mask", kind, body=body.encode() if isinstance(body, str) else body)


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header tells of more than there is."""
    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    chunks = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bomb(side: int = 20_000) -> bytes:
    """Some kilobytes that decode to hundreds of megabytes."""
    file = io.BytesIO()
    Image.new("L", (side, side)).save(file, "PNG")
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", b"x")
    return file.getvalue()


@pytest.mark.parametrize("target", [CUT, V1, "/api/v1/mattes"])
class TestFiles:
    def test_an_empty_file(self, shared: Running, target: str) -> None:
        answer = upload(shared, b"", target)
        assert (answer.status, answer.code) == (422, "input_missing")

    @pytest.mark.parametrize(
        "data",
        [
            b"hello",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            b"%PDF-1.7\n",
            b"<!doctype html><html>",
            b"GIF",
            b"\x7fELF" + b"\0" * 100,
            b"\0" * 1000,
            b"\x89PNG",
            zipped(),
            json.dumps({"image": "data:image/png;base64,"}).encode(),
        ],
        ids=lambda data: repr(data[:6]),
    )
    def test_what_is_no_picture(self, shared: Running, target: str, data: bytes) -> None:
        answer = upload(shared, data, target)
        assert (answer.status, answer.code) in ((415, "not_an_image"), (415, "unsupported_image"))

    @pytest.mark.parametrize("data", [claiming(60_000, 60_000), claiming(2**31 - 1, 1), bomb()], ids=len)
    def test_pictures_that_would_fill_the_memory(self, shared: Running, target: str, data: bytes) -> None:
        began = time.monotonic()
        answer = upload(shared, data, target)
        assert (answer.status, answer.code) == (413, "image_too_large")
        # What a client can do about it, not what an operator could.
        assert "CLEANCUT" not in answer.json()["hint"]
        assert time.monotonic() - began < 5

    @pytest.mark.parametrize("data", [claiming(0, 0), claiming(1000, 1000), claiming(1000, 1000)[:60]], ids=len)
    def test_damaged_pictures(self, shared: Running, target: str, data: bytes) -> None:
        answer = upload(shared, data, target)
        assert (answer.status, answer.code) == (422, "damaged_image")

    def test_half_a_picture(self, shared: Running, target: str, picture: bytes) -> None:
        assert upload(shared, picture[: len(picture) // 2], target).code == "damaged_image"


@pytest.mark.parametrize("tail", [b"<html><script>alert(1)</script></html>", zipped(), b"#!/bin/sh\nreboot\n"])
def test_what_hangs_on_a_picture_is_not_handed_on(shared: Running, picture: bytes, tail: bytes) -> None:
    answer = upload(shared, picture + tail, V1)
    assert answer.status == 200
    assert tail not in answer.body
    assert answer.headers["content-type"] == "image/png"
    # The photo itself is given back as it came: as a file to keep, whose type nobody guesses.
    matte = upload(shared, picture + tail, "/api/v1/mattes").json()["id"]
    photo = ask(shared.port, request("GET", f"/api/v1/mattes/{matte}/photo"))
    assert photo.body == picture + tail
    assert photo.headers["content-type"] == "application/octet-stream"
    assert photo.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("kind", [URLENCODED, "Content-Type: text/plain", "X-None: 1", "Content-Type: json"])
def test_json_of_another_type(shared: Running, kind: str) -> None:
    answer = edit(shared, '{"image": "", "edits": []}', kind)
    assert (answer.status, answer.code) == (422, "invalid_value")
    assert "application/json" in answer.json()["hint"]


def test_a_form_where_json_is_wanted(shared: Running, picture: bytes) -> None:
    answer = edit(shared, form(part("image", picture, "a.png")), FORM)
    assert (answer.status, answer.code) == (422, "invalid_value")
    assert "application/json" in answer.json()["hint"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"image": "x", "edits": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"image": ',
        b"{'image': 1}",
        b'{"image": "\xff\xfe", "edits": []}',
        b'{"image": "x", "edits": [{"x": ' + b"1" * 5000 + b"}]}",
        b"\0",
        b"\xef\xbb\xbf",
        b"",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_json_that_is_none(shared: Running, body: bytes) -> None:
    answer = edit(shared, body)
    assert (answer.status, answer.code) in ((400, "bad_request"), (422, "invalid_value"))


@pytest.mark.parametrize(
    "said", ["[]", "1", "null", '"x"', "{}", '{"image": 1, "edits": []}', '{"image": [], "edits": {}}']
)
def test_json_of_another_shape(shared: Running, said: str) -> None:
    answer = edit(shared, said)
    assert (answer.status, answer.code) == (422, "invalid_value")


@pytest.mark.parametrize(
    "x", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 4000, "1e7", '"1"', "null", "true", "[1]", "{}"]
)
@pytest.mark.parametrize("field", ["x", "radius"])
def test_numbers_in_json_that_are_none_or_too_large(shared: Running, field: str, x: str) -> None:
    values = {"x": "1", "y": "1", "radius": "1"} | {field: x}
    told = ", ".join(f'"{name}": {value}' for name, value in values.items())
    answer = edit(shared, f'{{"image": "eA==", "edits": [{{{told}, "action": "add"}}]}}')
    assert (answer.status, answer.code) == (422, "invalid_value")
    assert answer.json()["error"].startswith(f"edits.0.{field}: ")


def test_half_a_character_in_json(shared: Running) -> None:
    for said in (r'{"image": "\ud800", "edits": []}', r'{"image": "", "edits": [], "filename": "\udfff"}'):
        answer = edit(shared, said)
        assert (answer.status, answer.code) == (400, "bad_request")


def test_too_many_edits(shared: Running) -> None:
    one = '{"x": 1, "y": 1, "radius": 1, "action": "add"}'
    answer = edit(shared, f'{{"image": "eA==", "edits": [{",".join([one] * 10_001)}]}}')
    assert (answer.status, answer.code) == (422, "invalid_value")


PATHS = [
    "../secret.png",
    "../../../../../../../etc/passwd",
    "..%2f..%2fsecret.png",
    "%2e%2e/%2e%2e/secret.png",
    "%2e%2e%2f%2e%2e%2fsecret.png",
    "%252e%252e%252fsecret.png",
    "..%5c..%5csecret.png",
    "....//secret.png",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "%00",
    "secret.png%00",
    "secret.png",
    "%c0%ae%c0%ae%2fsecret.png",
    "~",
    "%ff%fe",
    "*",
    "a" * 5000,
    "0" * 32 + "-" + "0" * 16 + ".png",
    "0" * 32 + "-" + "0" * 16 + ".png%0a",
    "0" * 32 + ".source",
    "0" * 32,
    "%EF%BC%90" * 32,
]


@pytest.mark.parametrize(
    ("method", "before", "after"),
    [
        ("GET", "/api/download/", ""),
        ("GET", "/api/v1/results/", ""),
        ("DELETE", "/api/v1/results/", ""),
        ("GET", "/api/v1/mattes/", ""),
        ("DELETE", "/api/v1/mattes/", ""),
        ("GET", "/api/v1/mattes/", "/matte.png"),
        ("GET", "/api/v1/mattes/", "/photo"),
        ("POST", "/api/v1/mattes/", "/pictures"),
    ],
)
def test_no_path_in_an_address_leads_to_a_file(shared: Running, method: str, before: str, after: str) -> None:
    store = shared.service.settings.folder / "store"
    for folder in (store, store / "objects", store / "objects" / "local", shared.home):
        folder.mkdir(exist_ok=True)
        (folder / "secret.png").write_bytes(SECRET)
    for path in PATHS:
        body = form(part("format", "png")) if method == "POST" else None
        answer = ask(shared.port, request(method, f"{before}{path}{after}", FORM, body=body))
        assert (answer.status, answer.code) in ((404, "not_found"), (405, "method_not_allowed")), path
        assert SECRET not in answer.body
        assert b"root:" not in answer.body
    assert (store / "secret.png").is_file()
    assert (store / "objects" / "local" / "secret.png").is_file()


def test_what_is_kept_beside_pictures_is_not_given_out_as_one(shared: Running, picture: bytes) -> None:
    matte = upload(shared, picture, "/api/v1/mattes").json()["id"]
    for name in (f"{matte}.source", f"{matte}.json", f"{matte}.matte.png", matte):
        for route in ("/api/download/", "/api/v1/results/"):
            assert ask(shared.port, request("GET", route + name)).status == 404
        assert ask(shared.port, request("DELETE", f"/api/v1/results/{name}")).status == 404
    assert ask(shared.port, request("GET", f"/api/v1/mattes/{matte}")).status == 200


def test_no_file_name_in_json_leads_to_a_file(shared: Running, picture: bytes) -> None:
    (shared.home / "secret.png").write_bytes(picture)
    cutout = base64.b64encode(picture).decode()
    for name in ("../secret.png", str(shared.home / "secret.png"), "secret.png", "/etc/passwd", "\0", ""):
        answer = edit(shared, json.dumps({"image": cutout, "edits": [], "filename": name}))
        assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("method", ["FOO", "PUT", "PATCH", "TRACE", "PROPFIND", "get", "GETT", "OPTIONS"])
def test_unknown_methods(shared: Running, method: str) -> None:
    for target in ("/api/health", CUT, "/"):
        answer = ask(shared.port, request(method, target))
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert answer.headers["allow"]


def test_who_uses_a_wrong_method_is_told_the_right_ones(shared: Running) -> None:
    for target, methods in (("/api/session", "DELETE, GET, POST"), (CUT, "POST"), ("/docs", "GET")):
        assert ask(shared.port, request("PUT", target)).headers["allow"] == methods


def test_head_is_answered_without_a_body(shared: Running) -> None:
    with connected(shared.port) as sock:
        for target, status in (("/api/health", 200), ("/livez", 200), ("/nothing", 404), (CUT, 405)):
            sock.sendall(request("HEAD", target))
            answer = read(sock, "HEAD")
            assert answer.status == status
            assert int(answer.headers["content-length"]) > 0
            assert answer.body == b""
        # Nothing of a body has come after all.
        sock.sendall(request("GET", "/api/health"))
        assert read(sock).status == 200


@pytest.mark.parametrize("length", [10_000, 60_000, 400_000])
def test_very_long_addresses(shared: Running, length: int) -> None:
    with connected(shared.port) as sock:
        try:
            sock.sendall(request("GET", "/" + "a" * length) + b"")
            assert read(sock).status in (400, 404, 414, 431)
        except ConnectionError:
            # It is closed on those who go on sending what nobody reads.
            assert length > 100_000


def test_an_address_with_a_very_long_question(shared: Running) -> None:
    assert ask(shared.port, request("GET", "/api/health?" + "a=b&" * 10_000)).status == 200


@pytest.mark.parametrize("count", [1000, 1_000_000])
def test_floods_of_headers(shared: Running, count: int) -> None:
    with connected(shared.port) as sock:
        try:
            sock.sendall(request("GET", "/api/health", *[f"X-{number}: 1" for number in range(count)]))
            assert read(sock).status in (200, 400, 431)
        except ConnectionError:
            assert count > 1000


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\r\n\r\n\r\nGARBAGE\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: yes\r\nBad\0Name: 1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        request("POST", CUT, FORM, "Transfer-Encoding: gzip, chunked"),
        request("POST", CUT, FORM, "Transfer-Encoding: chunked") + b"zz\r\nabc\r\n",
        request("POST", CUT, FORM, "Transfer-Encoding: chunked") + b"-5\r\nabc\r\n",
        request("POST", CUT, FORM, "Transfer-Encoding: chunked") + b"f" * 100 + b"\r\nabc\r\n",
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_is_no_http(shared: Running, data: bytes) -> None:
    with connected(shared.port) as sock:
        sock.sendall(data)
        assert read(sock).status in (400, 501)


@pytest.mark.parametrize("target", ["*", "localhost", "http://", "//", "/.", "/..", "/%", "/%zz", "/?", "/#", "/;"])
def test_odd_targets(shared: Running, target: str) -> None:
    assert ask(shared.port, request("GET", target)).status in (200, 400, 404)


def test_no_upload_makes_a_file_where_it_says(shared: Running, picture: bytes, tmp_path: Path) -> None:
    target = tmp_path / "planted.png"
    for name in (str(target), f"../../../../../../..{target}"):
        for route in (CUT, V1, "/api/v1/mattes"):
            upload(shared, picture, route, name)
    assert not target.exists()


def test_what_is_no_http_is_refused_in_the_same_shape(shared: Running) -> None:
    for data in (b"garbage\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", request("GET", "/", "Host: localhost")):
        answer = ask(shared.port, data)
        assert (answer.status, answer.code) == (400, "bad_request")
        assert answer.headers["content-security-policy"]
        assert answer.headers["connection"] == "close"


def test_what_is_no_http_after_an_answer_ends_the_connection_quietly(shared: Running) -> None:
    with capture_logs() as log, connected(shared.port) as sock:
        sock.sendall(request("POST", "/nothing", "Transfer-Encoding: chunked"))
        assert read(sock).status == 404
        sock.sendall(b"zz\r\n\r\n")
        assert closed(sock)
    assert not [each for each in log if each["log_level"] == "error"]
