"""The client against a service that misbehaves, and what it does not even send."""

from __future__ import annotations

import os
import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cleancut.client import Client, Matte, ServiceError, ServiceRefused, ServiceUnavailable, Stroke, transport
from cleancut.errors import InputMissing, OptionError
from tests.fakes import scripted_service as fake
from tests.fakes.scripted_service import Answer, ScriptedService

NOBODY = "http://127.0.0.1:9"  # the discard service, which no machine runs


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries; no time passes."""
    waits: list[float] = []
    monkeypatch.setattr(transport, "sleep", waits.append)
    return waits


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "my secret name.png"
    file.write_bytes(b"the photo's bytes")
    return file


@contextmanager
def scripted(*answers: Answer, retries: int = 3, timeout: float = 20) -> Iterator[tuple[Client, ScriptedService]]:
    with ScriptedService(*answers) as service, Client(service.url, retries=retries, timeout=timeout) as client:
        yield client, service


@pytest.mark.parametrize(
    ("first", "least", "most"),
    [
        (fake.refuses(503, "server_full", Retry_After="7"), 7, 8.75),
        (fake.refuses(429, "rate_limited", Retry_After="60"), 60, 75),
        (fake.refuses(503, "shutting_down", Retry_After="0"), 0, 0),
        (fake.sends(b"<html>", 503), 0.25, 0.75),
        (fake.sends(b"<html>", 503, {"Retry-After": "2"}), 2, 2.5),
        (fake.sends(b"", 429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), 0.25, 0.75),
        (fake.reset, 0.25, 0.75),
        (fake.reset_early, 0.25, 0.75),
        (fake.hang_up, 0.25, 0.75),
    ],
)
def test_what_may_pass_is_tried_again_with_the_whole_file(
    waits: list[float], file: Path, first: Answer, least: float, most: float
) -> None:
    with scripted(first, fake.picture()) as (client, service):
        assert client.remove(file) == b"picture"
    assert [least <= each <= most for each in waits] == [True]
    assert all(file.read_bytes() in each.body for each in service.asked)
    assert len({each.length for each in service.asked}) == 1


def test_it_gives_up_after_so_many_tries_and_waits_longer_each_time(waits: list[float], file: Path) -> None:
    with scripted(*[fake.hang_up] * 5, retries=4) as (client, service), pytest.raises(ServiceUnavailable):
        client.remove(file)
    assert len(service.asked) == 5
    assert [0.25 * 2**n <= wait <= 0.75 * 2**n for n, wait in enumerate(waits)] == [True] * 4
    assert len({wait / 2**n for n, wait in enumerate(waits)}) == 4, "all wait alike"


def test_not_all_come_back_at_the_same_time_and_none_before(waits: list[float]) -> None:
    full = fake.refuses(503, "server_full", Retry_After="7")
    with scripted(full, full, full, fake.picture()) as (client, _):
        client.remove(b"photo")
    assert min(waits) >= 7
    assert len(set(waits)) == 3


@pytest.mark.parametrize("retries", [0, 2])
def test_nobody_there_is_tried_again_and_told(waits: list[float], retries: int) -> None:
    with Client(NOBODY, retries=retries) as client:
        with pytest.raises(ServiceUnavailable, match=f"{NOBODY} did not answer: .*refused") as caught:
            client.erase()
        assert len(waits) == retries
        assert client.ready() is False
        assert len(waits) == retries
    error = caught.value
    assert (error.status, error.code, error.kind) == (None, "service_unavailable", "model")
    assert "cleancut serve" in error.hint


@pytest.mark.parametrize(
    "answer",
    [
        fake.refuses(400, "bad_option", Retry_After="1"),
        fake.refuses(404, "not_found", Retry_After="1"),
        fake.refuses(500, "internal_error", Retry_After="1"),
        fake.refuses(503, "inference_failed"),
        fake.refuses(503, "server_full", Retry_After="61"),
        fake.sends(b"<html>", 502, {"Retry-After": "1"}),
        fake.picture({"Content-Length": "9"}),
    ],
)
def test_what_will_not_pass_is_not_tried_again(waits: list[float], answer: Answer) -> None:
    with scripted(answer, fake.picture()) as (client, _), pytest.raises(ServiceError):
        client.remove(b"photo")
    assert waits == []


def test_what_may_have_been_deleted_is_not_deleted_again(waits: list[float]) -> None:
    with scripted(fake.reset, fake.says({"erased": 0})) as (client, _), pytest.raises(ServiceUnavailable):
        client.erase()
    assert waits == []


def test_the_codes_of_the_service_have_the_kinds_of_the_library() -> None:
    kinds = {"no_subject": "subject", "file_too_large": "input", "weights_unavailable": "model", "key_needed": "usage"}
    for code, kind in kinds.items():
        with scripted(fake.refuses(422, code)) as (client, _), pytest.raises(ServiceRefused) as caught:
            client.remove(b"photo")
        assert (caught.value.code, caught.value.kind, caught.value.hint) == (code, kind, f"do about {code}")


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (fake.sends(b"<html>Bad", 502, {"Content-Type": "text/html"}), ServiceUnavailable, r"answer \(502\) .*: Told"),
        (fake.sends(b"<html>", 404), ServiceUnavailable, r"answer \(404\)"),
        (fake.sends(b"<html>", 413), ServiceRefused, r"answer \(413\)"),
        (
            fake.sends(b"", 302, {"Location": "https://x.example/"}),
            ServiceUnavailable,
            "redirect to https://x.example/",
        ),
        (fake.sends(b"<html>Log in", 200, {"Content-Type": "text/html"}), ServiceUnavailable, "subject: "),
        (fake.says({"error": "no", "code": ["a"]}, 400), ServiceRefused, r"answer \(400\)"),
        (fake.says({"error": 3, "code": "bad"}, 400), ServiceRefused, r"answer \(400\)"),
        (fake.says([], 400), ServiceRefused, r"answer \(400\)"),
        (fake.sends(b"[" * 100_000, 400), ServiceRefused, r"answer \(400\)"),
        (fake.sends(b'{"err', 400, length=99), ServiceRefused, r"answer \(400\)"),
        (fake.picture({"X-Cleancut-Confidence": "high"}), ServiceUnavailable, "confidence: "),
        (fake.sends(b"pic", headers=fake.TOLD, length=99), ServiceUnavailable, "broke off its answer"),
        (fake.sends(b"pic", headers=fake.TOLD | {"Content-Encoding": "gzip"}), ServiceUnavailable, "broke off"),
        (lambda to: to.sendall(b"SSH-2.0-OpenSSH\r\n"), ServiceUnavailable, "did not answer"),
    ],
)
def test_answers_that_are_none(answer: Answer, kind: type[Exception], says: str) -> None:
    with scripted(answer, retries=0) as (client, _), pytest.raises(kind, match=says) as caught:
        client.remove(b"photo")
    assert isinstance(caught.value, ServiceError)
    assert caught.value.hint


MATTE: dict[str, Any] = {
    "id": "0f", "width": 3, "height": 2, "subject": True, "confidence": 0.5, "model": "tiny", "device": "cpu",
    "precision": "fp32", "notes": ["a"], "expires": "2026-01-01T00:00:00Z",
}  # fmt: skip


def test_an_answer_that_nobody_read_gives_its_connection_back() -> None:
    with ScriptedService(fake.picture()) as service:
        asked = transport.Transport(service.url, None, 20, 0)
        with asked.answer("GET", "/") as response:
            assert not response.is_closed
        assert response.is_closed
        asked.close()


def test_fields_that_are_missing_are_named_and_new_ones_passed_over() -> None:
    with scripted(fake.says(MATTE | {"new": 1}, 201)) as (client, _):
        assert client.matte(b"photo") == Matte(
            **{**MATTE, "notes": ("a",), "expires": datetime(2026, 1, 1, tzinfo=UTC)}
        )
    for damaged, says in (
        ({name: value for name, value in MATTE.items() if name != "width"}, "width: "),
        (MATTE | {"height": "tall"}, "height: "),
        (["a list"], "none of cleancut's"),
    ):
        with scripted(fake.says(damaged)) as (client, _), pytest.raises(ServiceUnavailable, match=says):
            client.matte(b"photo")
    for ask in (Client.models, Client.server, Client.erase):
        with scripted(fake.says({})) as (client, _), pytest.raises(ServiceUnavailable, match="none of cleancut's"):
            ask(client)
    page = fake.sends(b"<html>", headers={"Content-Type": "text/html"})
    with scripted(page) as (client, _), pytest.raises(ServiceUnavailable, match="text/html instead of image/png"):
        client.matte_image("0f")


@pytest.mark.parametrize(
    "answer", [fake.sends(b"PK", headers={"Content-Type": "application/zip"}, length=9), fake.says({})]
)
def test_an_export_that_breaks_off_leaves_nothing_behind(tmp_path: Path, answer: Answer) -> None:
    target = tmp_path / "data.zip"
    target.write_bytes(b"before")
    with scripted(answer) as (client, _), pytest.raises(ServiceUnavailable):
        client.export(target)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("data.zip", b"before")]


def test_a_service_that_is_not_ready_is_asked_once(waits: list[float]) -> None:
    with scripted(fake.sends(b"the model has not been loaded yet", 503)) as (client, _):
        assert client.ready() is False
    with scripted(fake.sends(b"<html>ready")) as (client, _):
        assert client.ready() is False
    with scripted(fake.refuses(400, "wrong_host")) as (client, _), pytest.raises(ServiceRefused):
        client.ready()
    assert waits == []


def test_a_service_that_says_nothing_is_given_up(waits: list[float]) -> None:
    with scripted(fake.silent, fake.picture(), timeout=0.2) as (client, service):
        with pytest.raises(ServiceUnavailable, match=r"nothing moved for 0\.2 s") as caught:
            client.remove(b"photo")
        assert len(service.asked) == 1
    assert "timeout" in caught.value.hint
    assert waits == []


def test_a_file_is_read_while_it_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as large:
        large.truncate(32_000_000)
    with scripted(fake.picture()) as (client, service):
        tracemalloc.start()
        try:
            client.remove(file)
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()
    assert service.asked[0].length > 32_000_000


def test_a_form_holds_what_was_given_and_nothing_else(file: Path) -> None:
    with scripted(fake.picture()) as (client, service):
        client.remove(file, crop=False, feather=2)
    body = service.asked[0].body
    assert re.findall(rb'; name="(\w+)"', body) == [
        b"feather",
        b"crop",
        b"image",
    ]
    assert b"\r\n\r\nfalse\r\n" in body
    assert b"secret" not in body
    with scripted(fake.picture()) as (client, service):
        client.remove("https://photos.example/1.jpg")
    assert re.findall(rb'; name="(\w+)"', service.asked[0].body) == [b"url"]
    assert service.asked[0].headers["content-type"].startswith("multipart/form-data")


# What is not even sent.


def test_what_cannot_be_sent_is_refused(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    with Client(NOBODY, retries=0) as client:
        for photo, says in (("photo.jpg", "Path"), ("ftp://x.example/a", "Path"), (None, "bytes"), (3, "bytes")):
            with pytest.raises(OptionError) as caught:
                client.remove(photo)  # type: ignore[arg-type]
            assert says in caught.value.hint
        for given in ({"background": Path("a.png")}, {"background_image": "a.png"}, {"strokes": ["a"]}):
            with pytest.raises(OptionError):
                client.remove(b"photo", **given)
        with pytest.raises(OptionError, match="strokes"):
            client.remove(b"photo", strokes=[Stroke("add", [(float("nan"), 0)], 3)])
        for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe"):
            with pytest.raises(InputMissing, match=re.escape(str(path))):
                client.remove(path)
        for id in ("", "..", "../data", "a/b", "a?b", "é"):
            with pytest.raises(OptionError, match="no id of a matte"):
                client.delete(id)
        with pytest.raises(TypeError):
            client.remove(b"photo", bogus=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "given",
    [
        {"address": "127.0.0.1:8000"}, {"address": "ftp://x"}, {"address": "http://"}, {"address": "http://x/?a=1"},
        {"address": "http://x:port"}, {"timeout": 0}, {"timeout": float("nan")}, {"retries": -1}, {"key": ""},
        {"key": "clé"}, {"key": "a\nb"},
    ],
)  # fmt: skip
def test_a_client_that_cannot_work_is_not_made(given: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as caught:
        Client(**given)
    assert "clé" not in str(caught.value)


def test_an_address_may_have_a_path_and_a_password_that_is_not_shown() -> None:
    with ScriptedService(fake.sends(b"ready"), fake.hang_up, fake.sends(b"<html>", 404)) as service:
        client = Client(service.url.replace("//", "//me:secret@") + "/tools/cut/", retries=0)
        assert client.ready()
        shown = [client.address]
        for _ in range(2):
            with pytest.raises(ServiceUnavailable) as caught:
                client.models()
            shown.append(str(caught.value))
        client.close()
    assert service.asked[0].line == "GET /tools/cut/readyz"
    assert service.asked[0].headers["authorization"].startswith("Basic ")
    assert "secret" not in " ".join(shown)


def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    monkeypatch.setenv("ALL_PROXY", NOBODY)
    with scripted(fake.sends(b"ready")) as (client, _):
        assert client.ready()


def test_a_client_that_is_closed_sends_nothing() -> None:
    with Client(NOBODY) as client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        client.ready()
