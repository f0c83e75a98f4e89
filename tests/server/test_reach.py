"""What a point would cover, the photos kept in memory for it, and the photo as browsers can show it."""

from __future__ import annotations

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from cleancut.matting.grow import Ground, Grow, coverage, ground_of
from cleancut.server.levels import alpha_in
from cleancut.server.recent import Recent
from cleancut.server.settings import EXPOSED_RATES
from tests.fakes.tiny_model import photo
from tests.pictures import gradient, profile, saved
from tests.server.busy import spied
from tests.server.calls import key, matte_of, opened, picture_of, pixels, refused
from tests.server.conftest import Running, Start
from tests.server.wire import until

NOBODY = "0" * 32
Headers = dict[str, str] | None


def asked(server: Running, id: str, *point: float, headers: Headers = None, **more: Any) -> httpx.Response:
    return server.http.post(
        f"/api/v1/mattes/{id}/reach", json={"action": "add", "point": point, **more}, headers=headers
    )


def image_of(told: dict[str, Any]) -> Any:
    kind, _, data = told["image"].partition(",")
    assert kind == "data:image/png;base64"
    shown = opened(base64.b64decode(data))
    assert (shown.mode, shown.size) == ("L", (told["width"], told["height"]))
    return np.asarray(shown)


def test_it_tells_what_the_stroke_will_do(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    answer = asked(shared, id, 80.5, 64.5, action="remove", reach=0.4)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    whole = np.zeros((128, 160), np.uint8)
    whole[told["top"] :, told["left"] :][: told["height"], : told["width"]] = image_of(told)
    assert whole[64, 80] == 255
    assert whole[3, 3] == 0
    plain = pixels(picture_of(shared, id, channels="alpha").content).astype(float)
    strokes = '[{"kind":"grow","action":"remove","point":[80.5,64.5],"reach":0.4}]'
    changed = pixels(picture_of(shared, id, channels="alpha", strokes=strokes).content)
    np.testing.assert_allclose(changed, plain * (1 - whole / 255), atol=1)


def test_a_point_beside_the_photo_covers_nothing(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    for point in ((-3, 5), (160, 5), (1e30, -1e30)):
        nothing = {"left": 0, "top": 0, "width": 0, "height": 0, "image": ""}
        assert asked(shared, id, *point).json() == nothing


@pytest.mark.parametrize(
    "wrong",
    [
        {"point": [1]}, {"point": [1, "2"]}, {"point": [1, 2], "reach": 2}, {"point": [1, 2], "radius": 3}, {},
        {"point": [1, 2], "action": "smear"}, {"point": [1, 2], "action": None}, {"point": [True, 1]},
    ],
)  # fmt: skip
def test_what_is_no_point_is_refused(shared: Running, picture: bytes, wrong: Any) -> None:
    id = matte_of(shared, picture).json()["id"]
    others: list[Any] = [{"point": [1, 2]}, [], 3]
    for body in [{"action": "add", **wrong}, *others]:
        refused(shared.http.post(f"/api/v1/mattes/{id}/reach", json=body), 422, "invalid_value")


def test_much_is_refused_unread(shared: Running) -> None:
    answer = shared.http.post(f"/api/v1/mattes/{NOBODY}/reach", content=b"[" + b" " * 20_000 + b"]")
    assert answer.status_code == 413


def test_a_photo_is_decoded_for_the_first_point_only(
    start: Start, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    id = matte_of(server, picture).json()["id"]
    steps = spied(monkeypatch)
    answers = [asked(server, id, 80, 64) for _ in range(3)]
    assert answers[0].json() == answers[2].json()
    # Each point by itself, and what is common to them.
    assert ["decode" in each for each in steps] == [True, False, False, False]
    assert "decode;dur=" in answers[0].headers["Server-Timing"]
    assert "coverage;dur=" in answers[2].headers["Server-Timing"]


def test_points_that_come_at_once_wait_for_one_decoder(
    start: Start, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    id = matte_of(server, picture).json()["id"]
    read, come, go_on = list[str](), list[object](), threading.Event()
    once, recalled = server.service.cutouts.once, server.service.cutouts.recalled

    def waiting(owner: str, matte: str, clock: Any) -> Any:
        read.append(matte)
        assert go_on.wait(60)
        return recalled(owner, matte, clock)

    def noted(job: Any, key: Any = None) -> Any:
        come.append(key)
        return once(job, key)

    monkeypatch.setattr(server.service.cutouts, "recalled", waiting)
    monkeypatch.setattr(server.service.cutouts, "once", noted)
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(asked, server, id, 80, 64) for _ in range(2)]
        until(lambda: len(come) == 2, "both have come")
        go_on.set()
        first, second = (each.result() for each in answers)
    assert (first.status_code, first.json()) == (200, second.json())
    assert read == [id]


def test_clicks_do_not_use_up_the_requests_of_an_hour(start: Start, picture: bytes) -> None:
    # As strangers have it by default, and a minute with a click a second.
    server = start(rate_limits=EXPOSED_RATES)
    id = matte_of(server, picture).json()["id"]
    assert [view(server, id).status_code, *[asked(server, id, 80, 64).status_code for _ in range(60)]] == [200] * 61
    assert matte_of(server, picture).headers["X-RateLimit-Remaining"] == "8"


def test_clicks_have_a_limit_of_their_own(start: Start, picture: bytes) -> None:
    server = start(rate_limits=("2/minute",), address_limits=("3/hour",))
    id = matte_of(server, picture).json()["id"]
    answers = [asked(server, id, 80, 64) for _ in range(25)]
    assert [each.status_code for each in answers] == [200] * 24 + [429]
    assert answers[0].headers["X-RateLimit-Limit"] == "24"
    other = start(rate_limits=(), address_limits=("1/hour",))
    id = matte_of(other, picture).json()["id"]
    assert [asked(other, id, 80, 64).status_code for _ in range(13)] == [200] * 12 + [429]


def test_with_its_matte_a_photo_leaves_the_memory(start: Start, picture: bytes) -> None:
    server = start()
    photos = server.service.recent
    for address in ("/api/v1/mattes/{}", "/api/v1/data"):
        id = matte_of(server, picture).json()["id"]
        asked(server, id, 80, 64)
        assert photos.find("local", id) is not None
        server.http.delete(address.format(id))
        assert photos.find("local", id) is None
        refused(asked(server, id, 80, 64), 404, "not_found")


def test_what_is_deleted_while_it_is_decoded_does_not_stay(
    start: Start, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    id = matte_of(server, picture).json()["id"]
    recalled = server.service.cutouts.recalled

    def deleted_meanwhile(*given: Any) -> Any:
        found = recalled(*given)
        server.service.cutouts.delete("local", id)
        return found

    monkeypatch.setattr(server.service.cutouts, "recalled", deleted_meanwhile)
    asked(server, id, 80, 64)
    assert server.service.recent.find("local", id) is None


def test_a_point_keeps_its_matte_alive_and_others_have_no_part_in_it(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    (_, ann), (_, bob) = key(home, "ann"), key(home, "bob")
    made = matte_of(server, picture, ann).json()
    time.sleep(0.05)
    assert asked(server, made["id"], 80, 64, headers=ann).status_code == 200
    refused(asked(server, made["id"], 80, 64, headers=bob), 404, "not_found")
    refused(asked(server, made["id"], 80, 64), 401, "key_needed")
    assert server.http.get(f"/api/v1/mattes/{made['id']}", headers=ann).json()["expires"] > made["expires"]
    for id in (NOBODY, "nonsense"):
        refused(asked(server, id, 1, 1, headers=ann), 404, "not_found")


# ─ The memory ─


def ground(side: int = 20) -> Ground:
    return ground_of(np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.float32))


def test_what_was_used_longest_ago_makes_room() -> None:
    photos = Recent(3 * ground().nbytes)
    for id in "abc":
        photos.keep("ann", id, ground())
    assert photos.find("ann", "a") is not None
    photos.keep("ann", "d", ground())
    assert [photos.find("ann", id) is not None for id in "abcd"] == [True, False, True, True]
    photos.keep("ann", "e", ground(300))
    assert photos.find("ann", "e") is None
    assert photos.find("ann", "d") is not None


def test_a_photo_goes_when_nobody_asks_for_it() -> None:
    now = [0]
    photos = Recent(10**9, seconds=20, clock=lambda: now[0])
    photos.keep("ann", "a", ground())
    photos.keep("ann", "b", ground())
    for now[0] in (10, 19, 21, 40):
        assert photos.find("ann", "a") is not None
    assert photos.find("ann", "b") is None
    now[0] = 59
    photos.sweep()
    assert photos.find("ann", "a") is not None
    now[0] = 80
    photos.sweep()
    assert photos._photos.currsize == 0


def test_each_owner_has_photos_of_their_own() -> None:
    photos = Recent(10**9)
    photos.keep("ann", "a", ground())
    assert photos.find("bob", "a") is None
    photos.forget("bob")
    assert photos.find("ann", "a") is not None
    photos.keep("ann", "b", ground())
    photos.forget("ann", "a")
    assert (photos.find("ann", "a"), photos.find("ann", "b") is None) == (None, False)
    photos.forget("ann")
    assert photos.find("ann", "b") is None


# ─ The photo to be shown ─


def view(server: Running, id: str, **headers: str) -> httpx.Response:
    return server.http.get(f"/api/v1/mattes/{id}/view", headers=headers)


@pytest.mark.parametrize("kind", ["TIFF", "HEIF", "PNG"])
def test_any_photo_is_shown_as_a_jpeg_of_its_own_size(shared: Running, kind: str) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    shown = gradient(120, 160)
    id = matte_of(shared, saved(shown, kind)).json()["id"]
    answer = view(shared, id)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert opened(answer.content).format == "JPEG"
    assert np.abs(pixels(answer.content).astype(int) - shown).mean() < 4


def test_it_is_upright_in_srgb_and_on_white(shared: Running) -> None:
    image = Image.fromarray(gradient(120, 160))
    exif = image.getexif()
    exif[0x0112] = 6
    file = BytesIO()
    image.save(file, "JPEG", exif=exif, quality=95)
    id = matte_of(shared, file.getvalue()).json()["id"]
    turned = pixels(view(shared, id).content)
    assert turned.shape == (160, 120, 3)
    assert np.abs(turned.astype(int) - np.rot90(gradient(120, 160), -1)).mean() < 6
    clear = np.dstack([photo(120, 160), np.full((120, 160), 255, np.uint8)])
    clear[:40, :, 3] = 0
    clear[:40, :, :3] = 0
    id = matte_of(shared, saved(clear, "PNG")).json()["id"]
    assert pixels(view(shared, id).content)[:36].min() > 245


def test_colours_of_a_wider_space_are_brought_to_srgb(shared: Running) -> None:
    plain = np.full((120, 160, 3), (30, 200, 60), np.uint8)
    id = matte_of(shared, saved(plain, "PNG", icc_profile=profile("RGB ", 1.0))).json()["id"]
    answer = opened(view(shared, id).content)
    assert "icc_profile" not in answer.info
    assert np.abs(np.asarray(answer).astype(int) - plain).max() > 10


def test_who_has_it_is_not_sent_it_again_and_nobody_else_gets_it(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    (_, ann), (_, bob) = key(home, "ann"), key(home, "bob")
    id = matte_of(server, picture, ann).json()["id"]
    headers = {"X-Api-Key": ann["X-Api-Key"]}
    first = view(server, id, **headers)
    again = view(server, id, **headers, **{"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    refused(view(server, id, **bob), 404, "not_found")
    refused(view(server, NOBODY, **headers), 404, "not_found")


def test_as_the_library_finds_it(shared: Running) -> None:
    shown = gradient(120, 160)
    id = matte_of(shared, saved(shown, "PNG")).json()["id"]
    matte = alpha_in(shared.http.get(f"/api/v1/mattes/{id}/matte.png").content)
    assert matte is not None
    found = coverage(Grow("remove", (120, 80), 0.6), ground_of(shown, matte))
    blind = coverage(Grow("remove", (120, 80), 0.6), ground_of(shown, np.full_like(matte, 0.5)))
    assert found is not None
    assert blind is not None
    assert found[0] != blind[0], "the matte has a say"
    told = asked(shared, id, 120, 80, action="remove", reach=0.6).json()
    assert (told["left"], told["top"]) == (found[0].left, found[0].top)
    np.testing.assert_array_equal(image_of(told), found[1])
    # In the file, too, and whatever was done before.
    whole = np.zeros((120, 160))
    whole[found[0].top : found[0].bottom, found[0].left : found[0].right] = found[1] / 255
    strokes = """[{"kind": "lasso", "action": "add", "points": [[0, 0], [160, 0], [160, 120], [0, 120]]},
        {"kind": "grow", "action": "remove", "point": [120, 80], "reach": 0.6}]"""
    changed = pixels(picture_of(shared, id, channels="alpha", strokes=strokes).content)
    np.testing.assert_allclose(changed, 255 * (1 - whole), atol=1)
