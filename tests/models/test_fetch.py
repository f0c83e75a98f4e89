from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cleancut.models import fetch
from cleancut.models.fetch import download
from cleancut.models.sources import Failed, Partial, shown
from tests.fakes.bad_server import BadServer, Served
from tests.fakes.disk import fill_disk
from tests.fakes.weights import BYTES, OTHER, sha256

SIZE = len(BYTES)


@pytest.fixture
def partial(tmp_path: Path) -> Partial:
    return Partial(tmp_path / "toy.partial")


def get(url: str, partial: Partial, sizes: tuple[int, ...] = (SIZE,), *, stated: bool = False) -> str | None:
    return download(url, partial, lambda done, total: None, sizes=sizes, stated=stated)


def begun(partial: Partial, data: bytes, mark: str | None = '"v1"') -> None:
    """As an earlier run left it."""
    partial.restart(mark)
    partial.path.write_bytes(data)


def test_a_file_arrives_whole(server: BadServer, partial: Partial) -> None:
    seen: list[tuple[int, int | None]] = []
    url = server.serve("/a", Served(BYTES))
    assert download(url, partial, lambda done, total: seen.append((done, total))) is None
    assert partial.path.read_bytes() == BYTES
    assert seen[-1] == (SIZE, SIZE)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_a_cut_off_transfer_is_resumed(server: BadServer, partial: Partial) -> None:
    get(server.serve("/a", Served(BYTES, cuts=2, after=9000)), partial)
    assert partial.path.read_bytes() == BYTES
    assert [each.headers.get("range") for each in server.asked] == [None, "bytes=9000-", "bytes=18000-"]
    assert server.asked[1].headers["if-range"] == '"v1"'


def test_resuming_ends_after_three_times(server: BadServer, partial: Partial) -> None:
    with pytest.raises(Failed, match=r"cut off after 4,000 bytes"):
        get(server.serve("/a", Served(BYTES, cuts=99, after=1000)), partial)
    assert len(server.asked) == 4
    assert partial.path.read_bytes() == BYTES[:4000]


@pytest.mark.parametrize("ranges", [True, False])
def test_resuming_ends_where_there_is_no_progress(server: BadServer, partial: Partial, ranges: bool) -> None:
    url = server.serve("/a", Served(BYTES, cuts=99, after=0 if ranges else 500, ranges=ranges))
    begun(partial, BYTES[:500])
    with pytest.raises(Failed, match=r"cut off after 500 bytes"):
        get(url, partial)
    assert len(server.asked) == 1
    assert partial.path.read_bytes() == BYTES[:500]


def test_a_stall_is_a_cut(server: BadServer, partial: Partial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "STALL_S", 0.5)
    get(server.serve("/a", Served(BYTES, stalls=1, after=700)), partial)
    assert partial.path.read_bytes() == BYTES
    assert server.asked[1].headers["range"] == "bytes=700-"


def test_no_answer(server: BadServer, partial: Partial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "STALL_S", 0.5)
    with pytest.raises(Failed, match=r"nothing arrived for 0.5 s"):
        get(server.serve("/a", Served(silent=True)), partial)
    assert len(server.asked) == 1


def test_no_server(partial: Partial) -> None:
    with BadServer() as gone:
        url = gone.url
    with pytest.raises(Failed, match="refused"):
        get(url + "/a", partial)


