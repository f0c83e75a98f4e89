"""How many requests a client may make, and what it is told of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cleancut.server import keys
from cleancut.server.limits import Rates
from cleancut.server.problems import Refused
from tests.server.conftest import Running, Start
from tests.server.wire import FORM, JSON, Reply, ask, connected, form, part, post, request, until

WHOLE = form(part("image", b"no picture", "a.png"))


def send(server: Running, *headers: str) -> Reply:
    """A request that is counted, and costs no work: 415 where it is let in."""
    return post(server.port, "/api/remove-background", FORM, *headers, body=WHOLE)


def made(server: Running, name: str) -> str:
    """The header that shows a new key."""
    return f"X-Api-Key: {keys.make(keys.keys_file(server.home), name)[1]}"


@contextmanager
def occupied(server: Running) -> Iterator[None]:
    """While a client uploads, and takes a place inside."""
    with connected(server.port) as sock:
        sock.sendall(request("POST", "/api/remove-background", FORM, "Content-Length: 1000"))
        until(lambda: server.service.admission.inside > 0)
        yield


def test_exactly_so_many_pass_and_each_is_told_how_many_are_left(start: Start) -> None:
    server = start(rate_limits=("4/minute",))
    before = time.time()
    passed = [send(server) for _ in range(4)]
    assert [each.status for each in passed] == [415] * 4
    assert [each.headers["x-ratelimit-remaining"] for each in passed] == ["3", "2", "1", "0"]
    for each in passed:
        assert each.headers["x-ratelimit-limit"] == "4"
        # The oldest of them leaves the window a minute after it came.
        assert before + 60 <= int(each.headers["x-ratelimit-reset"]) <= time.time() + 61
    refused = send(server)
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    wait, reset = int(refused.headers["retry-after"]), int(refused.headers["x-ratelimit-reset"])
    assert 1 <= wait <= 60
    assert abs(time.time() + wait - reset) <= 2
    # Being refused costs nothing: the wait does not grow.
    assert int(send(server).headers["retry-after"]) <= wait


def test_after_the_time_that_was_told_there_is_room_again(start: Start) -> None:
    server = start(rate_limits=("2/second",))
    assert [send(server).status for _ in range(3)][:2] == [415, 415]
    refused = send(server)
    while refused.status != 429:
        refused = send(server)
    time.sleep(int(refused.headers["retry-after"]))
    assert send(server).status == 415


def test_all_windows_hold_and_the_tightest_is_told(start: Start) -> None:
    server = start(rate_limits=("5/minute", "3/hour"))
    answers = [send(server) for _ in range(4)]
    assert [each.status for each in answers] == [415, 415, 415, 429]
    assert {each.headers["x-ratelimit-limit"] for each in answers} == {"3"}
    assert 3000 < int(answers[3].headers["retry-after"]) <= 3600


def test_two_clients_with_one_key_share_its_window_to_the_last_request(start: Start) -> None:
    server = start(rate_limits=("10/minute",))
    key, others = made(server, "shop"), made(server, "other")
    begin = threading.Barrier(2)

    def client(_: int) -> list[int]:
        begin.wait(10)
        return [send(server, key).status for _ in range(10)]

    with ThreadPoolExecutor(2) as pool:
        statuses = [status for each in pool.map(client, range(2)) for status in each]
    assert sorted(statuses) == [415] * 10 + [429] * 10
    assert send(server, others).status == 415


def test_a_key_in_the_other_header_is_the_same_client(start: Start) -> None:
    server = start(rate_limits=("2/minute",))
    key = made(server, "shop")
    bearer = key.replace("X-Api-Key:", "Authorization: Bearer")
    assert [send(server, each).status for each in (key, bearer, key, bearer)] == [415, 415, 429, 429]


def test_who_is_refused_for_another_reason_has_used_nothing_up(start: Start) -> None:
    server = start(rate_limits=("2/minute",), address_limits=("2/minute",))
    key = made(server, "shop")
    for _ in range(3):
        assert send(server).status == 401
        assert send(server, "X-Api-Key: nope").status == 401
        assert send(server, key, "Origin: null").status == 403
        assert send(server, key, "Content-Encoding: gzip").status == 415
        assert (
            post(server.port, "/api/remove-background", FORM, key, "Content-Length: 99999999", body=b"").status == 413
        )
    answers = [send(server, key) for _ in range(3)]
    assert [each.status for each in answers] == [415, 415, 429]
    assert answers[0].headers["x-ratelimit-remaining"] == "1"


def test_who_finds_the_server_full_has_used_nothing_up(start: Start) -> None:
    server = start(rate_limits=("3/minute",), address_limits=("3/minute",), workers=1, waiting=0)
    with occupied(server):
        refused = [send(server) for _ in range(3)]
    assert {(each.status, each.code) for each in refused} == {(503, "server_full")}
    assert all(int(each.headers["retry-after"]) >= 1 for each in refused)
    until(lambda: not server.service.admission.inside)
    # The one that was inside is counted.
    assert [send(server).status for _ in range(3)] == [415, 415, 429]


def test_without_limits_nobody_is_counted(start: Start) -> None:
    exposed = {"host": "0.0.0.0", "without_keys": True, "rate_limits": ()}
    for settings in ({}, exposed):
        server = start(**settings)
        answers = [send(server) for _ in range(15)]
        assert {each.status for each in answers} == {415}
        assert not any(name.startswith("x-ratelimit") for each in answers for name in each.headers)


@pytest.mark.parametrize(
    "exposed", [{"host": "0.0.0.0"}, {"trusted_proxies": ("127.0.0.1",)}, {"allowed_hosts": ("cut.example",)}]
)
def test_where_strangers_come_there_are_limits_unless_said_otherwise(start: Start, exposed: dict[str, str]) -> None:
    server = start(**exposed)
    key = made(server, "shop")
    answers = [send(server, key) for _ in range(11)]
    assert [each.status for each in answers] == [415] * 10 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == "10"


def test_addresses_are_limited_beside_their_keys(start: Start) -> None:
    server = start(rate_limits=(), address_limits=("3/minute",), trusted_proxies=("127.0.0.1",))
    first, second = made(server, "first"), made(server, "second")
    here, there = "X-Forwarded-For: 203.0.113.1", "X-Forwarded-For: 203.0.113.2"
    assert [send(server, key, here).status for key in (first, second, first, second)] == [415, 415, 415, 429]
    assert send(server, first, there).status == 415


def test_without_keys_each_address_has_its_own_window(start: Start) -> None:
    server = start(rate_limits=("1/minute",), trusted_proxies=("127.0.0.1",), without_keys=True)
    addresses = ("203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2", "2001:db8:1::1")
    statuses = [send(server, f"X-Forwarded-For: {each}").status for each in addresses]
    assert statuses == [415, 415, 415, 429, 415]
    assert send(server, "X-Forwarded-For: 203.0.113.1").status == 429


def test_what_a_client_claims_of_its_address_is_believed_from_proxies_alone(start: Start) -> None:
    server = start(rate_limits=("2/minute",))
    claims = [f"X-Forwarded-For: 203.0.113.{number}" for number in range(1, 4)]
    assert [send(server, claim).status for claim in claims] == [415, 415, 429]
    other = start(rate_limits=("2/minute",), trusted_proxies=("198.51.100.7", "10.0.0.0/8"), without_keys=True)
    assert [send(other, claim).status for claim in claims] == [415, 415, 429]


def test_of_a_chain_of_proxies_what_came_from_beyond_them_is_not_believed(start: Start) -> None:
    server = start(rate_limits=("1/minute",), trusted_proxies=("127.0.0.0/8", "10.0.0.1"), without_keys=True)
    claims = [f"X-Forwarded-For: 192.0.2.{number}, 203.0.113.9, 10.0.0.1" for number in range(1, 3)]
    assert [send(server, claim).status for claim in claims] == [415, 429]


def test_reading_is_not_counted(start: Start) -> None:
    server = start(rate_limits=("1/minute",))
    assert send(server).status == 415
    for target in ("/api/health", "/api/v1/models", "/api/v1/results/nothing", "/metrics"):
        assert ask(server.port, request("GET", target)).status in (200, 404)
    assert send(server).status == 429


def test_each_clients_window_is_its_own() -> None:
    rates = Rates()
    for client in (("key", "a"), ("key", "b"), ("nobody", "a")):
        left = rates.spend(("1/minute",), *client)
        assert left is not None
        assert left.remaining == 0
        with pytest.raises(Refused, match="1 per 1 minute"):
            rates.spend(("1/minute",), *client)


def test_a_request_that_one_window_refuses_is_counted_in_none() -> None:
    rates = Rates()
    for _ in range(2):
        rates.spend(("2/minute",), "key", "a")
    for _ in range(5):
        with pytest.raises(Refused):
            rates.spend(("6/hour", "2/minute"), "key", "a")
    left = rates.spend(("6/hour",), "key", "a")
    assert left is not None
    assert left.remaining == 5


def test_without_windows_nothing_is_told() -> None:
    rates = Rates()
    assert rates.spend((), "key", "a") is None


def test_a_key_and_its_cookie_share_a_window(start: Start) -> None:
    server = start(rate_limits=("2/minute",))
    key = made(server, "shop")
    said = b'{"key": "%s"}' % key.removeprefix("X-Api-Key: ").encode()
    signed = post(server.port, "/api/session", JSON, body=said)
    cookie = f"Cookie: {signed.headers['set-cookie'].partition(';')[0]}", f"X-CSRF-Token: {signed.json()['csrf']}"
    assert [send(server, *each).status for each in ((key,), cookie, (key,), cookie)] == [415, 415, 429, 429]


def test_clients_whose_requests_no_longer_count_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, now, windows = Rates(), time.time(), ("2/minute", "2/hour")
    for number in range(50):
        rates.spend(windows, "address", f"10.0.0.{number}")
    assert rates.forget() == 0
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert rates.forget() == 50
    rates.spend(windows, "address", "10.0.0.1")
    with pytest.raises(Refused, match="2 per 1 hour"):
        rates.spend(windows, "address", "10.0.0.1")
    monkeypatch.setattr(time, "time", lambda: now + 7200)
    assert rates.forget() == 51
    assert rates.forget() == 0


def test_the_wait_is_until_enough_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, now = Rates(), time.time()
    for second in (0, 10, 20):
        monkeypatch.setattr(time, "time", lambda second=second: now + second)
        rates.spend(("4/minute",), "key", "a")
    with pytest.raises(Refused) as caught:
        rates.spend(("4/minute",), "key", "a", cost=3)
    # Two of the three have to leave, the second of them a minute after it came.
    assert caught.value.headers["Retry-After"] == "50"
    rates.check(("4/minute",), "key", "a")
    left = rates.spend(("4/minute",), "key", "a", cost=1)
    assert left is not None
    assert left.remaining == 0
