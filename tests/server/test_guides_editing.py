"""The routes of the guides that work on a cut-out: the brush, and another background."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.fakes.tiny_model import photo
from tests.pictures import exif, gradient, png_chunk, saved
from tests.server.calls import Array, brushed, data_url, expire, key, of_url, pixels, refused
from tests.server.conftest import Running, Start

ORIGINAL = gradient(100, 120)


def half_cut() -> Array:
    """(100, 120, 4): the left half of ORIGINAL; the right is gone."""
    cut = np.dstack([ORIGINAL, np.full((100, 120), 255, np.uint8)])
    cut[:, 60:] = 0
    return cut


def edit(server: Running, image: Array | bytes, *edits: tuple[str, float, float, float], **more: Any) -> httpx.Response:
    """POST /api/edit-mask; an edit is (action, x, y, radius)."""
    data = image if isinstance(image, bytes) else saved(image, "PNG")
    body = {
        "image": data_url(data),
        "edits": [dict(zip(("action", "x", "y", "radius"), each, strict=True)) for each in edits],
        **more,
    }
    return server.http.post("/api/edit-mask", json=body)


def edited(answer: httpx.Response) -> Array:
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"success", "image"}
    assert answer.json()["success"] is True
    return pixels(of_url(answer.json()["image"]))


def test_what_the_brush_removes_is_clear_and_all_else_is_as_it_was(shared: Running) -> None:
    found = edited(edit(shared, half_cut(), ("remove", 30, 40, 12), ("remove", 2.5, 99, 5)))
    expected = half_cut()
    untouched = np.ones((100, 120), bool)
    for x, y, radius in ((30, 40, 12), (2.5, 99, 5)):
        inside, outside = brushed(100, 120, x, y, radius)
        assert not found[inside].any(), "neither alpha nor colours are left"
        untouched &= outside
    np.testing.assert_array_equal(found[untouched], expected[untouched])


def test_many_edits_are_as_one_after_the_other(shared: Running) -> None:
    whole = data_url(saved(ORIGINAL, "PNG"))
    edits = [(("add", "remove")[number % 3 == 0], 7.0 * number % 120, 5.0 * number % 100, 6.0) for number in range(120)]
    found = edited(edit(shared, half_cut(), *edits, original=whole))
    expected = half_cut()
    for each in edits:
        expected = edited(edit(shared, expected, each, original=whole))
    # Each answer is rounded to 8 bits.
    np.testing.assert_allclose(found[..., 3].astype(int), expected[..., 3], atol=2)


def test_what_the_brush_restores_has_the_originals_colours_byte_for_byte(shared: Running) -> None:
    answer = edit(shared, half_cut(), ("add", 80, 50, 15), original=data_url(saved(ORIGINAL, "PNG")))
    found = edited(answer)
    inside, outside = brushed(100, 120, 80, 50, 15)
    np.testing.assert_array_equal(found[inside, :3], ORIGINAL[inside])
    assert (found[inside, 3] == 255).all()
    np.testing.assert_array_equal(found[outside], half_cut()[outside])


def test_edits_are_done_in_their_order(shared: Running) -> None:
    original = data_url(saved(ORIGINAL, "PNG"))
    add, remove = ("add", 80, 50, 15), ("remove", 80, 50, 15)
    assert edited(edit(shared, half_cut(), remove, add, original=original))[50, 80, 3] == 255
    assert edited(edit(shared, half_cut(), add, remove, original=original))[50, 80, 3] == 0
    np.testing.assert_array_equal(edited(edit(shared, half_cut())), half_cut())


def test_where_nothing_is_left_restoring_needs_the_original(shared: Running) -> None:
    assert "colours" in refused(edit(shared, half_cut(), ("add", 80, 50, 15)), 400, "original_needed")
    # Where colours are left, it does not.
    soft = half_cut()
    soft[:, :60, 3] = 100
    found = edited(edit(shared, soft, ("add", 20, 50, 10)))
    assert tuple(found[50, 20]) == (*ORIGINAL[50, 20], 255)


def test_the_original_is_found_by_the_name_that_the_cut_out_was_given(shared: Running) -> None:
    painted = gradient(120, 160)
    # What is light is no subject to the tiny model: the corner at the right below.
    painted[90:, 120:] //= 32
    painted[90:, 120:] += 240
    picture = saved(painted, "PNG")
    said = shared.http.post("/api/remove-background", files={"image": picture}).json()
    cutout = of_url(said["image"])
    add = ("add", 140.0, 105.0, 6.0)
    assert pixels(cutout)[105, 140, 3] < 20, "there is something to be restored"
    by_name = edited(edit(shared, cutout, add, filename=said["filename"]))
    by_photo = edited(edit(shared, cutout, add, original=data_url(picture)))
    np.testing.assert_array_equal(by_name, by_photo)
    assert tuple(by_name[105, 140]) == (*painted[105, 140], 255)


def test_a_turned_photo_is_its_cut_outs_original_all_the_same(shared: Running) -> None:
    picture = saved(photo(120, 160), "JPEG", exif=exif(6))
    said = shared.http.post("/api/remove-background", files={"image": picture}).json()
    cutout = of_url(said["image"])
    assert pixels(cutout).shape == (160, 120, 4)
    assert edited(edit(shared, cutout, ("add", 4, 4, 3), filename=said["filename"]))[4, 4, 3] == 255


def test_a_name_that_is_unknown_expired_or_anothers_finds_nothing(start: Start, home: Path) -> None:
    server = start()
    picture = saved(photo(120, 160), "PNG")
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    said = server.http.post("/api/remove-background", files={"image": picture}, headers=anna).json()
    body = {"image": said["image"], "edits": [{"action": "add", "x": 4, "y": 4, "radius": 3}]}

    def ask(name: str, who: dict[str, str]) -> httpx.Response:
        return server.http.post("/api/edit-mask", json={**body, "filename": name}, headers=who)

    assert ask(said["filename"], anna).status_code == 200
    refused(ask(said["filename"], ben), 404, "not_found")
    matte = said["filename"].partition("-")[0]
    for name in (f"{'0' * 32}-{'0' * 16}.png", matte, f"{matte}-x.png", f"{matte}.source", "../secret", ""):
        refused(ask(name, anna), 404, "not_found")
    expire(home)
    refused(ask(said["filename"], anna), 404, "not_found")


def test_an_original_of_another_size_is_refused(shared: Running) -> None:
    other = data_url(saved(gradient(120, 100), "PNG"))
    text = refused(edit(shared, half_cut(), ("add", 80, 50, 15), original=other), 400, "bad_option")
    assert "100 × 120" in text
    assert "120 × 100" in text


def test_edits_that_cannot_be_drawn_are_refused(shared: Running) -> None:
    for wrong in (("paint", 1, 1, 1), ("add", 1, 1, 0), ("add", 1, 1, -3), ("add", 1, 1, 10_001), ("add", 2e6, 1, 1)):
        refused(edit(shared, half_cut(), wrong), 422, "invalid_value")
    refused(
        shared.http.post("/api/edit-mask", json={"image": data_url(saved(half_cut(), "PNG"))}), 422, "invalid_value"
    )
    refused(shared.http.post("/api/edit-mask", json={"edits": []}), 422, "invalid_value")
    refused(
        shared.http.post("/api/edit-mask", content=b"{", headers={"Content-Type": "application/json"}),
        400,
        "bad_request",
    )


def test_pictures_in_json_are_held_to_the_guides_limits(shared: Running) -> None:
    small, large = saved(gradient(99, 120), "PNG"), saved(gradient(100, 4001), "PNG")
    heavy = saved(half_cut(), "PNG") + png_chunk(b"priv", bytes(10_000_000))
    good = half_cut()
    refused(edit(shared, small), 422, "image_too_small")
    refused(edit(shared, large), 413, "image_too_large")
    refused(edit(shared, heavy), 413, "file_too_large")
    refused(edit(shared, good, original=data_url(small)), 422, "image_too_small")
    refused(edit(shared, good, original=data_url(heavy)), 413, "file_too_large")
    refused(edit(shared, b"no picture"), 415, "not_an_image")
    for wrong in ("data:image/png;base64,???", "data:image/png;base64,AAAAA", "ü"):
        body: dict[str, Any] = {"image": wrong, "edits": []}
        assert "image" in refused(shared.http.post("/api/edit-mask", json=body), 422, "invalid_value")
    refused(
        shared.http.post("/api/edit-mask", json={"image": "data:image/png;base64,", "edits": []}), 422, "input_missing"
    )


def test_both_routes_give_the_picture_itself_to_those_who_accept_it(shared: Running) -> None:
    cutout = saved(half_cut(), "PNG")
    accept = {"Accept": "image/*"}
    body = {"image": data_url(cutout), "edits": [{"action": "remove", "x": 3, "y": 3, "radius": 9}]}
    form: dict[str, Any] = {"data": {"backgroundColor": "red"}, "files": {"foregroundImage": cutout}}
    for path, sent in (("/api/edit-mask", {"json": body}), ("/api/add-background", form)):
        told = shared.http.post(path, **sent)
        shown = shared.http.post(path, headers=accept, **sent)
        assert shown.headers["Content-Type"] == "image/png"
        assert shown.content == of_url(told.json()["image"])
        for answer in (told, shown):
            steps = dict(re.findall(r"(\w+);dur=(\d+\.\d)", answer.headers["Server-Timing"]))
            assert {"queue", "decode", "encode"} <= set(steps)


def behind(server: Running, front: Array | bytes, picture: bytes | None = None, **fields: str) -> httpx.Response:
    """POST /api/add-background, the cut-out as a file."""
    data = front if isinstance(front, bytes) else saved(front, "PNG")
    files = {"foregroundImage": ("cutout.png", data)} | ({} if picture is None else {"backgroundImage": ("b", picture)})
    return server.http.post("/api/add-background", files=files, data=fields)


def composed(answer: httpx.Response) -> Array:
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"success", "image", "message"}
    assert answer.json()["success"] is True
    assert answer.json()["message"]
    return pixels(of_url(answer.json()["image"]))


def test_a_colour_stands_behind_the_cut_out(shared: Running) -> None:
    cut = half_cut()
    cut[:, 40:60, 3] = 128
    found = composed(behind(shared, cut, backgroundColor="#ff0000"))
    np.testing.assert_array_equal(found[:, :40], ORIGINAL[:, :40])
    assert (found[:, 60:] == (255, 0, 0)).all()
    mixed = ORIGINAL[:, 40:60] * (128 / 255) + np.array([255, 0, 0]) * (127 / 255)
    assert np.abs(found[:, 40:60] - mixed).max() <= 1


def test_the_cut_out_may_come_as_a_data_url(shared: Running) -> None:
    url = data_url(saved(half_cut(), "PNG"))
    fields = {"foregroundImage": (None, url), "backgroundColor": (None, "red")}
    found = composed(shared.http.post("/api/add-background", files=fields))
    np.testing.assert_array_equal(found, composed(behind(shared, half_cut(), backgroundColor="red")))
    # Or in a form without parts.
    answer = shared.http.post("/api/add-background", data={"foregroundImage": url, "backgroundColor": "red"})
    np.testing.assert_array_equal(found, composed(answer))


def test_a_picture_behind_is_scaled_to_cover_and_centred(shared: Running) -> None:
    # Three stripes, twice as wide as high: in a square, half a stripe is cut off at either side.
    stripes = np.zeros((100, 300, 3), np.uint8)
    stripes[:, :100], stripes[:, 100:200], stripes[:, 200:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    clear = np.zeros((200, 400, 4), np.uint8)
    wide = composed(behind(shared, clear, saved(stripes, "PNG")))
    assert wide.shape == (200, 400, 3)
    # 600 × 200 of it, of which 100 are left out at either side.
    for x, colour in ((50, 0), (98, 0), (102, 1), (298, 1), (302, 2), (350, 2)):
        assert wide[100, x].argmax() == colour, x
    high = composed(behind(shared, np.zeros((200, 100, 4), np.uint8), saved(stripes, "PNG")))
    assert (high.reshape(-1, 3).argmax(1) == 1).all(), "only the middle stripe is seen"
    subject = composed(behind(shared, half_cut(), saved(stripes, "PNG")))
    np.testing.assert_array_equal(subject[:, :60], ORIGINAL[:, :60])


def test_a_picture_wins_over_a_colour_and_an_empty_field_counts_as_none(shared: Running) -> None:
    blue = saved(np.full((100, 100, 3), (0, 0, 255), np.uint8), "PNG")
    assert tuple(composed(behind(shared, half_cut(), blue, backgroundColor="red"))[0, 100]) == (0, 0, 255)
    # What a browser sends for a file that was not chosen.
    boundary = "x" * 20
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="backgroundImage"; filename=""\r\n'
        "Content-Type: application/octet-stream\r\n\r\n\r\n",
        f'--{boundary}\r\nContent-Disposition: form-data; name="backgroundColor"\r\n\r\nred\r\n',
        f'--{boundary}\r\nContent-Disposition: form-data; name="foregroundImage"\r\n\r\n'
        f"{data_url(saved(half_cut(), 'PNG'))}\r\n--{boundary}--\r\n",
    ]
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = shared.http.post("/api/add-background", content="".join(lines).encode(), headers=headers)
    assert tuple(composed(answer)[0, 100]) == (255, 0, 0)


def test_neither_colour_nor_picture_is_refused(shared: Running) -> None:
    assert "background" in refused(behind(shared, half_cut()), 400, "bad_request")
    refused(behind(shared, half_cut(), backgroundColor=""), 400, "bad_request")
    refused(behind(shared, half_cut(), backgroundColor="rot"), 422, "invalid_value")
    answer = shared.http.post("/api/add-background", files={"backgroundColor": (None, "red")})
    assert "foregroundImage" in refused(answer, 422, "invalid_value")


@pytest.mark.parametrize("place", ["foregroundImage", "backgroundImage"])
def test_both_pictures_are_held_to_the_guides_limits(shared: Running, place: str) -> None:
    good = saved(half_cut(), "PNG")

    def ask(data: bytes) -> httpx.Response:
        files = {"foregroundImage": ("f", good), "backgroundImage": ("b", good), place: ("x", data)}
        return shared.http.post("/api/add-background", files=files)

    assert ask(good).status_code == 200
    refused(ask(saved(gradient(99, 100), "PNG")), 422, "image_too_small")
    refused(ask(saved(gradient(100, 4001), "PNG")), 413, "image_too_large")
    assert place in refused(ask(bytes(10_000_001)), 413, "file_too_large")
    refused(ask(b"no picture"), 415, "not_an_image")


def test_a_cut_out_as_a_data_url_is_held_to_the_same_limits(shared: Running) -> None:
    def ask(url: str) -> httpx.Response:
        return shared.http.post("/api/add-background", files={"foregroundImage": (None, url), **red})

    red = {"backgroundColor": (None, "red")}
    refused(ask(data_url(bytes(10_000_010))), 413, "file_too_large")
    refused(ask(data_url(saved(gradient(99, 100), "PNG"))), 422, "image_too_small")
    refused(ask(data_url(b"no picture")), 415, "not_an_image")
    assert "foregroundImage" in refused(ask("data:image/png;base64,?"), 422, "invalid_value")
