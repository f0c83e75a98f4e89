"""Signing in on the page: a key once, then a cookie, and a token with all that changes something."""

from __future__ import annotations

import time
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from cleancut.server.auth import COOKIE
from cleancut.server.keys import keys_file, revoke
from tests.server.calls import cut, key, objects, refused
from tests.server.conftest import Running, Start


@pytest.fixture
def server(start: Start, home: Path) -> Running:
    """A server that wants keys."""
    key(home, "Operator")
    return start()


def sign_in(server: Running, who: dict[str, str]) -> tuple[httpx.Response, dict[str, str]]:
    """The answer, and the header that a page sends from then on."""
    answer = server.http.post("/api/session", json={"key": who["X-Api-Key"]})
    assert answer.status_code == 200, answer.text
    return answer, {"X-CSRF-Token": answer.json()["csrf"]}


def test_a_server_without_keys_needs_no_sign_in(shared: Running) -> None:
    open_to_all = {"keys_needed": False, "signed_in": True, "csrf": None}
    assert shared.http.get("/api/session").json() == open_to_all
    answer = shared.http.post("/api/session", json={"key": "any"})
    assert answer.json() == open_to_all
    assert "Set-Cookie" not in answer.headers


def test_a_key_opens_a_session_for_all_that_the_key_opens(server: Running, home: Path, picture: bytes) -> None:
    hers, anna = key(home, "Anna")
    assert server.http.get("/api/session").json() == {"keys_needed": True, "signed_in": False, "csrf": None}
    refused(server.http.get("/api/v1/data"), 401, "key_needed")
    answer, token = sign_in(server, anna)
    assert answer.json() == {"keys_needed": True, "signed_in": True, "csrf": token["X-CSRF-Token"]}
    made = cut(server, picture, token)
    assert made.status_code == 200, made.text
    assert {each.parent.name for each in objects(home)} == {hers.id}, "kept under the same name as with the key"
    assert server.http.get(made.headers["Content-Location"]).content == made.content
    assert cut(server, picture, anna).headers["X-Cleancut-Cache"] == "hit"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_pages(start: Start, home: Path) -> None:
    _, anna = key(home, "Anna")
    server = start(session_seconds=600)
    answer, _ = sign_in(server, anna)
    cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "strict"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == "600"
    assert not cookie["secure"], "it would not come back over plain HTTP"
    assert anna["X-Api-Key"] not in answer.headers["Set-Cookie"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert server.http.get("/api/session").headers["Cache-Control"] == "no-store"


def test_over_https_the_cookie_is_for_https_alone(start: Start, home: Path) -> None:
    _, anna = key(home, "Anna")
    server = start(trusted_proxies=("127.0.0.1",))
    headers = {"X-Forwarded-Proto": "https"}
    answer = server.http.post("/api/session", json={"key": anna["X-Api-Key"]}, headers=headers)
    assert SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]["secure"] is True


def test_what_changes_something_needs_the_sessions_token(server: Running, home: Path, picture: bytes) -> None:
    _, anna = key(home, "Anna")
    sign_in(server, anna)
    _, token = sign_in(server, anna)
    made = cut(server, picture, token)
    places = ("/api/v1/data", made.headers["Content-Location"], "/api/v1/mattes/" + "0" * 32)
    for sent in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": server.http.cookies[COOKIE]}):
        refused(cut(server, picture, sent), 403, "csrf_failed")
        for place in places:
            refused(server.http.delete(place, headers=sent), 403, "csrf_failed")
    assert server.http.get("/api/v1/data").status_code == 200, "what only reads needs none"
    assert server.http.get("/api/session").json()["signed_in"] is True
    told_later = {"X-CSRF-Token": server.http.get("/api/session").json()["csrf"]}
    assert server.http.delete("/api/v1/data", headers=told_later).status_code == 200
    # One who has the key itself is no page that was tricked.
    assert cut(server, picture, anna).status_code == 200


def test_the_token_of_another_session_is_none(server: Running, home: Path, picture: bytes) -> None:
    _, anna = key(home, "Anna")
    _, others = sign_in(server, anna)
    sign_in(server, anna)
    refused(cut(server, picture, others), 403, "csrf_failed")


def test_a_wrong_key_opens_nothing(server: Running) -> None:
    for wrong in ("cc_wrong", "é", "x" * 512):
        answer = server.http.post("/api/session", json={"key": wrong})
        refused(answer, 401, "key_unknown")
        assert "Set-Cookie" not in answer.headers
    for body in ({}, {"key": ""}, {"key": 7}, {"key": "x" * 513}):
        refused(server.http.post("/api/session", json=body), 422, "invalid_value")


def test_a_forged_or_broken_cookie_is_no_session(server: Running, home: Path, picture: bytes) -> None:
    _, anna = key(home, "Anna")
    _, token = sign_in(server, anna)
    true = server.http.cookies[COOKIE]
    for wrong in ("x", "", true[:-1], true[:-9] + "AB"[true[-9] == "A"] + true[-8:], true.partition(".")[0]):
        server.http.cookies.clear()
        headers = {"Cookie": f"{COOKIE}={wrong}", **token}
        refused(cut(server, picture, headers), 401, "key_needed")
        assert server.http.get("/api/session", headers=headers).json()["signed_in"] is False


def test_signing_out_takes_the_cookie_away(server: Running, home: Path) -> None:
    _, anna = key(home, "Anna")
    sign_in(server, anna)
    answer = server.http.delete("/api/session")
    assert (answer.status_code, answer.content) == (204, b"")
    assert COOKIE not in server.http.cookies
    assert server.http.get("/api/session").json()["signed_in"] is False
    refused(server.http.get("/api/v1/data"), 401, "key_needed")
    assert server.http.delete("/api/session").status_code == 204, "who is not signed in is signed out"


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out(start: Start, home: Path) -> None:
    server = start()
    _, anna = key(home, "Anna")
    sign_in(server, anna)
    copy = server.http.cookies[COOKIE]
    assert server.http.get("/api/v1/models").status_code == 200
    server.http.delete("/api/session")
    server.http.cookies.set(COOKIE, copy, domain="127.0.0.1")
    assert server.http.get("/api/v1/models").status_code == 401


def test_a_session_ends_with_its_key(server: Running, home: Path, picture: bytes) -> None:
    hers, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    _, token = sign_in(server, anna)
    assert server.http.get("/api/v1/data").status_code == 200
    revoke(keys_file(home), hers.id)
    refused(server.http.get("/api/v1/data"), 401, "key_needed")
    refused(cut(server, picture, token), 401, "key_needed")
    assert server.http.get("/api/session").json() == {"keys_needed": True, "signed_in": False, "csrf": None}
    assert cut(server, picture, ben).status_code == 200


def test_a_session_ends_when_its_time_is_over(start: Start, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, anna = key(home, "Anna")
    server = start(session_seconds=60)
    sign_in(server, anna)
    assert server.http.get("/api/v1/data").status_code == 200
    later = int(time.time()) + 62
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda self: later)
    refused(server.http.get("/api/v1/data"), 401, "key_needed")
