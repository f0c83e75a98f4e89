"""What a refusal tells its client, and what it tells the log alone."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException

from cleancut import errors
from cleancut.errors import CleancutError, ImageTooLarge, OptionError, Unwritable, WrongChecksum
from cleancut.server import keys
from cleancut.server.problems import _TOLD, REFUSALS, STATUS, Refused, answer, refusal, status_of
from tests.server.conftest import Running, Start
from tests.server.wire import FORM, JSON, Reply, ask, form, part, post, request

CUT = "/api/remove-background"
PLACE = "/home/somebody/.cache/cleancut/x.onnx"

# Where things lie on the machine that runs this.
PLACES = {str(Path(__file__).parents[2]), sys.prefix, sys.base_prefix, tempfile.gettempdir(), str(Path.home())}


def said(error: Exception) -> dict[str, str]:
    whole: dict[str, str] = json.loads(bytes(answer(error).body))
    return whole


def of_core(base: type[CleancutError] = CleancutError) -> list[type[CleancutError]]:
    below = [each for each in base.__subclasses__() if each.__module__ == errors.__name__]
    return below + [each for kind in below for each in of_core(kind)]


@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_is_told_in_one_shape_with_its_status(code: str) -> None:
    made = answer(Refused(code, "what is wrong", hint="what to do", headers={"X-More": "1"}))
    assert json.loads(bytes(made.body)) == {"error": "what is wrong", "code": code, "hint": "what to do"}
    assert made.status_code == REFUSALS[code][0]
    assert made.headers["content-type"] == "application/json"
    assert made.headers["x-more"] == "1"


@pytest.mark.parametrize("kind", of_core(), ids=lambda kind: kind.__name__)
def test_each_error_of_the_core_keeps_its_code_and_has_a_status(kind: type[CleancutError]) -> None:
    error = kind("what is wrong", hint="what to do")
    assert said(error)["code"] == kind.code
    assert answer(error).status_code == status_of(error)
    assert status_of(error) in {400, 403, 413, 415, 422, 429, 503}


def test_every_kind_of_error_has_a_status() -> None:
    assert set(STATUS) == {each.kind for each in of_core()}


@pytest.mark.parametrize("kind", of_core(), ids=lambda kind: kind.__name__)
def test_what_is_the_servers_own_trouble_is_told_without_its_places(kind: type[CleancutError]) -> None:
    error = kind(f"cannot read {PLACE}", hint=f"delete {PLACE}")
    if answer(error).status_code == 503 and not error.code.startswith("service_"):
        assert PLACE not in "".join(said(error).values())
        assert said(error)["hint"] == _TOLD.get(error.code, ("", "tell whoever runs the server"))[1]


@pytest.mark.parametrize("code", [code for code, (status, _) in REFUSALS.items() if status == 503])
def test_whoever_finds_the_server_in_trouble_is_told_when_to_come_back(code: str) -> None:
    assert int(answer(Refused(code, "x", hint="x")).headers["retry-after"]) > 0
    assert answer(Refused(code, "x", hint="x", headers={"Retry-After": "7"})).headers["retry-after"] == "7"
    for error in (Unwritable("x", hint="x"), WrongChecksum("x", hint="x"), MemoryError()):
        assert int(answer(error).headers["retry-after"]) > 0


def test_hints_are_for_clients() -> None:
    error = ImageTooLarge("9 × 9 pixels", hint="shrink it, or raise CLEANCUT_MAX_SIDE")
    assert said(error) == {"error": "9 × 9 pixels", "code": "image_too_large", "hint": "send a smaller picture"}
    assert "cleancut models" not in said(errors.UnknownModel("x", hint="see `cleancut models list`"))["hint"]


def test_options_are_spelled_as_fields() -> None:
    told = said(OptionError("--edge-shift: 900 is too much; --crop too", hint="give --edge-shift -50 to 50"))
    assert told["error"] == "edge_shift: 900 is too much; crop too"
    assert told["hint"] == "give edge_shift -50 to 50"


@pytest.mark.parametrize("error", [ValueError(PLACE), KeyError(PLACE), RuntimeError("cc_secret"), OSError(2, PLACE)])
def test_a_defect_tells_nothing_of_itself(error: Exception) -> None:
    told = said(error)
    assert told["code"] == "internal_error"
    assert told["error"] == "the server failed"
    assert "X-Request-Id" in told["hint"]
    assert answer(error).status_code == 500


def test_too_little_memory_is_no_defect() -> None:
    assert refusal(MemoryError("cannot allocate 3 GB")).code == "out_of_memory"


def test_a_refusal_raised_while_a_body_was_read_is_the_one_that_is_told() -> None:
    wrapped = HTTPException(400, "There was an error parsing the body")
    wrapped.__cause__ = Refused("too_slow", "too slow", hint="faster")
    assert refusal(wrapped).status == 408
    wrapped.__cause__ = RecursionError("maximum recursion depth exceeded in /usr/lib/python3/json")
    assert said(wrapped)["code"] == "bad_request"
    assert "python" not in said(wrapped)["error"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "not_found"),
        (405, "method_not_allowed"),
        (413, "body_too_large"),
        (415, "bad_request"),
        (418, "bad_request"),
    ],
)
def test_refusals_of_the_framework_are_told_like_ours(status: int, code: str) -> None:
    assert said(HTTPException(status, "words"))["code"] == code


def upload(server: Running, picture: bytes, *headers: str, **more: str) -> Reply:
    fields = [part(name, value) for name, value in more.items()]
    return post(server.port, CUT, FORM, *headers, body=form(part("image", picture, "a.png"), *fields))


def test_broken_weights_are_told_without_their_place_and_logged_with_it(
    capfd: pytest.CaptureFixture[str], start: Start, home: Path, picture: bytes
) -> None:
    with (home / "models.toml").open("a", encoding="utf-8") as file:
        file.write('[other]\nfile = "other.onnx"\ninput_size = 32\n')
    (home / "other.onnx").write_bytes(b"no weights")
    server = start()
    refused = upload(server, picture, "X-Request-Id: one-that-is-known", model="other")
    assert (refused.status, refused.code) == (503, "model_unavailable")
    assert str(home) not in refused.body.decode()
    assert int(refused.headers["retry-after"]) > 0
    (line,) = (each for each in capfd.readouterr().err.splitlines() if "other.onnx" in each)
    assert str(home / "other.onnx") in line
    assert "one-that-is-known" in line


def test_a_folder_that_cannot_be_written_is_told_without_its_place(start: Start, picture: bytes) -> None:
    server = start()
    audit = server.home / "server" / "audit.jsonl"
    audit.mkdir()
    refused = ask(server.port, request("GET", "/api/v1/data"))
    assert (refused.status, refused.code) == (503, "unwritable")
    assert str(server.home) not in refused.body.decode()
    # What is erased is erased, whoever can tell of it.
    assert ask(server.port, request("DELETE", "/api/v1/data")).status == 200


def test_a_defect_is_told_to_the_log_under_the_id_that_its_client_got(
    capfd: pytest.CaptureFixture[str], start: Start, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()

    def fail(*_: object) -> None:
        raise RuntimeError("what nobody foresaw")

    monkeypatch.setattr(server.service.cutouts, "picture", fail)
    failed = upload(server, picture)
    assert (failed.status, failed.code) == (500, "internal_error")
    assert b"foresaw" not in failed.body
    logged = capfd.readouterr().err
    assert "RuntimeError: what nobody foresaw" in logged
    assert failed.headers["x-request-id"] in logged
    assert ask(server.port, request("GET", "/api/health")).status == 200


def test_no_refusal_tells_of_files_code_or_keys(start: Start, home: Path, picture: bytes) -> None:
    secret = keys.make(keys.keys_file(home), "shop")[1]
    server = start(failure_limits=(), guides_max_bytes=100_000)
    by_key, wrong = f"X-Api-Key: {secret}", "cc_" + "w" * 43
    answers = [
        upload(server, picture, f"X-Api-Key: {wrong}"),
        upload(server, picture, f"Authorization: Bearer {wrong}"),
        post(server.port, "/api/session", JSON, body=json.dumps({"key": wrong}).encode()),
        post(server.port, "/api/session", JSON, body=json.dumps({"key": wrong * 50}).encode()),
        post(server.port, "/api/session", JSON, body=json.dumps({"key": [wrong]}).encode()),
        post(server.port, "/api/session", JSON, body=b'{"key": "' + wrong.encode()),
        upload(server, picture, by_key, method="removeapi", api_key=wrong * 50),
        upload(server, picture, by_key, method="nonsense", apiKey=wrong, feather=wrong),
        upload(server, picture, by_key, model=str(home)),
        upload(server, picture[:200], by_key),
        upload(server, b"junk", by_key),
        upload(server, b"\0" * 100_001, by_key),
        post(server.port, "/api/edit-mask", JSON, by_key, body=b"[" * 100_000),
        post(server.port, "/api/edit-mask", FORM, by_key, body=b"x"),
        ask(server.port, request("GET", f"/api/download/..%2f{home}", by_key)),
        ask(server.port, request("GET", "/api/v1/mattes/x", by_key)),
        ask(server.port, request("PUT", CUT, by_key)),
    ]
    for each in answers:
        assert 400 <= each.status < 500
        assert each.code in REFUSALS or each.code in {kind.code for kind in of_core()}
        text = each.body.decode().replace(json.dumps(str(home))[1:-1], "" if each.code == "unknown_model" else "HOME")
        assert not re.search(r"HOME|\.py\b|Traceback|File \"|pydantic|0x[0-9a-f]{6}", text), text
        assert not [each for each in PLACES if each in text], text
        assert wrong not in text
        assert secret not in text


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_log_holds_no_keys(
    capfd: pytest.CaptureFixture[str], start: Start, home: Path, picture: bytes, log_format: str
) -> None:
    secret = keys.make(keys.keys_file(home), "shop")[1]
    server = start(log_format=log_format, failure_limits=())
    foreign, wrong = "remove-bg-key-of-the-client", "cc_a-key-that-is-wrong"
    signed = post(server.port, "/api/session", JSON, body=json.dumps({"key": secret}).encode())
    cookie = signed.headers["set-cookie"].partition(";")[0]
    upload(server, picture, f"X-Api-Key: {secret}", api_key=foreign)
    upload(server, picture, f"X-Api-Key: {secret}", apiKey=foreign, method="nonsense")
    upload(server, picture, f"Authorization: Bearer {secret}", feather=foreign, model=foreign)
    upload(server, picture, f"X-Api-Key: {wrong}", f"X-Request-Id: {wrong} {wrong}")
    upload(server, picture, f"Cookie: {cookie}", f"X-CSRF-Token: {signed.json()['csrf']}")
    post(server.port, "/api/session", JSON, body=json.dumps({"key": wrong}).encode())
    ask(server.port, request("GET", f"/api/v1/models?key={wrong}&api_key={foreign}", f"X-Api-Key: {secret}"))
    ask(server.port, request("GET", f"/{wrong}"))
    ask(server.port, request("POST", CUT, "Transfer-Encoding: chunked", f"X-Api-Key: {secret}") + b"zz\r\n\r\n")
    server.stop()
    logged = capfd.readouterr().err
    assert logged.count("request") >= 9
    # The key's id is what tells one client from another.
    (key,) = keys.listed(keys.keys_file(home))
    assert key.id in logged
    for each in (secret, wrong, foreign, cookie.partition("=")[2], signed.json()["csrf"], key.name):
        assert each not in logged
