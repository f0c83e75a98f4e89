"""By what name a server may be called, from whose pages, and what every answer tells browsers."""

from __future__ import annotations

import pytest

from cleancut.server.logs import HEADERS
from tests.server.conftest import Running, Start
from tests.server.wire import FORM, JSON, Reply, ask, form, part, post, request

SHOP = "https://shop.example"


def get(server: Running, target: str = "/api/health", *headers: str, host: str | None = "localhost") -> Reply:
    return ask(server.port, request("GET", target, *headers, host=host))


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8000", "localhost:1", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:8000"],
)
def test_on_loopback_the_names_of_loopback_pass_with_any_port(shared: Running, host: str) -> None:
    assert get(shared, host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "evil.example.localhost",
        "localhost.",
        "user@localhost",
        "localhost@evil.example",
        "localhost:8000:80",
        "localhost:http",
        "localhost:\xb2",
        "localhost:",
        "localhost/",
        "::1",
        "0.0.0.0",
        "127.0.0.2",
        "127.1",
        "2130706433",
        "",
    ],
)
def test_on_loopback_no_other_name_passes(shared: Running, host: str) -> None:
    answer = get(shared, host=host)
    assert (answer.status, answer.code) == (400, "wrong_host")


def test_a_request_without_a_name_is_refused(shared: Running) -> None:
    answer = ask(shared.port, b"GET /api/health HTTP/1.0\r\n\r\n")
    assert (answer.status, answer.code) == (400, "wrong_host")


@pytest.mark.parametrize("second", ["evil.example", "localhost"])
def test_two_names_are_refused(shared: Running, second: str) -> None:
    assert get(shared, "/api/health", f"Host: {second}").status == 400


def test_the_name_in_the_request_line_does_not_stand_for_the_header(shared: Running) -> None:
    assert get(shared, "http://localhost/api/health", host="evil.example").code == "wrong_host"


def test_a_page_too_is_refused_under_a_wrong_name(shared: Running) -> None:
    # Else a name that is made to lead here (DNS rebinding) would show the page as that site's own.
    answer = get(shared, "/", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", host="evil.example")
    assert answer.code == "wrong_host"


def test_names_that_the_operator_lists_pass_beside_those_of_loopback(start: Start) -> None:
    server = start(allowed_hosts=("cut.example",))
    assert [get(server, host=host).status for host in ("cut.example", "CUT.example:443", "localhost")] == [200] * 3
    assert get(server, host="other.example").code == "wrong_host"
    assert get(server, host="a.cut.example").code == "wrong_host"


def test_a_server_on_another_address_of_loopback_is_called_by_it(start: Start) -> None:
    server = start(host="127.0.0.2")
    assert get(server, host="127.0.0.2:8000").status == 200
    assert get(server, host="127.0.0.3:8000").code == "wrong_host"


def test_beyond_loopback_any_name_passes_until_some_are_listed(start: Start) -> None:
    assert get(start(host="0.0.0.0"), host="anything.example").status == 200
    listed = start(host="0.0.0.0", allowed_hosts=("cut.example",))
    assert get(listed, host="anything.example").code == "wrong_host"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "something-new"])
def test_calls_from_pages_of_other_sites_are_refused(shared: Running, method: str, site: str) -> None:
    answer = ask(shared.port, request(method, "/api/session", f"Sec-Fetch-Site: {site}"))
    assert (answer.status, answer.code) == (403, "foreign_page")


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_calls_from_its_own_page_and_from_the_address_bar_pass(shared: Running, site: str) -> None:
    assert get(shared, "/api/health", f"Sec-Fetch-Site: {site}").status == 200
    assert get(shared, "/api/health", f"Sec-Fetch-Site: {site}", "Origin: http://localhost").status == 200


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "http://localhost:81", "localhost", "garbage", "http://[", "http://", "file://"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_origins_are_refused_where_a_browser_tells_nothing_else(
    shared: Running, method: str, origin: str
) -> None:
    answer = ask(shared.port, request(method, "/api/session", f"Origin: {origin}"))
    assert (answer.status, answer.code) == (403, "foreign_page")


def test_the_own_origin_passes_where_a_browser_tells_nothing_else(shared: Running) -> None:
    host = f"localhost:{shared.port}"
    assert get(shared, "/api/health", f"Origin: http://{host}", host=host).status == 200


