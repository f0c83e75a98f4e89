"""Jobs by the client, against a service that misbehaves; and what is not even sent."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cleancut.client import Client, Item, Job, Photo, Problem, ServiceRefused, ServiceUnavailable, events, transport
from cleancut.client.events import Event, parsed
from cleancut.errors import InputMissing, OptionError
from tests.fakes import scripted_service as fake
from tests.fakes.scripted_service import Answer, ScriptedService

NOBODY = "http://127.0.0.1:9"  # the discard service, which no machine runs

JOB: dict[str, Any] = {
    "id": "0f", "state": "queued", "priority": "normal", "pictures": 3, "waiting": 3, "done": 0, "failed": 0,
    "cancelled": 0, "bytes": 5, "made": "2026-01-01T00:00:00Z", "ended": None, "expires": "2026-01-02T00:00:00Z",
}  # fmt: skip
ITEM: dict[str, Any] = {
    "number": 1, "name": "a.png", "state": "failed", "bytes": None,
    "problem": {"error": "no", "code": "bad", "hint": "do", "new": 1}, "model": None, "device": None,
    "precision": None, "subject": None, "confidence": None, "width": None, "height": None, "ms": None, "notes": [],
}  # fmt: skip
SSE = {"Content-Type": "text/event-stream; charset=utf-8"}
END = 'event: end\ndata: {"state":"done"}\n\n'


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries; no time passes."""
    waits: list[float] = []
    monkeypatch.setattr(transport, "sleep", waits.append)
    return waits


@contextmanager
def scripted(*answers: Answer, retries: int = 3, timeout: float = 20) -> Iterator[tuple[Client, ScriptedService]]:
    with ScriptedService(*answers) as service, Client(service.url, retries=retries, timeout=timeout) as client:
        yield client, service


def told(number: int, **more: Any) -> str:
    """The event of a picture."""
    return f"event: picture\ndata: {json.dumps(ITEM | {'number': number} | more, ensure_ascii=False)}\n\n"


def version(number: int) -> str:
    return f"event: job\ndata: {json.dumps(JOB)}\nid: {number}\n\n"


def stream(*parts: str, cut: bool = False, headers: Mapping[str, str] = SSE) -> Answer:
    """A stream that ends well, or is cut off."""
    data = "".join(parts).encode()
    return fake.sends(data, headers=headers, length=len(data) + cut)


