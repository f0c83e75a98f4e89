"""What is kept when something comes between: no room, an erasure, other weights, hostile bodies."""

from __future__ import annotations

import gc
import os
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.samples import Sample

from cleancut import engines, pipeline, remover
from cleancut.server.permits import Permits
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.calls import cut, matte_of, objects, opened, picture_of, refused
from tests.server.conftest import Running, Start
from tests.server.test_cutouts import held, in_thread, joined, until_wait
from tests.server.wire import FORM, JSON, form, part, post


def test_a_picture_that_finds_no_room_is_given_all_the_same(start: Start, picture: bytes) -> None:
    server = start(store_bytes=1000)
    answer = cut(server, picture)
    assert answer.status_code == 200
    assert opened(answer.content).size == (160, 128)
    assert "Content-Location" not in answer.headers
    refused(matte_of(server, picture), 503, "unwritable")


def test_what_is_under_way_when_all_is_erased_is_not_kept(
    start: Start, monkeypatch: pytest.MonkeyPatch, picture: bytes
) -> None:
    server = start()
    begun, go_on = threading.Event(), threading.Event()

    def engine_of(*args: Any) -> Any:
        begun.set()
        assert go_on.wait(20)
        return engines.engine_of(*args)

    monkeypatch.setattr(remover, "engine_of", engine_of)
    answers: list[httpx.Response] = []
    client = threading.Thread(target=lambda: answers.append(cut(server, picture)))
    client.start()
    assert begun.wait(20)
    assert server.http.delete("/api/v1/data").status_code == 200
    go_on.set()
    client.join(20)
    assert answers[0].status_code == 200
    assert "Content-Location" not in answers[0].headers
    assert server.service.storage.of("local") == []


def test_what_is_under_way_is_kept_although_something_else_is_deleted(
    shared: Running, monkeypatch: pytest.MonkeyPatch, picture: bytes
) -> None:
    other = matte_of(shared, saved(photo(64, 64), "PNG")).json()["id"]
    with held(monkeypatch, remover, "estimate") as reached:
        asked = in_thread(lambda: matte_of(shared, picture))
        assert reached.wait(20)
        assert shared.http.delete(f"/api/v1/mattes/{other}").status_code == 204
    made = joined(asked)
    id = made.json()["id"]
    assert (made.status_code, shared.http.get(f"/api/v1/mattes/{id}").json()) == (201, made.json())

    first = info_of(shared, id, feather="1").json()
    with held(monkeypatch, pipeline, "render") as reached:
        asked = in_thread(lambda: info_of(shared, id, feather="2"))
        assert reached.wait(20)
        assert shared.http.delete(first["url"]).status_code == 204
    made = joined(asked)
    assert (made.status_code, shared.http.get(made.json()["url"]).status_code) == (201, 200)


def test_a_matte_deleted_while_it_is_made_is_gone_and_made_anew_for_who_asks_later(
    shared: Running, monkeypatch: pytest.MonkeyPatch, picture: bytes
) -> None:
    id = matte_of(shared, picture).json()["id"]
    shared.http.delete(f"/api/v1/mattes/{id}")
    with held(monkeypatch, remover, "estimate") as reached:
        asked = in_thread(lambda: matte_of(shared, picture))
        at_once = in_thread(lambda: cut(shared, picture))
        assert reached.wait(20)
        until_wait(shared, 4)
        shared.http.delete(f"/api/v1/mattes/{id}")
    refused(joined(asked), 404, "not_found")
    assert joined(at_once).status_code == 200
    assert "Content-Location" not in joined(at_once).headers
    assert objects(shared.home) == []
    with held(monkeypatch, remover, "estimate") as reached:
        in_thread(lambda: matte_of(shared, picture))
        assert reached.wait(20)
        shared.http.delete(f"/api/v1/mattes/{id}")
        later = in_thread(lambda: matte_of(shared, picture))
        until_wait(shared, 4)
    assert joined(later).json()["id"] == id
    assert shared.http.get(f"/api/v1/mattes/{id}").status_code == 200


