# ruff: noqa: F811
"""Jobs by the client, against the service itself."""

from __future__ import annotations

import inspect
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from PIL import Image

from cleancut import client as public
from cleancut.client import Client, Message, ServiceRefused, WebhookRefused, jobs, verify_webhook
from cleancut.client.fields import MOST_FILES, JobFields
from cleancut.client.webhooks import sign
from cleancut.errors import OptionError, Unwritable
from cleancut.server.app import create_app
from cleancut.server.forms import JOB_FILES
from cleancut.server.settings import read_server_settings
from tests.fakes import scripted_service as fake
from tests.fakes.scripted_service import ScriptedService
from tests.server.conftest import Running, Start, home, picture, server, start  # noqa: F401

ROOT = Path(__file__).parents[1]

# More than a loaded machine needs for a few small pictures.
S = 60.0


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.address, retries=0) as client:
        yield client


@pytest.fixture
def idle(start: Start) -> Iterator[Client]:
    """A client of a service that takes jobs, and makes nothing of them."""
    with Client(start(job_workers=0).address, retries=0) as client:
        yield client


@pytest.fixture
def schema(home: Path) -> dict[str, Any]:
    app = create_app(read_server_settings())
    app.state.service.storage.close()
    schema: dict[str, Any] = app.openapi()
    return schema


# The keywords and answers are those of the service.


def test_the_keywords_are_the_form_fields_of_the_service(schema: dict[str, Any]) -> None:
    taken = schema["components"]["schemas"]["JobForm"]["properties"]
    parameters = inspect.signature(Client.submit).parameters.values()
    keywords = {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}
    # The photos are the first argument.
    options = set(taken) - {"image", "url", "matte"}
    assert keywords == dict.fromkeys(options) | {"mattes": (), "idempotency": None}
    assert not any(each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in parameters)
    words = {name: set(field["enum"]) for name, field in taken.items() if "enum" in field and name != "model"}
    hints = get_type_hints(JobFields)
    assert words == {name: {each for kind in get_args(hints[name]) for each in get_args(kind)} for name in words}
    assert MOST_FILES == JOB_FILES


@pytest.mark.parametrize(
    ("kind", "name", "links"),
    [
        (public.Job, "JobInfo", {"items", "results", "events"}),
        (public.Item, "ItemInfo", {"result"}),
        (public.Problem, "JobProblem", set()),
        (public.Message, "MessageInfo", set()),
        (public.Attempt, "AttemptInfo", set()),
        (public.Secret, "SecretInfo", set()),
    ],
)
def test_answers_have_the_fields_that_the_service_sends(
    schema: dict[str, Any], kind: type[Any], name: str, links: set[str]
) -> None:
    assert {each.name for each in fields(kind)} == set(schema["components"]["schemas"][name]["properties"]) - links


# Against the service itself.


def test_photos_of_all_kinds_are_made_watched_and_fetched(client: Client, picture: bytes, tmp_path: Path) -> None:
    file = tmp_path / "köln 1.png"
    file.write_bytes(picture)
    (tmp_path / "shop.zip").write_bytes(packed({"shop/shoe.png": picture}))
    matte = client.matte(picture)
    sent = client.submit(
        (each for each in (file, b"no picture", picture)), archive=tmp_path / "shop.zip", mattes=[matte, matte.id],
        priority="high", format="webp", max_size="80", background_image=picture,
    )  # fmt: skip
    assert (sent.priority, sent.pictures, sent.has_ended) == ("high", 6, False)
    watched = list(client.watch(sent, timeout=S))
    job = client.wait(sent.id, timeout=S)
    assert (job.id, job.state, job.done, job.failed, job.waiting) == (sent.id, "done", 5, 1, 0)
    assert job.has_ended
    assert job == client.job(job)
    assert timedelta(hours=23) < job.expires - datetime.now(UTC) < timedelta(hours=25)
    items = list(client.items(job))
    assert sorted(watched, key=lambda each: each.number) == items
    assert [each.name for each in items] == [
        "köln 1.png", "picture", "picture-2", "shop/shoe.png", matte.id, f"{matte.id}-2",
    ]  # fmt: skip
    assert [each.state for each in items] == ["done", "failed", *["done"] * 4]
    assert items[1].problem is not None
    assert (items[1].problem.code, items[1].model) == ("not_an_image", None)
    assert (items[0].model, items[0].subject, items[0].width, items[0].height) == ("tiny", True, 80, 64)
    data = client.job_picture(job, items[0])
    assert (len(data), data) == (items[0].bytes, client.job_picture(job.id, 1))
    assert Image.open(io.BytesIO(data)).format == "WEBP"
    with pytest.raises(ServiceRefused, match="404 not_found"):
        client.job_picture(job, items[1])
    target = tmp_path / "new folder" / "results.zip"
    client.job_results(job, target)
    with zipfile.ZipFile(target) as archive:
        assert archive.read("köln 1.webp") == data
        assert [each["number"] for each in json.loads(archive.read("results.json"))] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(Unwritable):
        client.job_results(job, file / "results.zip")
    client.delete_job(job)
    for ask in (
        client.job,
        client.delete_job,
        lambda job: list(client.watch(job)),
        lambda job: list(client.items(job)),
    ):
        with pytest.raises(ServiceRefused, match="404 not_found"):
            ask(job)


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def test_whoever_watches_sees_a_job_cancelled(idle: Client, picture: bytes) -> None:
    job = idle.submit([picture] * 3)
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="it goes on"):
        idle.wait(job, timeout=1.5)
    assert 1.5 <= time.monotonic() - begun < 6
    seen: list[str] = []
    watching = threading.Thread(target=lambda: seen.extend(each.state for each in idle.watch(job, timeout=S)))
    watching.start()
    time.sleep(0.2)
    cancelled = idle.cancel(job)
    watching.join(S)
    assert (cancelled.state, cancelled.cancelled, cancelled.has_ended) == ("cancelled", 3, True)
    assert seen == ["cancelled"] * 3
    assert idle.wait(job, timeout=S) == cancelled