def test_no_page_is_the_own_one_of_a_server_that_was_called_by_no_name(start: Start) -> None:
    server = start(host="0.0.0.0")
    answer = ask(server.port, b"GET /api/health HTTP/1.0\r\nOrigin: null\r\n\r\n")
    assert answer.code == "foreign_page"


@pytest.mark.parametrize("target", ["/", "/docs"])
def test_links_to_the_pages_may_be_followed_from_anywhere(shared: Running, target: str) -> None:
    link = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document")
    answer = get(shared, target, *link)
    # Also where there is no page yet; refusals are JSON.
    assert answer.headers["content-type"].startswith("text/html")
    # So that the page, which does open from elsewhere, opens in no frame.
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("target", ["/api/health", "/api/v1/data", "/metrics", "/openapi.json", "/docs/", "/nothing"])
def test_links_to_anything_else_lead_nowhere(shared: Running, target: str) -> None:
    assert get(shared, target, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site").code == "foreign_page"


def test_a_page_is_not_fetched_by_scripts_of_other_sites(shared: Running) -> None:
    assert get(shared, "/", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site").code == "foreign_page"


def test_without_allowed_origins_no_answer_speaks_of_them(shared: Running) -> None:
    preflight = ("Origin: http://localhost", "Access-Control-Request-Method: POST")
    for answer in (
        get(shared),
        get(shared, "/api/health", "Origin: http://localhost"),
        get(shared, "/api/health", f"Origin: {SHOP}"),
        ask(shared.port, request("OPTIONS", "/api/v1/cutouts", *preflight)),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_pages_of_allowed_origins_call_and_read(start: Start) -> None:
    server = start(origins=(SHOP,))
    page = (f"Origin: {SHOP}", "Sec-Fetch-Site: cross-site")
    for answer in (get(server, "/api/health", *page), get(server, "/nothing", *page)):
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Origin" in answer.headers["vary"]
        # With cookies it could act for whoever is signed in; a page elsewhere has a key of its own.
        assert "access-control-allow-credentials" not in answer.headers
    other = get(server, "/api/health", "Origin: https://other.example", "Sec-Fetch-Site: cross-site")
    assert other.code == "foreign_page"
    assert "access-control-allow-origin" not in other.headers


def test_a_preflight_of_an_allowed_origin_allows_what_clients_send(start: Start) -> None:
    server = start(origins=(SHOP,))
    asked = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-api-key")
    answer = ask(server.port, request("OPTIONS", "/api/v1/cutouts", f"Origin: {SHOP}", *asked))
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "x-api-key" in answer.headers["access-control-allow-headers"]
    refused = ask(server.port, request("OPTIONS", "/api/v1/cutouts", "Origin: https://other.example", *asked))
    assert (refused.status, refused.code) == (403, "foreign_page")


def test_every_answer_has_the_headers_that_protect_browsers(shared: Running, picture: bytes) -> None:
    made = post(shared.port, "/api/v1/cutouts", FORM, body=form(part("image", picture, "a.png")))
    kept = made.headers["content-location"]
    # A page from elsewhere opens all of these, and none may run what a photo or a name brings along.
    answers = {
        200: get(shared),
        201: post(shared.port, "/api/v1/mattes", FORM, body=form(part("image", picture, "a.png"))),
        304: get(shared, kept, "If-None-Match: *"),
        400: get(shared, host="evil.example"),
        403: get(shared, "/api/health", "Origin: null"),
        404: get(shared, "/nothing"),
        405: ask(shared.port, request("PATCH", "/api/health")),
        413: ask(shared.port, request("POST", "/api/edit-mask", JSON, "Content-Length: 10000000000")),
        415: post(shared.port, "/api/session", "Content-Encoding: gzip", body=b"x"),
        422: post(shared.port, "/api/session", JSON, body=b"{}"),
    }
    for status, answer in answers.items():
        assert answer.status == status
        for name, value in HEADERS.items():
            assert answer.headers[name.lower()] == value


def test_a_defect_is_answered_with_those_headers_too(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start()
    monkeypatch.setattr(type(server.service.metrics), "shown", lambda self: 1 / 0)
    answer = get(server, "/metrics")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_the_policy_lets_pages_load_from_nowhere_else() -> None:
    policy = dict(each.split(" ", 1) for each in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert not any("unsafe" in sources or "*" in sources or "http" in sources for sources in policy.values())