def test_waiting_to_connect_is_short() -> None:
    with fetch._client() as client:
        assert (client.timeout.connect, client.timeout.read) == (5.0, 30.0)
    assert fetch._reason(httpx.ConnectTimeout("")) == "no connection within 5 s"


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (Served(BYTES, status=404), "answered 404 Not Found"),
        (Served(BYTES, status=500), "answered 500 Internal Server Error"),
        (Served(BYTES, status=403), "answered 403 Forbidden; it may want a log-in"),
        (Served(b"<html>log in", headers={"Content-Type": "text/html; charset=utf-8"}), "a web page, perhaps a proxy"),
        (Served(BYTES, headers={"Content-Encoding": "gzip"}), "in the encoding gzip"),
        (Served(BYTES[:-1]), "has 39,999 bytes instead of 40,000"),
        (Served(BYTES, length=SIZE + 1), "has 40,001 bytes instead of 40,000"),
        (Served(BYTES, headers={"X-Linked-Size": "7"}), "has 7 bytes instead of 40,000"),
        (Served(BYTES + b"x", length=-1), "sent more than the 40,000 bytes"),
        (Served(BYTES[:-1], length=-1, ranges=False), "cut off after 39,999 bytes: 40,000 were expected"),
    ],
)
def test_answers_that_are_refused(server: BadServer, partial: Partial, served: Served, reason: str) -> None:
    with pytest.raises(Failed, match=reason):
        get(server.serve("/a", served), partial)


def test_a_length_that_lies(server: BadServer, partial: Partial) -> None:
    url = server.serve("/a", Served(BYTES, length=SIZE + 100, ranges=False))
    with pytest.raises(Failed, match=r"cut off after 40,000 bytes"):
        get(url, partial, sizes=())


def test_a_refusal_keeps_what_arrived_before(server: BadServer, partial: Partial) -> None:
    begun(partial, BYTES[:500])
    with pytest.raises(Failed, match="web page"):
        get(server.serve("/a", Served(b"<html>", headers={"Content-Type": "text/html"}, ranges=False)), partial)
    assert partial.path.read_bytes() == BYTES[:500]


def test_too_many_bytes_are_not_kept(server: BadServer, partial: Partial) -> None:
    with pytest.raises(Failed, match="sent more"):
        get(server.serve("/a", Served(BYTES * 30, length=-1)), partial)
    assert partial.size == 0


def test_a_redirect_is_followed(server: BadServer, partial: Partial) -> None:
    server.serve("/b", Served(BYTES))
    get(server.redirect("/a", "b"), partial)
    assert partial.path.read_bytes() == BYTES


def test_redirects_end(server: BadServer, partial: Partial) -> None:
    with pytest.raises(Failed, match="more than 5 times"):
        get(server.redirect("/a", "/a"), partial)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "redirects to file:"),
        ("ftp://x/y", "to ftp:"),
        ("http://x:port/", "Invalid URL in location"),
    ],
)
def test_redirects_elsewhere(server: BadServer, partial: Partial, location: str, reason: str) -> None:
    with pytest.raises(Failed, match=reason):
        get(server.redirect("/a", location), partial)
    assert partial.size == 0


