"""A matte once, its pictures as often as wanted."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.calls import (
    cut,
    expire,
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


def test_a_matte_is_made_once_for_any_number_of_pictures(shared: Running, picture: bytes) -> None:
    before = runs(shared)
    id = matte_of(shared, picture).json()["id"]
    wishes: tuple[dict[str, Any], ...] = (
        {}, {"feather": 3}, {"background": "red"}, {"format": "webp"}, {"channels": "alpha"}, {"crop": True},
    )  # fmt: skip
    made = [picture_of(shared, id, **wish).content for wish in wishes]
    assert len({*made}) == len(wishes)
    assert runs(shared) == before + 1


def test_a_new_matte_is_created_at_a_place_and_described_there(shared: Running, picture: bytes) -> None:
    began = time.time()
    answer = matte_of(shared, picture)
    assert answer.status_code == 201
    said = answer.json()
    assert answer.headers["Location"] == f"/api/v1/mattes/{said['id']}"
    assert answer.headers["X-Cleancut-Model"] == said["model"] == "tiny"
    assert answer.headers["X-Cleancut-Cache"] == "miss"
    assert "refine;dur=" in answer.headers["Server-Timing"]
    assert (said["width"], said["height"], said["device"], said["precision"]) == (160, 128, "cpu", "fp32")
    assert said["subject"] is True
    assert 0.5 < said["confidence"] <= 1
    assert said["notes"] == []
    expires = datetime.fromisoformat(said["expires"])
    assert expires.tzinfo == UTC
    assert began + 3590 < expires.timestamp() <= time.time() + 3600
    assert shared.http.get(answer.headers["Location"]).json() == said


def test_what_should_be_known_of_a_photo_is_told_in_notes(shared: Running) -> None:
    first, second = photo(64, 96), np.full((64, 96, 3), 255, np.uint8)
    moving = saved(first, "GIF", save_all=True, append_images=[opened(saved(second, "PNG"))])
    assert any("frame" in note for note in matte_of(shared, moving).json()["notes"])


def test_the_matte_itself_is_a_grey_png_and_the_alpha_of_its_pictures(shared: Running, picture: bytes) -> None:
    said = matte_of(shared, picture).json()
    answer = shared.http.get(said["matte"])
    assert answer.headers["Content-Type"] == "image/png"
    matte = opened(answer.content)
    assert (matte.mode, matte.size) == ("I;16", (160, 128))
    shown = pixels(picture_of(shared, said["id"]).content)[..., 3]
    np.testing.assert_array_equal(np.rint(np.asarray(matte) / 257).astype(np.uint8), shown)


def test_the_photo_comes_back_byte_for_byte_as_a_file_that_no_browser_shows(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    answer = shared.http.get(f"/api/v1/mattes/{id}/photo")
    assert answer.content == picture
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_same_photo_again_is_the_same_matte(shared: Running, picture: bytes) -> None:
    first = matte_of(shared, picture)
    before = runs(shared)
    again = matte_of(shared, picture, model="tiny", quality="balanced", refine=True)
    assert again.status_code == 201
    # It lives on from then.
    assert again.json()["expires"] >= first.json()["expires"]
    assert {**again.json(), "expires": None} == {**first.json(), "expires": None}
    assert again.headers["X-Cleancut-Cache"] == "hit"
    assert runs(shared) == before
    others = (matte_of(shared, picture, quality="best"), matte_of(shared, picture, refine=False))
    assert len({each.json()["id"] for each in (first, *others)}) == 3


def test_a_picture_is_created_at_a_place_and_described_or_shown(shared: Running, picture: bytes) -> None:
    said = matte_of(shared, picture).json()
    for accept in ("*/*", "application/json"):
        answer = shared.http.post(said["pictures"], files={"format": (None, "webp")}, headers={"Accept": accept})
        assert answer.status_code == 201
        info = answer.json()
        assert set(info) == {"name", "url", "bytes", "expires"}
        assert answer.headers["Location"] == info["url"] == f"/api/v1/results/{info['name']}"
        assert datetime.fromisoformat(info["expires"]).timestamp() > time.time() + 3500
    shown = picture_of(shared, said["id"], format="webp")
    assert shown.status_code == 201
    assert shown.headers["Content-Type"] == "image/webp"
    assert shown.headers["Location"] == info["url"]
    assert shown.headers["X-Cleancut-Cache"] == "hit"
    assert shown.content == shared.http.get(info["url"]).content
    assert len(shown.content) == info["bytes"]


@pytest.mark.parametrize("quality", ["balanced", "best"])
def test_a_picture_is_the_same_whether_its_matte_was_kept_or_not(shared: Running, picture: bytes, quality: str) -> None:
    id = matte_of(shared, picture, quality=quality).json()["id"]
    strokes = '[{"action":"remove","points":[[80,64],[90,70]],"radius":9,"hardness":0.5,"opacity":0.7}]'
    wishes: tuple[dict[str, Any], ...] = (
        {},
        {"feather": 4, "edge_shift": -1.5, "background": "blur:5", "format": "webp", "encode_quality": 80},
        {"translucency": 80, "crop": True, "crop_margin": "5% 3px", "background": "#fff8"},
        {"strokes": strokes, "invert": True, "decontaminate": False},
    )
    for wish in wishes:
        at_once = cut(shared, picture, {"Cache-Control": "no-store"}, quality=quality, **wish)
        assert at_once.headers["X-Cleancut-Cache"] == "miss"
        from_kept = picture_of(shared, id, **wish)
        assert from_kept.headers["X-Cleancut-Cache"] == "miss"
        assert at_once.content == from_kept.content, wish


def test_strokes_change_the_pixels_under_the_brush_and_no_others(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    plain = pixels(picture_of(shared, id, channels="alpha").content)
    strokes = (
        '[{"action":"remove","points":[[80,64]],"radius":10},'
        '{"action":"add","points":[[5,5],[40,5]],"radius":4},'
        '{"action":"add","points":[[20,100]],"radius":8,"opacity":0.5}]'
    )
    painted = pixels(picture_of(shared, id, channels="alpha", strokes=strokes).content)
    down, across = np.mgrid[:128, :160] + 0.5
    from_line = np.hypot(across - np.clip(across, 5, 40), down - 5)
    distances = (np.hypot(across - 80, down - 64) - 10, from_line - 4, np.hypot(across - 20, down - 100) - 8)
    expected = (0, 255, 128)
    for distance, value in zip(distances, expected, strict=True):
        assert (painted[distance <= -0.5] == value).all()
    outside = np.minimum.reduce(distances) >= 0.5
    np.testing.assert_array_equal(painted[outside], plain[outside])


def test_restored_parts_show_the_photos_own_colours(shared: Running) -> None:
    shown = photo(128, 160)
    shown[:10, :50] = (250, 240, 230)
    id = matte_of(shared, saved(shown, "PNG")).json()["id"]
    strokes = '[{"action":"add","points":[[5,5]],"radius":4}]'
    assert tuple(pixels(picture_of(shared, id, strokes=strokes).content)[5, 5]) == (250, 240, 230, 255)


def test_with_all_painted_over_there_is_no_subject_left(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    gone = '[{"action":"remove","points":[[80,64]],"radius":500}]'
    assert not pixels(picture_of(shared, id, strokes=gone).content).any()
    refused(picture_of(shared, id, strokes=gone, require_subject=True), 422, "no_subject")


def test_strokes_that_cannot_be_read_or_drawn_are_refused(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    brush = '"action":"add","points":[[1,1]],"radius":1'
    wrong = (
        "[{", "1", '[{"action":"add"}]', '[{"action":"smear","points":[[1,1]],"radius":1}]',
        '[{"action":"add","points":[],"radius":1}]', '[{"action":"add","points":[[1]],"radius":1}]',
        '[{"action":"add","points":[[1,1]],"radius":0}]', '[{"action":"add","points":[[1,1]],"radius":10001}]',
        f"[{{{brush},\"hardness\":1.1}}]", f"[{{{brush},\"opacity\":-0.1}}]", f"[{{{brush},\"colour\":1}}]",
    )  # fmt: skip
    for strokes in wrong:
        assert "strokes" in refused(picture_of(shared, id, strokes=strokes), 422, "invalid_value"), strokes
        assert "strokes" in refused(cut(shared, picture, strokes=strokes), 422, "invalid_value"), strokes
    far = '[{"action":"add","points":[[1000001,1]],"radius":1}]'
    refused(picture_of(shared, id, strokes=far), 400, "bad_option")


def test_another_picture_stands_behind_the_subject(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    halves = np.zeros((64, 80, 3), np.uint8)
    halves[:, :40], halves[:, 40:] = (255, 0, 0), (0, 0, 255)

    def ask(data: bytes) -> httpx.Response:
        headers = {"Accept": "image/*"}
        files = {"background_image": ("b.png", data)}
        return shared.http.post(f"/api/v1/mattes/{id}/pictures", files=files, headers=headers)

    first = ask(saved(halves, "PNG"))
    found = pixels(first.content)
    assert found.shape == (128, 160, 3)
    assert tuple(found[3, 3]) == (255, 0, 0)
    assert tuple(found[3, 156]) == (0, 0, 255)
    assert found[64, 80].max() < 40
    other = ask(saved(halves[:, ::-1].copy(), "PNG"))
    assert tuple(pixels(other.content)[3, 3]) == (0, 0, 255), "it is told from the other by its bytes"
    at_once = shared.http.post("/api/v1/cutouts", files={"image": picture, "background_image": saved(halves, "PNG")})
    assert at_once.content == first.content
    refused(ask(b"no picture"), 415, "not_an_image")
    refused(ask(b""), 422, "input_missing")


def test_a_matte_is_deleted_with_its_photo_and_its_pictures(shared: Running, picture: bytes) -> None:
    other = matte_of(shared, saved(photo(96, 96), "PNG")).json()
    picture_of(shared, other["id"])
    rest = objects(shared.home)
    id = matte_of(shared, picture).json()["id"]
    place = picture_of(shared, id).headers["Location"]
    answer = shared.http.delete(f"/api/v1/mattes/{id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert objects(shared.home) == rest, "all of it is gone, and nothing else"
    refused(shared.http.get(place), 404, "not_found")
    refused(shared.http.get(f"/api/v1/mattes/{id}"), 404, "not_found")
    refused(picture_of(shared, id), 404, "not_found")
    refused(shared.http.delete(f"/api/v1/mattes/{id}"), 404, "not_found")


def test_what_has_expired_is_not_there_and_is_made_anew(shared: Running, picture: bytes) -> None:
    said = matte_of(shared, picture).json()
    expire(shared.home)
    for place in ("", "/matte.png", "/photo"):
        refused(shared.http.get(f"/api/v1/mattes/{said['id']}{place}"), 404, "not_found")
    refused(picture_of(shared, said["id"]), 404, "not_found")
    again = matte_of(shared, picture)
    assert again.headers["X-Cleancut-Cache"] == "miss"
    assert again.json()["id"] == said["id"]
    assert picture_of(shared, said["id"]).status_code == 201


def test_how_long_things_are_kept_is_the_operators_choice(start: Start, picture: bytes) -> None:
    expires = datetime.fromisoformat(matte_of(start(keep_seconds=50), picture).json()["expires"])
    assert 20 < expires.timestamp() - time.time() <= 50


def test_ids_that_are_unknown_or_no_ids_find_nothing(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    for wrong in (id.upper(), id[:-1], f"{id}0", "0" * 32, f"{id}.json", "..%2f..%2fserver"):
        for place in ("", "/matte.png", "/photo"):
            refused(shared.http.get(f"/api/v1/mattes/{wrong}{place}"), 404, "not_found")
        refused(picture_of(shared, wrong), 404, "not_found")
        refused(shared.http.delete(f"/api/v1/mattes/{wrong}"), 404, "not_found")


def test_a_matte_of_anothers_is_not_there(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    hers, his = (matte_of(server, picture, who).json()["id"] for who in (anna, ben))
    assert hers != his, "that Anna has sent this photo is nothing that Ben can find out"
    for place in ("", "/matte.png", "/photo"):
        assert server.http.get(f"/api/v1/mattes/{hers}{place}", headers=anna).status_code == 200
        refused(server.http.get(f"/api/v1/mattes/{hers}{place}", headers=ben), 404, "not_found")
    refused(picture_of(server, hers, ben), 404, "not_found")
    refused(server.http.delete(f"/api/v1/mattes/{hers}", headers=ben), 404, "not_found")
    assert picture_of(server, hers, anna).status_code == 201


def test_a_client_may_forbid_to_keep_anything(shared: Running, picture: bytes) -> None:
    silent = {"Cache-Control": "no-store"}
    refused(matte_of(shared, picture, silent), 409, "nothing_kept")
    assert objects(shared.home) == []
    id = matte_of(shared, picture).json()["id"]
    whole = picture_of(shared, id)
    kept = objects(shared.home)
    anew = picture_of(shared, id, silent)
    assert (anew.headers["X-Cleancut-Cache"], anew.content) == ("miss", whole.content)
    shown = picture_of(shared, id, silent, feather=3)
    assert shown.status_code == 201
    assert "Location" not in shown.headers
    assert shown.content == cut(shared, picture, silent, feather=3).content
    refused(picture_of(shared, id, {**silent, "Accept": "application/json"}), 409, "nothing_kept")
    assert objects(shared.home) == kept


@pytest.mark.parametrize("part", ["json", "matte.png", "source"])
@pytest.mark.parametrize("left", [0, 20])
def test_a_matte_that_a_power_failure_cut_short_is_made_anew(
    shared: Running, picture: bytes, part: str, left: int
) -> None:
    id = matte_of(shared, picture).json()["id"]
    whole = picture_of(shared, id).content
    damaged = next(each for each in objects(shared.home) if each.name == f"{id}.{part}")
    status = damaged.stat()
    damaged.write_bytes(damaged.read_bytes()[:left])
    os.utime(damaged, (status.st_mtime,) * 2)
    refused(picture_of(shared, id, feather=1), 404, "not_found")
    again = cut(shared, picture, feather=1)
    assert again.status_code == 200
    assert picture_of(shared, id, feather=2).status_code == 201, "what was damaged has been replaced"
    assert picture_of(shared, id).content == whole