def slowly(parts: list[str], pause: float, *, hold: bool = False) -> Answer:
    """A stream whose parts come one after the other; at the end it may go on, saying nothing."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for part in parts:
            time.sleep(pause)
            connection.sendall(part.encode())
        if hold:
            connection.recv(1)

    return answer


# Watching.


@pytest.mark.parametrize("cut", [False, True])
def test_a_stream_that_breaks_is_resumed_without_repeats(waits: list[float], cut: bool) -> None:
    first = stream(told(1), version(3), told(2), told(3)[:-1], cut=cut)
    second = stream(told(2), told(3), version(5), END)
    with scripted(first, second) as (client, service):
        assert [each.number for each in client.watch("0f")] == [1, 2, 3]
    assert [each.line for each in service.asked] == ["GET /api/v1/jobs/0f/events"] * 2
    assert [each.headers.get("last-event-id") for each in service.asked] == [None, "3"]
    assert {each.headers["accept"] for each in service.asked} == {"text/event-stream"}
    assert [0.25 <= each <= 0.75 for each in waits] == [True]


def test_a_service_that_is_away_for_a_moment_is_waited_for(waits: list[float]) -> None:
    answers = [
        stream(told(1), version(2)), fake.hang_up, fake.refuses(503, "shutting_down", Retry_After="5"),
        stream(": ping\n\n"), stream(), stream(), stream(told(2), version(3), END),
    ]  # fmt: skip
    with scripted(*answers) as (client, service):
        assert [each.number for each in client.watch("0f")] == [1, 2]
    assert [each.headers.get("last-event-id") for each in service.asked] == [None, *["2"] * 6]
    assert len(waits) == 6
    assert 5 <= waits[2] <= 6.25


@pytest.mark.parametrize("retries", [0, 2])
def test_a_stream_that_breaks_again_and_again_is_given_up(waits: list[float], retries: int) -> None:
    with scripted(*[stream()] * 4, retries=retries) as (client, service):
        with pytest.raises(ServiceUnavailable, match=f"events {retries + 1} times without a word"):
            client.wait("0f")
        assert len(service.asked) == retries + 1
    assert [0.25 * 2**n <= wait <= 0.75 * 2**n for n, wait in enumerate(waits)] == [True] * retries


def test_a_stream_that_says_little_and_breaks_is_not_asked_without_a_pause(waits: list[float]) -> None:
    answers = [*[stream(version(2), cut=True)] * 5, stream(END)]
    with scripted(*answers, retries=0) as (client, _):
        assert list(client.watch("0f")) == []
    assert len(waits) == 5
    assert min(waits) >= 0.25


def test_a_job_that_is_gone_is_told(waits: list[float]) -> None:
    answers = stream(version(2)), fake.refuses(404, "not_found")
    with scripted(*answers) as (client, _), pytest.raises(ServiceRefused, match="404 not_found"):
        list(client.watch("0f"))


def test_events_come_one_by_one_as_they_are_sent() -> None:
    with scripted(slowly([told(1) + version(2)[:9], version(2)[9:]], 0, hold=True)) as (client, _):
        watching = client.watch("0f")
        assert next(watching).number == 1
        watching.close()  # type: ignore[attr-defined]


def test_what_is_new_or_odd_in_a_stream_is_passed_over() -> None:
    # Signs that end a line elsewhere, parts that end anywhere, both other ends of lines, and a name without a colon.
    odd = "n\u2028a\x85m\x0be"
    before = ": ping\n\nretry: 5\n\nevent: rain\ndata: x\n\nfoo\nevent:picture\n\n"
    text = before + told(1, name=odd, new=3) + version(2) + END
    for each in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        with scripted(slowly(list(each), 0)) as (client, _):
            (item,) = client.watch("0f")
        assert item.name == odd


def test_lines_become_events() -> None:
    lines = ["data", "data:  a", "data: b", "event: x", "id: 1\0", "id: é", "", "", "id: 7", "", "data: broken off"]
    assert list(parsed(lines)) == [Event("x", "\n a\nb", None), Event("", "", None), Event("", "", "7")]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (stream("<html>", headers={"Content-Type": "text/html"}), "text/html instead of text/event-stream"),
        (stream(told(1).replace("number", "nombre")), "number: "),
        (stream("event: picture\ndata: {\n\n"), "none of cleancut's"),
        (stream("data: " + "x" * (events._LONGEST_LINE + 1)), "a line without an end"),
        (fake.sends(b"<html>", 404), r"answer \(404\)"),
    ],
)
def test_streams_that_are_none(waits: list[float], answer: Answer, says: str) -> None:
    with scripted(answer, retries=0) as (client, _), pytest.raises(ServiceUnavailable, match=says):
        client.wait("0f")


@pytest.mark.parametrize(
    ("answer", "timeout"),
    [
        (slowly([], 0, hold=True), 0.4),
        (slowly([": ping\n\n"] * 99, 0.05), 0.4),
        (slowly([told(1) + version(2)], 0, hold=True), 0.4),
        (slowly([told(each) for each in range(1, 99)], 0.05), 0.4),
        # The first connection would wait for as long again.
        (slowly([version(2)], 1.5, hold=True), 2),
        (fake.silent, 0.4),
    ],
)
def test_a_job_that_takes_too_long(answer: Answer, timeout: float) -> None:
    begun = time.monotonic()
    with scripted(*[answer] * 20, retries=0) as (client, _):
        watching = client.watch("0f", timeout)
        with pytest.raises(TimeoutError, match="it goes on"):
            list(watching)
    assert timeout <= time.monotonic() - begun < timeout + 1.2


def test_a_stream_is_not_begun_again_before_it_can_go_on() -> None:
    with scripted(stream(told(1), told(2), version(3), END), stream(told(1), END)) as (client, service):
        assert [each.number for each in client.watch("0f", timeout=5)] == [1, 2]
    assert [each.headers.get("last-event-id") for each in service.asked] == [None, "3"]


def test_a_stream_without_signs_of_life_is_made_anew(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    monkeypatch.setattr(events, "_QUIET_S", 0.2)
    begun = time.monotonic()
    with scripted(slowly([version(2)], 0, hold=True), stream(told(1), END), timeout=0.1) as (client, service):
        assert [each.number for each in client.watch("0f")] == [1]
    assert len(service.asked) == 2
    assert time.monotonic() - begun < 1.5


def test_nobody_is_waited_for_beyond_the_time() -> None:
    begun = time.monotonic()
    away = fake.refuses(503, "shutting_down", Retry_After="30")
    with scripted(away) as (client, _), pytest.raises(ServiceUnavailable, match="shutting_down"):
        client.wait("0f", timeout=5)
    assert time.monotonic() - begun < 5


# Sending.


@pytest.mark.parametrize(
    "first",
    [
        fake.refuses(503, "server_full", Retry_After="7"),
        fake.refuses(429, "quota_used_up", Retry_After="7"),
        fake.refuses(409, "idempotency_conflict", Retry_After="7"),
        fake.reset,
        fake.hang_up,
    ],
)
def test_a_job_is_sent_again_as_the_same_job(waits: list[float], tmp_path: Path, first: Answer) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"the photo's bytes")
    with scripted(first, fake.says(JOB | {"new": 1}, 202), fake.says(JOB, 202)) as (client, service):
        photos: list[Photo] = [file, "https://photos.example/1.jpg", b"more"]
        job = client.submit(iter(photos), mattes=iter(["0e"]))
        client.submit([file])
    assert job == Job(
        **JOB | {"made": datetime(2026, 1, 1, tzinfo=UTC), "expires": datetime(2026, 1, 2, tzinfo=UTC)},
    )
    keys = [each.headers["idempotency-key"] for each in service.asked]
    assert keys[0] == keys[1] != keys[2]
    assert service.asked[0].length == service.asked[1].length
    assert re.findall(rb'name="(\w+)"(?:; filename="(.*)")?', service.asked[1].body) == [
        (b"url", b""), (b"matte", b""), (b"image", b"a.png"), (b"image", b"picture"),
    ]  # fmt: skip
    assert len(waits) == 1


def test_another_job_under_the_same_key_is_told_at_once(waits: list[float]) -> None:
    other = fake.refuses(409, "idempotency_conflict")
    with scripted(other) as (client, service), pytest.raises(ServiceRefused, match="409 idempotency_conflict"):
        client.submit([b"photo"], idempotency="order-7")
    assert service.asked[0].headers["idempotency-key"] == "order-7"
    assert waits == []


def test_a_secret_is_not_made_twice(waits: list[float]) -> None:
    made = fake.says({"id": "0f", "made": "2026-01-01T00:00:00Z", "ends": None, "secret": "whsec_x"}, 201)
    with scripted(fake.reset, made) as (client, _):
        with pytest.raises(ServiceUnavailable, match="did not answer"):
            client.new_webhook_secret()
        assert waits == []
        assert client.new_webhook_secret() == "whsec_x"
    with scripted(fake.refuses(503, "database_unavailable", Retry_After="1"), made) as (client, _):
        assert client.new_webhook_secret() == "whsec_x"
    assert len(waits) == 1


@pytest.mark.skipif(os.name != "posix", reason="names of files are text there")
def test_a_name_that_is_no_text_is_sent_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"k\xf6ln.png")
    try:
        file.write_bytes(b"photo")
    except OSError:
        pytest.skip("this file system takes text alone")
    with scripted(fake.says(JOB, 202)) as (client, service):
        client.submit([file])
    assert b'filename="k?ln.png"' in service.asked[0].body


# Answers.


def test_pages_are_followed_and_new_fields_passed_over() -> None:
    pages = [
        fake.says({"items": [ITEM | {"new": 1}], "after": 1}),
        fake.says({"items": [ITEM | {"number": 2, "state": "resting"}], "after": None, "new": 2}),
    ]
    with scripted(*pages) as (client, service):
        first, second = client.items("0f")
    assert first == Item(**ITEM | {"problem": Problem("no", "bad", "do"), "notes": ()})
    assert (second.number, second.state) == (2, "resting")
    assert [each.line.partition("?after=")[2] for each in service.asked] == ["0&limit=1000", "1&limit=1000"]


@pytest.mark.parametrize(
    ("ask", "answer", "says"),
    [
        (lambda client: client.submit([b"photo"]), fake.says({}, 202), "id: "),
        (lambda client: client.job("0f"), fake.says(JOB | {"made": "soon"}), "made: "),
        (lambda client: client.jobs(), fake.says({"jobs": [{}]}), r"jobs\.0\.id: "),
        (lambda client: list(client.items("0f")), fake.says({"items": [], "after": 0}), "leads back"),
        (lambda client: client.job_picture("0f", 1), fake.says({}), "application/json instead of image/ or"),
        (lambda client: client.cancel("0f"), fake.sends(b"<html>"), "none of cleancut's"),
        (lambda client: client.new_webhook_secret(), fake.says({}), "secret: "),
        (lambda client: client.webhook_messages(), fake.says([]), "none of cleancut's"),
        (lambda client: client.replay("msg_0"), fake.says({}), "id: "),
    ],
)
def test_answers_that_are_none(ask: Callable[[Client], object], answer: Answer, says: str) -> None:
    with scripted(answer, retries=0) as (client, _), pytest.raises(ServiceUnavailable, match=says):
        ask(client)


@pytest.mark.parametrize(
    "answer", [fake.sends(b"PK", headers={"Content-Type": "application/zip"}, length=9), fake.says({})]
)
def test_results_that_break_off_leave_nothing_behind(tmp_path: Path, answer: Answer) -> None:
    target = tmp_path / "results.zip"
    target.write_bytes(b"before")
    with scripted(answer) as (client, _), pytest.raises(ServiceUnavailable):
        client.job_results("0f", target)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("results.zip", b"before")]


# What is not even sent.


def test_what_cannot_be_sent_is_refused(tmp_path: Path) -> None:
    with Client(NOBODY, retries=0) as client:
        for photos in (b"photo", "https://photos.example/1.jpg", tmp_path, [3], [None], ["photo.jpg"], 3):
            with pytest.raises(OptionError):
                client.submit(photos)  # type: ignore[arg-type]
        for given in (
            {"archive": "a.zip"}, {"mattes": "0f"}, {"mattes": 3}, {"background_image": "a.png"}, {"idempotency": ""},
            {"idempotency": "clé"}, {"idempotency": "a\nb"}, {"idempotency": "x" * 256},
        ):  # fmt: skip
            with pytest.raises(OptionError, match=next(iter(given))):
                client.submit([b"photo"], **given)
        with pytest.raises(InputMissing, match="missing"):
            client.submit([b"photo", tmp_path / "missing"])
        with pytest.raises(TypeError):
            client.submit([b"photo"], url="a")  # type: ignore[call-arg]


def test_ids_that_lead_elsewhere_are_refused_before_anything_is_asked() -> None:
    with Client(NOBODY, retries=0) as client:
        calls: list[Callable[[str], object]] = [
            client.job, client.watch, client.wait, client.items, client.cancel, client.delete_job, client.replay,
            client.revoke_webhook_secret, lambda id: client.job_picture(id, 1),
            lambda id: client.job_results(id, Path("a")),
        ]  # fmt: skip
        for call in calls:
            for id in ("", "..", "../data", "a/b", "a?b", "é"):
                with pytest.raises(OptionError, match="no id of a "):
                    call(id)
        for number in (0, -1):
            with pytest.raises(OptionError, match="no number"):
                client.job_picture("0f", number)
        for timeout in (0, -1, float("nan")):
            with pytest.raises(OptionError, match="timeout"):
                client.watch("0f", timeout)