def test_no_redirect_from_https_to_http(partial: Partial, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/a":
            return httpx.Response(302, headers={"Location": "http://plain.invalid/b"})
        return httpx.Response(200, content=BYTES)

    monkeypatch.setattr(fetch, "_client", lambda: httpx.Client(transport=httpx.MockTransport(answer)))
    with pytest.raises(Failed, match="from https to http"):
        get("https://secure.invalid/a", partial)


def test_an_address_that_is_none(partial: Partial) -> None:
    with pytest.raises(Failed):
        get("http://x:port/a", partial)
    with pytest.raises(Failed, match="protocol"):
        get("ftp://x/a", partial)


@pytest.mark.parametrize("if_range", [True, False])
def test_an_earlier_run_is_resumed(server: BadServer, partial: Partial, if_range: bool) -> None:
    begun(partial, BYTES[:500])
    get(server.serve("/a", Served(BYTES, if_range=if_range)), partial)
    assert partial.path.read_bytes() == BYTES
    assert [each.headers["range"] for each in server.asked] == ["bytes=500-"]


@pytest.mark.parametrize(
    ("mark", "served"),
    [
        ('"v0"', Served(BYTES)),  # heeds If-Range: answers the whole file
        ('"v0"', Served(BYTES, if_range=False)),  # serves the range of another version
        ('W/"v0"', Served(BYTES, etag='W/"v1"')),
        ('"v1"', Served(BYTES, ranges=False)),
        ('"v1"', Served(BYTES, ranges=False, etag=None)),
        ('"v0"', Served(BYTES, status=206, ranges=False, etag=None)),  # a range that is not the one asked for
    ],
)
def test_what_cannot_be_resumed_is_begun_again(server: BadServer, partial: Partial, mark: str, served: Served) -> None:
    begun(partial, OTHER[:500], mark)
    if served.status == 206:
        served.headers["Content-Range"] = f"bytes 0-{SIZE - 1}/{SIZE}"
    get(server.serve("/a", served), partial)
    assert partial.path.read_bytes() == BYTES
    assert partial.mark == served.etag
    assert server.asked[0].headers["range"] == "bytes=500-"


def test_a_weak_mark_is_no_condition(server: BadServer, partial: Partial) -> None:
    begun(partial, BYTES[:500], 'W/"v1"')
    get(server.serve("/a", Served(BYTES, etag='W/"v1"')), partial)
    assert "if-range" not in server.asked[0].headers
    assert partial.path.read_bytes() == BYTES
    assert len(server.asked) == 1


def test_nothing_was_missing(server: BadServer, partial: Partial) -> None:
    begun(partial, BYTES)
    get(server.serve("/a", Served(BYTES)), partial)
    assert partial.path.read_bytes() == BYTES
    assert len(server.asked) == 1


def test_nothing_was_missing_of_another_file(server: BadServer, partial: Partial) -> None:
    begun(partial, BYTES + b"x")
    with pytest.raises(Failed, match="has 40,001 bytes instead of 40,000"):
        get(server.serve("/a", Served(BYTES + b"x")), partial)


def test_more_is_there_than_the_file_has(server: BadServer, partial: Partial) -> None:
    begun(partial, BYTES + b"x", mark=None)
    get(server.serve("/a", Served(BYTES)), partial)
    assert partial.path.read_bytes() == BYTES


def test_the_publishers_checksum(server: BadServer, partial: Partial) -> None:
    digest = sha256(BYTES)
    server.serve("/b", Served(BYTES, headers={"X-Linked-ETag": '"' + "0" * 64 + '"'}))
    url = server.redirect(
        "/a", "/b", X_Linked_ETag=f'W/"{digest.removeprefix("sha256:").upper()}"', X_Linked_Size=str(SIZE)
    )
    assert get(url, partial, stated=True) == digest


@pytest.mark.parametrize("tag", [None, '"' + "a" * 40 + '"', '"v1"'])
def test_a_publisher_without_a_checksum(server: BadServer, partial: Partial, tag: str | None) -> None:
    # The host that it sends us on to is not asked, nor is a git object's hash a checksum.
    server.serve("/b", Served(BYTES, headers={"X-Linked-ETag": sha256(BYTES).removeprefix("sha256:")}))
    url = server.redirect("/a", "/b", **({"X_Linked_ETag": tag} if tag else {}))
    with pytest.raises(Failed, match="states no checksum"):
        get(url, partial, stated=True)
    assert partial.size == 0


def test_a_proxy_of_the_environment_is_used(
    server: BadServer, partial: Partial, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.delenv("no_proxy", raising=False)
    server.serve("http://models.invalid/a", Served(BYTES))
    get("http://models.invalid/a", partial)
    assert partial.path.read_bytes() == BYTES


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALL_PROXY", "gopher://x"), ("HTTPS_PROXY", "http://x:port"), ("SSL_CERT_FILE", "/no/such.pem")],
)
def test_settings_of_the_environment_that_cannot_be_used(
    partial: Partial, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(Failed, match="of the environment cannot be used"):
        get("http://127.0.0.1:9/a", partial)


def test_a_full_disk_is_given_back(server: BadServer, partial: Partial, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_disk(monkeypatch, ".partial")
    with pytest.raises(OSError, match="No space left"):
        get(server.serve("/a", Served(BYTES)), partial)
    assert list(partial.path.parent.iterdir()) == []


def test_a_url_is_shown_without_its_secrets() -> None:
    assert shown("https://me:secret@host.invalid:8/a/b.onnx?sig=x#y") == "https://host.invalid:8/a/b.onnx"
    assert shown("https://host.invalid") == "https://host.invalid"