def test_as_many_files_as_the_service_takes(
    idle: Client, picture: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAGE", 30)
    paths = [tmp_path / f"{number}.png" for number in range(MOST_FILES)]
    for each in paths:
        each.write_bytes(picture)
    job = idle.submit(paths, archive=packed({"more.png": picture}))
    assert [each.name for each in idle.items(job)] == [*(each.name for each in paths), "more.png"]
    with pytest.raises(OptionError, match="at most 100") as caught:
        idle.submit([*paths, picture])
    assert "archive" in caught.value.hint


def test_jobs_are_listed_newest_first(idle: Client, picture: bytes) -> None:
    made = [idle.submit([picture]) for _ in range(3)]
    assert idle.jobs() == tuple(reversed(made))
    assert idle.jobs(limit=1) == (made[2],)
    assert idle.jobs(before=made[2].made) == (made[1], made[0])
    # Of a moment without a zone, this machine's is meant.
    assert idle.jobs(before=made[0].made.astimezone().replace(tzinfo=None)) == ()


def test_the_same_key_is_the_same_job(idle: Client, picture: bytes) -> None:
    first = idle.submit([picture], idempotency="order-7")
    assert idle.submit([picture], idempotency="order-7") == first
    assert idle.submit([picture]).id != idle.submit([picture]).id
    with Client(idle.address) as patient, pytest.raises(ServiceRefused, match="409 idempotency_conflict: another job"):
        patient.submit([picture, picture], idempotency="order-7")


def test_what_the_service_refuses(idle: Client, picture: bytes) -> None:
    for photos, given, says in (
        (["https://photos.example/1.jpg"], {}, "403 url_not_allowed"),
        ([], {}, "422 invalid_value: there is no picture"),
        ([picture], {"archive": b"PK"}, "400 bad_archive|415 |422 "),
        ([picture], {"mattes": ["0" * 32]}, "404 not_found"),
        ([picture], {"feather": 500}, "422 invalid_value: feather"),
        ([picture], {"webhook": "https://shop.example/hook"}, "409 no_webhook_secret"),
    ):
        with pytest.raises(ServiceRefused, match=says):
            idle.submit(photos, **given)
    with Client(idle.address, keep=False) as careful, pytest.raises(ServiceRefused, match="409 nothing_kept"):
        careful.submit([picture])
    assert idle.jobs() == ()


def test_a_webhook_is_told_by_a_message_that_can_be_verified(start: Start, picture: bytes) -> None:
    told = fake.sends(status=204)
    service = start(webhook_networks=(ip_network("127.0.0.0/8"),))
    with ScriptedService(told, told, told) as receiver, Client(service.address, retries=0) as client:
        secret, newer = client.new_webhook_secret(), client.new_webhook_secret()
        other = client.submit([picture])
        job = client.wait(client.submit([picture], webhook=f"{receiver.url}/hook"), timeout=S)
        message = delivered(client, job, 1)
        assert (message.job, message.event, message.url) == (job.id, "job.ended", f"{receiver.url}/hook")
        assert client.webhook_messages() == (message,)
        assert client.webhook_messages(client.wait(other, timeout=S)) == ()
        assert client.webhook_messages(before=message.made) == ()
        for times, again in ((2, message), (3, message.id)):
            assert client.replay(again).id == message.id
            assert [each.number for each in delivered(client, job, times).attempts] == list(range(1, times + 1))
    assert len(receiver.asked) == 3
    for asked in receiver.asked:
        assert asked.line == "POST /hook"
        for known in (secret, newer):
            assert verify_webhook(known, asked.headers, asked.body) == message.id
        with pytest.raises(WebhookRefused):
            verify_webhook(secret, asked.headers, asked.body + b" ")
        assert json.loads(asked.body)["data"]["id"] == job.id


def delivered(client: Client, job: public.Job, times: int) -> Message:
    until = time.monotonic() + S
    while time.monotonic() < until:
        (message,) = client.webhook_messages(job)
        if message.state == "delivered" and len(message.attempts) >= times:
            assert message.attempts[-1].status == 204
            return message
        time.sleep(0.1)
    raise AssertionError(f"not delivered: {message}")


def test_a_secret_can_be_replaced_and_revoked(idle: Client) -> None:
    made = [idle.new_webhook_secret() for _ in range(2)]
    assert len(set(made)) == 2
    newest, before = idle.webhook_secrets()
    assert newest.ends is None
    assert before.ends is not None
    idle.revoke_webhook_secret(before)
    idle.revoke_webhook_secret(newest.id)
    assert idle.webhook_secrets() == ()
    with pytest.raises(ServiceRefused, match="404 not_found"):
        idle.revoke_webhook_secret(newest)


@pytest.fixture
def example() -> str:
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    (example,) = re.findall(r"^```py\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return str(example)


def test_the_example_of_the_docs_runs(
    example: str, server: Running, tmp_path: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example.replace("http://127.0.0.1:8000", server.address), names)
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == names["job"].pictures + 1
    receive: Callable[..., str] = names["receive"]
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(int(time.time()))}
    headers["Webhook-Signature"] = sign([names["secret"]], "msg_1", int(headers["Webhook-Timestamp"]), b"{}")
    assert receive(headers, b"{}") == "msg_1"
    with pytest.raises(WebhookRefused):
        receive(headers, b"{ }")
