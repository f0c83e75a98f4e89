"""The page's files: what is sent of them, to whom, how long it may be kept; and what is shown where there are none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cleancut.server import assets, building
from cleancut.server.app import create_app
from cleancut.server.settings import read_server_settings
from tests.server.calls import key
from tests.server.conftest import Start
from tests.server.wire import Reply, ask, request

HTML = b"<!doctype html><title>cleancut</title>"
SCRIPT = b"document.title = 'cleancut';" * 40
PACKED = gzip.compress(SCRIPT, mtime=0)
BROTLI = b"as if compressed by brotli"
NAME = "assets/index-BI2A0-P4.js"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page as the build would have left it."""
    folder = tmp_path / "page"
    files = {
        "index.html": HTML, NAME: SCRIPT, f"{NAME}.br": BROTLI, f"{NAME}.gz": PACKED,
        "assets/plain.css": b"p {}", "favicon.svg": b"<svg/>", "samples/mug.jpg": b"\xff\xd8", ".sources": b"digest",
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (tmp_path / "secret.js").write_bytes(b"secret")
    monkeypatch.setattr(assets, "FOLDER", folder)
    monkeypatch.setattr(building, "FOLDER", folder)
    return folder


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "FOLDER", tmp_path / "nowhere")


def get(port: int, target: str, *headers: str) -> Reply:
    return ask(port, request("GET", target, *headers, host="localhost"))


def test_the_page_is_at_the_root_for_everybody(built: Path, start: Start) -> None:
    server = start()
    key(server.home, "Anna")
    answer = server.http.get("/")
    assert (answer.status_code, answer.content) == (200, HTML)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert server.http.get("/favicon.svg").headers["content-type"] == "image/svg+xml"
    assert server.http.get("/samples/mug.jpg").headers["content-type"] == "image/jpeg"
    assert server.http.get("/docs").content != HTML


def test_what_is_named_after_its_content_is_kept_for_ever_and_the_rest_asked_for_again(
    built: Path, start: Start
) -> None:
    http = start().http
    assert http.get(f"/{NAME}").headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("/", "/favicon.svg", "/samples/mug.jpg", "/assets/plain.css"):
        first = http.get(name)
        assert first.headers["cache-control"] == "no-cache"
        again = http.get(name, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert http.get(name, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.1, gzip;q=1.0", "br"),
        ("gzip", "gzip"),
        ("BR", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br ; q=0.000, gzip; q=0", ""),
        ("*", "br"),
        ("*;q=0", ""),
        ("br;q=0, *", "gzip"),
        ("identity", ""),
        ("deflate, zstd", ""),
        (",;=", ""),
    ],
)
def test_it_is_sent_as_small_as_the_client_takes_it(built: Path, start: Start, accepted: str, encoding: str) -> None:
    answer = get(start().port, f"/{NAME}", f"Accept-Encoding: {accepted}")
    assert answer.status == 200
    assert answer.headers.get("content-encoding", "") == encoding
    assert answer.body == {"br": BROTLI, "gzip": PACKED, "": SCRIPT}[encoding]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "Accept-Encoding" in answer.headers["vary"]


def test_each_encoding_has_a_tag_of_its_own(built: Path, start: Start) -> None:
    port = start().port
    tags = {get(port, f"/{NAME}", f"Accept-Encoding: {each}").headers["etag"] for each in ("br", "gzip", "identity")}
    assert len(tags) == 3
    # What there is in one form alone does not vary.
    assert "vary" not in get(port, "/favicon.svg", "Accept-Encoding: br").headers


@pytest.mark.parametrize(
    "target",
    [
        "/assets/../secret.js",
        "/assets/../../secret.js",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.js",
        "/assets/..%2f..%2fsecret.js",
        "/assets/..\\secret.js",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/samples/../.sources",
        "/samples/..%2findex.html",
        "/assets/index-BI2A0-P4.js.br",
        "/assets/index-BI2A0-P4.js/",
        "/assets/",
        "/assets",
        "/assets/%00",
        "/assets/none-BI2A0-P4.js",
        "/.sources",
        "/index.html",
        "/nothing",
    ],
)
def test_nothing_else_is_at_any_address(built: Path, start: Start, target: str) -> None:
    answer = get(start().port, target)
    assert (answer.status, answer.code) == (404, "not_found")


def test_the_parts_are_for_its_own_page_alone(built: Path, start: Start) -> None:
    port = start().port
    elsewhere = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")
    assert get(port, "/", *elsewhere).status == 200
    assert get(port, f"/{NAME}", *elsewhere).code == "foreign_page"
    assert ask(port, request("GET", f"/{NAME}", host="evil.example")).code == "wrong_host"


def test_head_is_answered_as_get_without_the_body(built: Path, start: Start) -> None:
    answer = start().http.head(f"/{NAME}", headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(SCRIPT))


def test_without_a_page_the_root_says_why_and_what_to_do(unbuilt: None, start: Start) -> None:
    answer = start().http.get("/")
    assert answer.status_code == 503
    assert "The page has not been built; build it by `python web/make.py`" in answer.text
    assert "href=/docs" in answer.text
    assert "http-equiv" not in answer.text


def test_strangers_are_not_told_why(unbuilt: None, start: Start) -> None:
    text = start(allowed_hosts=("cut.example",), without_keys=True).http.get("/").text
    assert "web/make.py" not in text
    assert "log says why" in text


def test_an_installation_without_a_page_does_not_speak_of_clones(
    unbuilt: None, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(building, "MAKE", None)
    assert "pip install" in create_app(read_server_settings(model="tiny")).state.page.remedy


def test_while_it_is_built_the_root_looks_again_by_itself(unbuilt: None, start: Start) -> None:
    server = start()
    server.server.app.state.page.building = "installing packages …"
    answer = server.http.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "<meta http-equiv=refresh content=2>" in answer.text
    assert "installing packages …" in answer.text
    assert server.http.get("/livez").status_code == 200
