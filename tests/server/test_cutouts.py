"""A cut-out in one call: options, the cache, whose is what."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import numpy as np
import pytest
from PIL import Image

import cleancut
from cleancut import pipeline, remover
from cleancut.options import Options
from cleancut.server.forms import CutoutForm, MatteForm, RenderForm
from tests.fakes.tiny_model import photo
from tests.pictures import exif, saved
from tests.server.calls import (
    counted,
    cut,
    expire,
    have_small,
    key,
    matte_of,
    objects,
    opened,
    picture_of,
    pixels,
    refused,
    runs,
)
from tests.server.conftest import Running, Start

SILENT = {"Cache-Control": "no-store"}


def specked() -> bytes:
    """A photo with EXIF, a colourful subject that is soft at places, a speck beside it and a hole in it."""
    shown = photo(128, 160)
    shown[60:66, 70:76] = 255
    shown[10:18, 12:20] = 30
    shown[40:90, 100:125] = (120, 60, 90)
    shown[100:, :40] = (200, 215, 230)
    return saved(shown, "PNG", exif=exif(place=True))


# What is changed of each option, beside what else, and what is refused.
CHANGES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "model": ({}, "small", None),
    "quality": ({}, "best", "perfect"),
    "refine": ({}, False, "perhaps"),
    "background": ({}, "blur", "/etc/hostname"),
    "format": ({}, "tiff", "gif"),
    "channels": ({}, "alpha", "rgb"),
    "feather": ({}, 3, 201),
    "edge_shift": ({}, -4, -201),
    "translucency": ({}, 0, 101),
    "clean": ({}, 30, -1),
    "decontaminate": ({}, False, "x"),
    "invert": ({}, True, 2),
    "crop": ({}, True, "no idea"),
    "crop_margin": ({"crop": True}, "10px 5%", "501px"),
    "roi": ({}, "0% 0% 60% 100%", "all of it"),
    "canvas": ({}, "200x100", "0x5"),
    "padding": ({"canvas": "200"}, "10%", "60%"),
    "scale": ({}, "40%", "5%"),
    "position": ({"scale": "50%"}, "0% 100%", "somewhere"),
    "shadow": ({}, "drop", "dark"),
    "shadow_opacity": ({"shadow": "drop"}, 90, 101),
    "max_size": ({}, "50x50", "small"),
    "max_pixels": ({}, 5000, 0),
    "max_bytes": ({"format": "jpg"}, 3000, 0),
    "encode_quality": ({"format": "jpg"}, 50, 101),
    "png_effort": ({}, "small", "none"),
    "metadata": ({}, "keep", "burn"),
    "require_subject": ({}, True, "x"),
}


def test_every_option_has_its_field_but_those_of_the_operator() -> None:
    options = {each.name for each in fields(Options)}
    files = {"image", "url", "background_image", "strokes"}
    assert set(CutoutForm.model_fields) - files == options - {"device", "precision"} == set(CHANGES)
    assert set(CutoutForm.model_fields) == set(MatteForm.model_fields) | set(RenderForm.model_fields)


def test_every_option_changes_the_picture(shared: Running) -> None:
    have_small(shared)
    seen = specked()
    for name, (others, value, _) in CHANGES.items():
        before = cut(shared, seen, **others)
        after = cut(shared, seen, **others, **{name: value})
        assert (before.status_code, after.status_code) == (200, 200), (name, after.text)
        if name == "model":
            assert after.headers["X-Cleancut-Model"] == value
        elif name != "require_subject":
            assert before.content != after.content, name
    nothing = saved(np.full((64, 64, 3), 255, np.uint8), "PNG")
    assert cut(shared, nothing).headers["X-Cleancut-Subject"] == "false"
    refused(cut(shared, nothing, require_subject=True), 422, "no_subject")


def test_every_option_refuses_what_it_cannot_use(shared: Running, picture: bytes) -> None:
    for name, (others, _, wrong) in CHANGES.items():
        if name != "model":
            assert name in refused(cut(shared, picture, **others, **{name: wrong}), 422, "invalid_value"), wrong
    refused(cut(shared, picture, model="tinny"), 400, "unknown_model")
    assert "zip" in refused(cut(shared, picture, format="zip", channels="alpha"), 400, "bad_option")


def test_what_the_operator_decides_is_not_for_clients(shared: Running, picture: bytes) -> None:
    answer = cut(shared, picture)
    assert (answer.headers["X-Cleancut-Device"], answer.headers["X-Cleancut-Precision"]) == ("cpu", "fp32")
    chosen: list[dict[str, Any]] = [{"device": "cuda:7"}, {"precision": "int8"}]
    for options in chosen:
        refused(cut(shared, picture, **options), 422, "invalid_value")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"feather": 3.5, "edge_shift": -2.0, "background": "#336699"},
        {"quality": "best", "clean": 30.0, "crop": True, "crop_margin": "10%"},
        {"refine": False, "decontaminate": False, "invert": True, "background": "blur:4"},
    ],
    ids=str,
)
def test_the_service_gives_what_the_library_gives(
    shared: Running, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANCUT_HOME", str(shared.home))
    seen = specked()
    by_service = pixels(cut(shared, seen, **options).content).astype(int)
    by_library = pixels(cleancut.remove(seen, model="tiny", precision="fp32", **options)).astype(int)
    assert by_service.shape == by_library.shape
    # A kept matte has 65,536 levels, the library's has more.
    assert np.abs(by_service - by_library).max() <= 2


def test_a_picture_is_what_the_library_makes_of_the_matte_that_is_told(
    shared: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANCUT_HOME", str(shared.home))
    seen = specked()
    said = matte_of(shared, seen).json()
    alpha = pixels(shared.http.get(said["matte"]).content).astype(np.float32) / np.float32(65_535)
    matte = cleancut.Matte(alpha, said["subject"], said["confidence"])
    wishes: tuple[dict[str, Any], ...] = ({}, {"translucency": 0}, {"translucency": 90, "clean": 10.0, "feather": 2.0})
    for wish in wishes:
        by_service = pixels(picture_of(shared, said["id"], **wish).content)
        np.testing.assert_array_equal(by_service, cleancut.render(seen, matte, **wish).pixels)


def test_every_format_is_sent_as_what_it_is(shared: Running, picture: bytes) -> None:
    kinds = {
        "png": "image/png", "webp": "image/webp", "avif": "image/avif", "jpg": "image/jpeg", "tiff": "image/tiff",
    }  # fmt: skip
    for name, kind in kinds.items():
        answer = cut(shared, picture, format=name)
        assert answer.headers["Content-Type"] == kind
        assert Image.MIME[str(opened(answer.content).format)] == kind
        assert answer.headers["Content-Location"].endswith(f".{name}")
    archive = cut(shared, picture, format="zip")
    assert archive.headers["Content-Type"] == "application/zip"
    assert ZipFile(BytesIO(archive.content)).namelist() == ["color.jpg", "alpha.png"]


def test_the_photo_is_a_file_or_a_url_that_the_operator_allows(shared: Running, picture: bytes) -> None:
    address: dict[str, Any] = {"url": "https://example.com/photo.png"}
    refused(shared.http.post("/api/v1/cutouts", data=address), 403, "url_not_allowed")
    refused(shared.http.post("/api/v1/mattes", data=address), 403, "url_not_allowed")
    refused(cut(shared, picture, **address), 422, "invalid_value")
    refused(matte_of(shared, picture, **address), 422, "invalid_value")
    assert "image" in refused(shared.http.post("/api/v1/cutouts", data={"format": "png"}), 422, "invalid_value")
    assert "image" in refused(shared.http.post("/api/v1/mattes", data={"url": ""}), 422, "invalid_value")


def test_a_url_must_not_lead_inside_even_where_urls_are_allowed(start: Start) -> None:
    server = start(allow_url=True)
    address = {"url": f"{server.address}/api/health"}
    refused(server.http.post("/api/v1/cutouts", data=address), 400, "url_refused")


def test_photos_beyond_the_limits_of_v1_are_refused(start: Start) -> None:
    server = start(v1_max_bytes=5000, v1_max_pixels=10_000)
    assert cut(server, saved(photo(100, 100), "PNG")).status_code == 200
    refused(cut(server, saved(photo(100, 101), "PNG")), 413, "image_too_large")
    refused(cut(server, bytes(5001)), 413, "file_too_large")
    behind = {"image": saved(photo(100, 100), "PNG"), "background_image": saved(photo(100, 101), "PNG")}
    refused(server.http.post("/api/v1/cutouts", files=behind), 413, "image_too_large")


def test_the_same_wish_is_fulfilled_once(shared: Running, picture: bytes) -> None:
    hits, misses = (counted(shared, "cleancut_cache_total", found=each) for each in ("hit", "miss"))
    before = runs(shared)
    first, again = (cut(shared, picture, feather=2) for _ in range(2))
    assert (first.headers["X-Cleancut-Cache"], again.headers["X-Cleancut-Cache"]) == ("miss", "hit")
    assert again.content == first.content
    assert again.headers["Server-Timing"] == "cache;dur=0"
    for said in ("Model", "Device", "Precision", "Subject", "Confidence"):
        assert again.headers[f"X-Cleancut-{said}"] == first.headers[f"X-Cleancut-{said}"]
    assert runs(shared) == before + 1
    assert counted(shared, "cleancut_cache_total", found="hit") == hits + 1
    assert counted(shared, "cleancut_cache_total", found="miss") == misses + 1


def test_another_wish_for_the_same_photo_runs_no_model(shared: Running, picture: bytes) -> None:
    cut(shared, picture)
    before = runs(shared)
    answer = cut(shared, picture, feather=2)
    assert answer.headers["X-Cleancut-Cache"] == "miss"
    assert "infer" not in answer.headers["Server-Timing"]
    # All routes share what is kept.
    shared.http.post("/api/remove-background", files={"image": picture}, data={"feather": 5})
    assert matte_of(shared, picture).headers["X-Cleancut-Cache"] == "hit"
    assert runs(shared) == before


def test_nothing_is_reused_for_another_photo_model_or_quality(shared: Running, picture: bytes) -> None:
    have_small(shared)
    before = runs(shared)
    names = {
        cut(shared, picture).headers["Content-Location"],
        cut(shared, picture + b"\0").headers["Content-Location"],
        cut(shared, picture + b"\1").headers["Content-Location"],
        cut(shared, picture, model="small").headers["Content-Location"],
        cut(shared, picture, quality="fast").headers["Content-Location"],
        cut(shared, picture, refine=False).headers["Content-Location"],
    }
    assert len({name.partition("-")[0] for name in names}) == 6
    assert runs(shared) == before + 6


def test_a_name_says_the_same_as_long_as_the_server_keeps_its_secret(start: Start, home: Path, picture: bytes) -> None:
    places = [cut(start(), picture).headers["Content-Location"] for _ in range(2)]
    assert places[0] == places[1], "also for a server that is started anew"
    (home / "server" / "secret").unlink()
    assert cut(start(), picture).headers["Content-Location"] not in places


def test_what_others_have_sent_makes_nothing_faster(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    first, his, again = (cut(server, picture, who) for who in (anna, ben, anna))
    assert [each.headers["X-Cleancut-Cache"] for each in (first, his, again)] == ["miss", "miss", "hit"]
    assert first.headers["Content-Location"] != his.headers["Content-Location"]
    assert runs(server) == 2


def test_a_client_may_forbid_to_keep_or_to_use_what_is_kept(shared: Running, picture: bytes) -> None:
    for silent in ("no-store", "max-age=0, No-Store"):
        answer = cut(shared, picture, {"Cache-Control": silent})
        assert answer.headers["X-Cleancut-Cache"] == "miss"
        assert "Content-Location" not in answer.headers
    said = shared.http.post("/api/remove-background", files={"image": picture}, headers=SILENT).json()
    assert said["filename"] is None
    assert objects(shared.home) == []
    cut(shared, picture)
    kept, before = objects(shared.home), runs(shared)
    assert cut(shared, picture, SILENT).headers["X-Cleancut-Cache"] == "miss"
    assert runs(shared) == before + 1
    assert objects(shared.home) == kept


def test_what_has_expired_is_made_anew(shared: Running, picture: bytes) -> None:
    first = cut(shared, picture)
    expire(shared.home)
    refused(shared.http.get(first.headers["Content-Location"]), 404, "not_found")
    again = cut(shared, picture)
    assert again.headers["X-Cleancut-Cache"] == "miss"
    assert again.headers["Content-Location"] == first.headers["Content-Location"]
    assert again.content == first.content


def test_what_is_found_again_lives_as_long_as_what_is_made(shared: Running, picture: bytes) -> None:
    name = cut(shared, picture).headers["Content-Location"].rpartition("/")[2]
    soon = time.time() + 60
    for path in (shared.home / "server" / "store" / "objects").rglob("*.*"):
        os.utime(path, (soon, soon))
    assert cut(shared, picture).headers["X-Cleancut-Cache"] == "hit"
    kept = shared.service.storage.of("local")
    assert {each.name for each in kept} >= {name}
    assert min(each.expires for each in kept) > soon + 3000


def test_the_steps_of_an_answer_are_counted_once(shared: Running, picture: bytes) -> None:
    def taken() -> dict[str, float]:
        steps = ("queue", "decode", "infer", "refine", "compose", "encode")
        return {step: counted(shared, "cleancut_step_seconds_count", step=step) for step in steps}

    before = taken()
    cut(shared, picture, quality="fast")
    assert {step: value - before[step] for step, value in taken().items()} == dict.fromkeys(before, 1)
    cut(shared, picture, quality="fast")
    assert {step: value - before[step] for step, value in taken().items()} == dict.fromkeys(before, 1)


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Iterator[threading.Event]:
    """While this lasts, a function waits before it does its work; the event says that it has been reached."""
    reached, go_on = threading.Event(), threading.Event()
    work = getattr(module, name)

    def wait(*args: Any, **keywords: Any) -> Any:
        reached.set()
        assert go_on.wait(20)
        return work(*args, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, wait)
        try:
            yield reached
        finally:
            go_on.set()


def in_thread(ask: Any) -> tuple[threading.Thread, list[httpx.Response]]:
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    return thread, answers


def test_the_same_wish_at_the_same_time_is_fulfilled_once(
    shared: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = runs(shared)
    with held(monkeypatch, remover, "estimate") as reached:
        first = in_thread(lambda: cut(shared, picture))
        assert reached.wait(20)
        others = [in_thread(lambda: cut(shared, picture)) for _ in range(2)]
        others.append(in_thread(lambda: cut(shared, picture, feather=3)))
        until_wait(shared, 6)
    found = [joined(each) for each in (first, *others)]
    assert sorted(each.headers["X-Cleancut-Cache"] for each in found) == ["joined", "joined", "miss", "miss"]
    assert found[0].content == found[1].content == found[2].content != found[3].content
    assert runs(shared) == before + 1


def test_a_picture_that_is_being_made_is_joined_whatever_way_it_is_made(
    shared: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = matte_of(shared, picture).json()["id"]
    with held(monkeypatch, pipeline, "render") as reached:
        first = in_thread(lambda: cut(shared, picture, feather=1))
        assert reached.wait(20)
        second = in_thread(lambda: picture_of(shared, id, feather=1))
        until_wait(shared, 2)
    one, other = joined(first), joined(second)
    assert other.headers["X-Cleancut-Cache"] == "joined"
    assert one.content == other.content


def test_one_who_wants_it_kept_does_not_depend_on_one_who_does_not(
    shared: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch, remover, "estimate") as reached:
        first = in_thread(lambda: cut(shared, picture, SILENT))
        assert reached.wait(20)
        second = in_thread(lambda: matte_of(shared, picture))
        until_wait(shared, 4)
    assert joined(first).status_code == 200
    id = joined(second).json()["id"]
    assert picture_of(shared, id).status_code == 201


def joined(asked: tuple[threading.Thread, list[httpx.Response]]) -> httpx.Response:
    asked[0].join(20)
    return asked[1][0]


def until_wait(server: Running, count: int) -> None:
    """Until so many wait for work under way: a request for its picture, and a picture for its matte."""
    until = time.monotonic() + 20
    while sum(flight.waiting for flight in list(server.service.workers._flights.values())) < count:
        assert time.monotonic() < until
        time.sleep(0.01)
