"""Who is let in: by a key, by the page's cookie, or, on an open server, anybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer
from structlog.testing import capture_logs

from cleancut.errors import OptionError
from cleancut.server import keys
from cleancut.server.auth import COOKIE, CSRF_HEADER, neighbourhood, secret_in
from cleancut.server.run import check_exposure
from cleancut.server.settings import read_server_settings
from tests.fakes.tiny_model import write_tiny_model
from tests.server.conftest import Running, Start, begin
from tests.server.wire import FORM, JSON, Reply, ask, form, part, post, request


@pytest.fixture
def secret(home: Path) -> str:
    """A key of the server that is started after it."""
    return keys.make(keys.keys_file(home), "shop")[1]


@pytest.fixture(scope="module")
def _lasting_keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    home = tmp_path_factory.mktemp("keyed")
    write_tiny_model(home)
    _, secret = keys.make(keys.keys_file(home), "shop")
    environment = {"CLEANCUT_HOME": str(home), "CLEANCUT_INT8": "0"}
    chosen = {"port": 0, "model": "tiny", "precision": "fp32", "drain": 5, "failure_limits": ()}
    server = begin(read_server_settings(environment, **chosen))
    yield server, secret
    server.stop()


@pytest.fixture
def keyed(_lasting_keyed: tuple[Running, str]) -> Running:
    """A server with one key, for all tests of this module; wrong keys are not counted."""
    return _lasting_keyed[0]


@pytest.fixture
def its_secret(_lasting_keyed: tuple[Running, str]) -> str:
    return _lasting_keyed[1]


def models(server: Running, *headers: str) -> Reply:
    return ask(server.port, request("GET", "/api/v1/models", *headers))


def send(server: Running, picture: bytes, *headers: str) -> Reply:
    return post(server.port, "/api/remove-background", FORM, *headers, body=form(part("image", picture, "a.png")))


def sign_in(server: Running, secret: str, *headers: str) -> Reply:
    return post(server.port, "/api/session", JSON, *headers, body=b'{"key": "%s"}' % secret.encode())


def cookie_of(answer: Reply) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


@pytest.mark.parametrize("header", [(), ("X-Api-Key: whatever",), ("Authorization: Bearer whatever",)])
def test_without_keys_loopback_is_open_and_any_key_is_accepted(
    shared: Running, picture: bytes, header: tuple[str, ...]
) -> None:
    assert models(shared, *header).status == 200
    assert send(shared, picture, *header).status == 200


@pytest.mark.parametrize(
    "header", [(), ("X-Api-Key: ",), ("Authorization: Basic dTpw",), ("Authorization: Bearer",), ("Authorization: ",)]
)
def test_with_keys_who_sends_none_is_told_to(keyed: Running, its_secret: str, header: tuple[str, ...]) -> None:
    answer = models(keyed, *header)
    assert (answer.status, answer.code) == (401, "key_needed")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_is_sent_in_either_header(keyed: Running, its_secret: str, picture: bytes) -> None:
    server, secret = keyed, its_secret
    for header in (f"X-Api-Key: {secret}", f"Authorization: Bearer {secret}", f"authorization: bearer  {secret}"):
        assert models(server, header).status == 200
        assert send(server, picture, header).status == 200


@pytest.mark.parametrize("wrong", ["nope", "cc_", "x" * 5000, "caf\xe9", "' or 1=1 --", "local"])
def test_wrong_keys_are_refused_and_not_repeated(keyed: Running, wrong: str) -> None:
    for header in (f"X-Api-Key: {wrong}", f"Authorization: Bearer {wrong}"):
        answer = models(keyed, header)
        assert (answer.status, answer.code) == (401, "key_unknown")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert wrong not in answer.body.decode()


def test_a_part_of_a_key_and_its_hash_are_no_keys(keyed: Running, its_secret: str) -> None:
    server, secret = keyed, its_secret
    (key,) = keys.listed(keys.keys_file(server.home))
    stored = keys.keys_file(server.home).read_text("utf-8").partition('"sha256": "')[2][:64]
    for wrong in (secret[:-1], secret + "a", secret.swapcase(), key.id, key.name, stored):
        assert models(server, f"X-Api-Key: {wrong}").code == "key_unknown"


def test_a_key_works_from_its_making_to_its_revoking(start: Start, home: Path) -> None:
    server = start()
    assert models(server).status == 200
    path = keys.keys_file(home)
    _, first = keys.make(path, "first")
    _, second = keys.make(path, "second")
    assert models(server).code == "key_needed"
    assert models(server, f"X-Api-Key: {first}").status == 200
    keys.revoke(path, "first")
    assert models(server, f"X-Api-Key: {first}").code == "key_unknown"
    assert models(server, f"X-Api-Key: {second}").status == 200
    keys.revoke(path, "second")
    assert models(server).code == "key_needed", "the last key's end must not open the server"


def test_wrong_keys_are_limited_by_address(start: Start, secret: str) -> None:
    server = start(failure_limits=("3/minute",), trusted_proxies=("127.0.0.1",))
    first, second = ("X-Forwarded-For: 203.0.113.1",), ("X-Forwarded-For: 203.0.113.2",)
    codes = [models(server, "X-Api-Key: nope", *first).code for _ in range(5)]
    assert codes == ["key_unknown"] * 3 + ["rate_limited"] * 2
    assert sign_in(server, "nope", *first).status == 429
    # Requests without a key guess nothing, and are not counted.
    assert models(server, *first).code == "key_needed"
    assert models(server, "X-Api-Key: nope", *second).code == "key_unknown"
    assert models(server, f"X-Api-Key: {secret}", *second).status == 200
    # Who guesses from the same address locks nobody out.
    assert models(server, f"X-Api-Key: {secret}", *first).status == 200


def test_one_household_is_one_address_of_ipv6(start: Start, secret: str) -> None:
    server = start(failure_limits=("3/minute",), trusted_proxies=("127.0.0.1",))
    hosts = [f"X-Forwarded-For: 2001:db8:0:7::{number:x}" for number in range(1, 5)]
    assert [models(server, "X-Api-Key: nope", host).status for host in hosts] == [401, 401, 401, 429]
    assert sign_in(server, "nope", "X-Forwarded-For: 2001:db8:0:7::5").status == 429
    assert models(server, "X-Api-Key: nope", "X-Forwarded-For: 2001:db8:0:8::1").status == 401


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_what_counts_as_one_client(address: str, counted: str) -> None:
    assert neighbourhood(address) == counted


@pytest.mark.parametrize("had_keys", [False, True])
def test_a_broken_file_of_keys_lets_nobody_in_and_is_not_named(
    start: Start, home: Path, picture: bytes, had_keys: bool
) -> None:
    path = keys.keys_file(home)
    header = f"X-Api-Key: {keys.make(path, 'shop')[1]}" if had_keys else "X-Api-Key: cc_anything"
    server = start()
    path.parent.mkdir(exist_ok=True)
    for broken in ("{", "", '{"keys": 1}', "[" * 100_000):
        path.write_text(broken, "utf-8")
        with capture_logs() as log:
            answers = [models(server, header), send(server, picture, header), sign_in(server, "cc_anything")]
            if not had_keys:
                # Nobody knows yet that keys are needed.
                answers += [models(server), ask(server.port, request("GET", "/api/session"))]
        # Its operator is told which file it is.
        assert any(str(path) in str(line.get("problem")) for line in log)
        for answer in answers:
            assert (answer.status, answer.code) == (503, "keys_unreadable")
            assert answer.headers["retry-after"].isdigit()
            assert str(home) not in answer.body.decode()
            assert "keys.json" not in answer.body.decode()


def test_the_cookie_is_for_the_page_alone(keyed: Running, its_secret: str) -> None:
    answer = sign_in(keyed, its_secret)
    assert answer.status == 200
    _, *flags = (each.strip().lower() for each in answer.headers["set-cookie"].split(";"))
    assert {"httponly", "samesite=strict", "path=/"} <= set(flags)
    # Over plain http the browser would drop it.
    assert "secure" not in flags
    assert its_secret not in answer.headers["set-cookie"]


def test_behind_a_proxy_that_speaks_tls_the_cookie_is_for_tls_alone(start: Start, secret: str) -> None:
    https = "X-Forwarded-Proto: https"
    assert "secure" in sign_in(start(trusted_proxies=("127.0.0.1",)), secret, https).headers["set-cookie"].lower()
    # Of others, such a header is not believed.
    assert "secure" not in sign_in(start(), secret, https).headers["set-cookie"].lower()


def test_by_cookie_what_changes_something_wants_the_token_of_that_session(
    keyed: Running, its_secret: str, picture: bytes
) -> None:
    server, secret = keyed, its_secret
    answer, other = sign_in(server, secret), sign_in(server, secret)
    cookie, token = f"Cookie: {cookie_of(answer)}", f"{CSRF_HEADER}: {answer.json()['csrf']}"
    assert models(server, cookie).status == 200
    without = [send(server, picture, cookie), ask(server.port, request("DELETE", "/api/v1/data", cookie))]
    wrong = [
        send(server, picture, cookie, f"{CSRF_HEADER}: {each}")
        for each in ("", "x", other.json()["csrf"], cookie_of(answer).partition("=")[2])
    ]
    for refused in without + wrong:
        assert (refused.status, refused.code) == (403, "csrf_failed")
    assert send(server, picture, cookie, token).status == 200
    assert ask(server.port, request("DELETE", "/api/v1/data", cookie, token)).json()["erased"] > 0
    # The page finds its token again after it was loaded anew.
    found = ask(server.port, request("GET", "/api/session", cookie)).json()
    assert found["signed_in"]
    assert send(server, picture, cookie, f"{CSRF_HEADER}: {found['csrf']}").status == 200


def test_by_key_no_token_is_wanted(keyed: Running, its_secret: str, picture: bytes) -> None:
    server, secret = keyed, its_secret
    assert send(server, picture, f"X-Api-Key: {secret}").status == 200
    assert ask(server.port, request("DELETE", "/api/v1/data", f"X-Api-Key: {secret}")).status == 200


def test_a_wrong_key_is_not_made_up_for_by_a_cookie(keyed: Running, its_secret: str) -> None:
    server, secret = keyed, its_secret
    cookie = f"Cookie: {cookie_of(sign_in(server, secret))}"
    assert models(server, cookie, "X-Api-Key: nope").code == "key_unknown"


def test_forged_cookies_are_refused(keyed: Running, its_secret: str) -> None:
    server, secret = keyed, its_secret
    answer = sign_in(server, secret)
    value = cookie_of(answer).partition("=")[2]
    (key,) = keys.listed(keys.keys_file(server.home))
    payload, _, signature = value.partition(".")
    forged = [
        "",
        "x",
        key.id,
        value[:-1],
        value[1:],
        f"{payload}.",
        f"{payload[:-2]}.{signature}",
        answer.json()["csrf"],
        str(URLSafeTimedSerializer(b"guessed", salt="cleancut.session").dumps([key.id, "x"])),
        str(URLSafeTimedSerializer(b"", salt="cleancut.session").dumps([key.id, "x"])),
    ]
    for each in forged:
        assert models(server, f"Cookie: {COOKIE}={each}").code == "key_needed", each
    assert models(server, f"Cookie: {COOKIE}={value}").status == 200


def test_a_cookie_that_was_signed_for_something_else_is_refused(keyed: Running) -> None:
    signer = URLSafeTimedSerializer(secret_in(keyed.home / "server" / "secret"), salt="cleancut.session")
    for said in ("text", ["only one"], 7, None, {"owner": 1}, [["nested"], 2]):
        assert models(keyed, f"Cookie: {COOKIE}={signer.dumps(said)}").code == "key_needed"


def test_a_session_ends_with_its_time(start: Start, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(session_seconds=600)
    answer = sign_in(server, secret)
    assert "max-age=600" in answer.headers["set-cookie"].lower()
    cookie = f"Cookie: {cookie_of(answer)}"
    assert models(server, cookie).status == 200
    real = URLSafeTimedSerializer.default_signer.get_timestamp
    for passed, status in ((500, 200), (602, 401)):
        monkeypatch.setattr(
            URLSafeTimedSerializer.default_signer, "get_timestamp", lambda self, passed=passed: real(self) + passed
        )
        assert models(server, cookie).status == status


def test_a_session_ends_with_its_key(start: Start, secret: str, home: Path) -> None:
    server = start()
    cookie = f"Cookie: {cookie_of(sign_in(server, secret))}"
    keys.make(keys.keys_file(home), "another")
    assert models(server, cookie).status == 200
    keys.revoke(keys.keys_file(home), "shop")
    assert models(server, cookie).code == "key_needed"


def test_a_session_outlives_a_restart_but_not_the_servers_secret(start: Start, secret: str) -> None:
    server = start()
    cookie = f"Cookie: {cookie_of(sign_in(server, secret))}"
    path = server.home / "server" / "secret"
    assert models(start(), cookie).status == 200
    path.unlink()
    assert models(start(), cookie).code == "key_needed"


def test_the_servers_secret_is_long_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "server" / "secret"
    made = secret_in(path)
    assert len(made) >= 32
    assert made == secret_in(path)
    assert path.stat().st_mode & 0o077 == 0
    assert made != secret_in(tmp_path / "other")


@pytest.mark.parametrize("left", [b"", b"short"])
def test_a_secret_that_anybody_could_guess_is_made_anew(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(left)
    assert len(secret_in(path)) >= 32


def test_what_a_wrong_key_is_told_is_the_same_on_the_page(keyed: Running, its_secret: str) -> None:
    answer = sign_in(keyed, "nope")
    assert (answer.status, answer.code) == (401, "key_unknown")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.1", "server.example", "127.0.0.1.example", "", "::ffff:7f00:1"]
)
def test_without_keys_no_server_listens_beyond_loopback(home: Path, host: str) -> None:
    with pytest.raises(OptionError, match="no key has been made") as raised:
        check_exposure(read_server_settings(host=host))
    assert "--without-keys" in raised.value.hint
    check_exposure(read_server_settings(host=host, without_keys=True))
    keys.make(keys.keys_file(home), "shop")
    check_exposure(read_server_settings(host=host))


@pytest.mark.parametrize("proxied", [{"trusted_proxies": ("127.0.0.1",)}, {"allowed_hosts": ("cut.example.org",)}])
def test_behind_a_proxy_a_server_wants_keys_on_loopback_too(home: Path, proxied: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="a trusted proxy or an allowed host lets other machines"):
        check_exposure(read_server_settings(**proxied))
    check_exposure(read_server_settings(**proxied, without_keys=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_on_loopback_a_server_needs_no_keys(home: Path, host: str) -> None:
    check_exposure(read_server_settings(host=host))


def test_metrics_are_for_keys_where_strangers_come(start: Start, home: Path) -> None:
    def metrics(server: Running, *headers: str) -> Reply:
        return ask(server.port, request("GET", "/metrics", *headers))

    assert metrics(start()).status == 200
    open_ = start(host="0.0.0.0", without_keys=True)
    assert (metrics(open_).status, metrics(open_).code) == (403, "needs_keys")
    _, secret = keys.make(keys.keys_file(home), "shop")
    for settings in ({"host": "0.0.0.0"}, {"trusted_proxies": ("127.0.0.1",)}, {"allowed_hosts": ("cut.example",)}):
        server = start(**settings)
        assert metrics(server).code == "key_needed"
        assert metrics(server, "X-Api-Key: nope").code == "key_unknown"
        assert metrics(server, f"X-Api-Key: {secret}").status == 200