@pytest.mark.parametrize("what", ["matte", "picture"])
def test_a_picture_deleted_while_it_is_made_is_gone(
    shared: Running, monkeypatch: pytest.MonkeyPatch, picture: bytes, what: str
) -> None:
    id = matte_of(shared, picture).json()["id"]
    place = info_of(shared, id, feather="1").json()["url"]
    shared.http.delete(place)
    with held(monkeypatch, pipeline, "render") as reached:
        asked = in_thread(lambda: info_of(shared, id, feather="1"))
        assert reached.wait(20)
        shared.http.delete(place if what == "picture" else f"/api/v1/mattes/{id}")
    refused(joined(asked), 404, "not_found")
    refused(shared.http.get(place), 404, "not_found")
    assert len(objects(shared.home)) == (3 if what == "picture" else 0)


def info_of(server: Running, id: str, **fields: str) -> httpx.Response:
    """What POST /api/v1/mattes/ID/pictures tells of a picture."""
    parts = [(name, (None, value)) for name, value in fields.items()]
    return server.http.post(f"/api/v1/mattes/{id}/pictures", files=parts)


def test_permits_that_nobody_holds_take_no_room() -> None:
    permits = Permits()
    held = [permits.of("anna", f"{each}") for each in range(100)]
    assert permits.of("anna", "7") is held[7]
    permits.end("anna", "7")
    assert [each for each in range(100) if held[each].ended] == [7, *range(70, 80)]
    assert permits.of("anna", "7") is not held[7]
    del held
    gc.collect()
    assert len(permits._held) == 0


def test_other_weights_of_the_same_name_make_another_matte(
    start: Start, home: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = matte_of(start(), picture).json()["id"]
    monkeypatch.setattr("cleancut.server.models.__version__", "0.0.0-other")
    assert matte_of(start(), picture).json()["id"] != first


def test_a_matte_in_use_lives_on(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    soon = time.time() + 60
    for path in (shared.home / "server" / "store" / "objects").rglob("*.*"):
        os.utime(path, (soon, soon))
    picture_of(shared, id, feather=2)
    assert min(each.expires for each in shared.service.storage.of("local")) > soon + 3000


NOWHERE = [b"[null,null]"] * 19_000
STROKES = "/api/v1/mattes/00000000000000000000000000000000/pictures"


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/api/edit-mask", JSON, b'{"a":[' + b"[]," * 8_000_000 + b"[]]}"),
        ("/api/edit-mask", JSON, b'{"image":"' + b"\\u0041" * 4_000_000 + b'"}'),
        ("/api/session", JSON, b"[" + b"[]," * 300_000 + b"[]]"),
        (STROKES, FORM, form(*[part("strokes", b"[" + b"[]," * 130_000 + b"[]]") for _ in range(90)])),
        (STROKES, FORM, form(part("strokes", b'[{"action":"add","radius":1,"points":[%s]}]' % b",".join(NOWHERE)))),
    ],
)  # fmt: skip
def test_no_body_holds_up_the_event_loop(shared: Running, path: str, kind: str, body: bytes) -> None:
    # A busy machine is late now and then; what holds up the loop does so each time.
    assert not all(held_up(shared, path, kind, body) for _ in range(3))


def held_up(server: Running, path: str, kind: str, body: bytes) -> bool:
    """Whether the event loop was late by more than a second while it refused a body."""
    before = late(server)
    assert post(server.port, path, kind, body=body).status in (400, 413, 422)
    return late(server) > before


def late(server: Running) -> float:
    """How often the event loop was late by more than a second."""
    found = {each.labels["le"]: each.value for each in lags(server)}
    assert found["+Inf"] > 0
    return found["+Inf"] - found["1.0"]


def lags(server: Running) -> list[Sample]:
    """How late the event loop was, all read at once."""
    (metric,) = server.service.metrics.lag.collect()
    return [each for each in metric.samples if each.name.endswith("_bucket")]
