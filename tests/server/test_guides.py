"""The routes of the guides: health, cutting out, downloading. Forms and defaults are exactly theirs."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from cleancut.models import weights
from cleancut.models.catalog import CATALOG
from cleancut.models.spec import PLAIN, LocalFile, Weights
from tests.fakes.tiny_model import SIDE, photo
from tests.pictures import cmyk_profile, exif, png_chunk, saved
from tests.server.calls import cut, expire, key, matte_of, objects, of_url, opened, pixels, refused
from tests.server.conftest import Running, Start

ROUTE = "/api/remove-background"


def test_health_says_where_it_runs(shared: Running) -> None:
    said = shared.http.get("/api/health").json()
    assert set(said) == {"status", "device", "timestamp"}
    assert said["status"] == "healthy"
    assert said["device"] == "cpu"
    assert datetime.fromisoformat(said["timestamp"]).tzinfo is not None


def test_a_photo_comes_back_as_a_data_url_without_its_background(shared: Running, picture: bytes) -> None:
    answer = shared.http.post(ROUTE, files={"image": ("my photo.png", picture)})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    said = answer.json()
    assert set(said) == {"success", "image", "filename", "message"}
    assert said["success"] is True
    assert said["message"] == "the background is gone"
    image = opened(of_url(said["image"]))
    assert image.mode == "RGBA"
    assert image.size == (160, 128)
    alpha = np.asarray(image)[..., 3]
    assert alpha[64, 80] > 230
    assert alpha[2, 2] == 0
    assert shared.http.get(f"/api/download/{said['filename']}").content == of_url(said["image"])


def test_a_photo_without_subject_comes_back_clear_and_says_so(shared: Running) -> None:
    answer = shared.http.post(ROUTE, files={"image": saved(np.full((100, 100, 3), 255, np.uint8), "PNG")})
    assert answer.json()["message"].startswith("no subject was found")
    assert answer.headers["X-Cleancut-Subject"] == "false"
    assert not pixels(of_url(answer.json()["image"])).any()


def test_what_the_client_accepts_decides_between_json_and_the_picture(shared: Running, picture: bytes) -> None:
    kinds = {
        "*/*": "application/json",
        "text/html": "application/json",
        "application/json": "application/json",
        "image/*": "image/png",
        "image/png": "image/png",
        "IMAGE/WebP , */*;q=0.1": "image/png",
        "image/*;q=0.5, application/json": "application/json",
        "application/json;q=0.5, image/png": "image/png",
        "application/json, image/png": "application/json",
        "image/*;q=0, */*": "application/json",
    }
    asked = {accept: shared.http.post(ROUTE, files={"image": picture}, headers={"Accept": accept}) for accept in kinds}
    assert {accept: answer.headers["Content-Type"] for accept, answer in asked.items()} == kinds
    shown, told = asked["image/*"], asked["*/*"].json()
    assert shown.content == of_url(told["image"])
    assert shown.headers["Content-Location"] == f"/api/download/{told['filename']}"


def test_the_answer_tells_of_model_device_confidence_and_the_time_of_each_step(shared: Running, picture: bytes) -> None:
    for accept in ("application/json", "image/*"):
        headers = {"Accept": accept, "Cache-Control": "no-store"}
        told = shared.http.post(ROUTE, files={"image": picture}, headers=headers).headers
        assert told["X-Cleancut-Model"] == "tiny"
        assert told["X-Cleancut-Device"] == "cpu"
        assert told["X-Cleancut-Precision"] == "fp32"
        assert told["X-Cleancut-Subject"] == "true"
        assert told["X-Cleancut-Cache"] == "miss"
        assert 0 < float(told["X-Cleancut-Confidence"]) <= 1
        steps = dict(re.findall(r"(\w+);dur=(\d+\.\d)", told["Server-Timing"]))
        taken = {"queue", "probe", "validate", "decode", "preprocess", "infer", "refine", "adjust", "compose", "encode"}
        assert taken <= set(steps)


def test_feather_is_two_pixels_and_can_be_called_by_two_names(shared: Running, picture: bytes) -> None:
    def guides(**fields: object) -> bytes:
        answer = shared.http.post(ROUTE, files={"image": picture}, data=fields, headers={"Accept": "image/*"})
        assert answer.status_code == 200, answer.text
        return answer.content

    by_pixels = {pixels: cut(shared, picture, feather=pixels).content for pixels in (0, 2, 3, 5, 10)}
    assert len(set(by_pixels.values())) == 5
    assert guides() == by_pixels[2]
    assert guides(feather=0) == by_pixels[0]
    assert guides(feather=10) == by_pixels[10]
    assert guides(featherRadius=5) == by_pixels[5]
    assert guides(featherRadius=0) == by_pixels[0]
    assert guides(feather=3, featherRadius=5) == by_pixels[3]
    assert guides(feather="") == by_pixels[2]
    for wrong in ("10.5", "-1", "nan", "inf", "soft"):
        for name in ("feather", "featherRadius"):
            answer = shared.http.post(ROUTE, files={"image": picture}, data={name: wrong})
            assert name in refused(answer, 422, "invalid_value")


def test_a_background_colour_stands_behind_the_subject(shared: Running, picture: bytes) -> None:
    corners = {
        "red": (255, 0, 0),
        "Lime": (0, 255, 0),
        "#00f": (0, 0, 255),
        "102030": (16, 32, 48),
        "#10203080": (16, 32, 48, 128),
    }
    for colour, corner in corners.items():
        answer = shared.http.post(ROUTE, files={"image": picture}, data={"backgroundColor": colour})
        found = pixels(of_url(answer.json()["image"]))
        assert tuple(found[0, 0]) == corner
        assert found[64, 80, :3].max() < 40, "the subject is dark"
    for wrong in ("redd", "#12345", "/etc/hostname", "blur"):
        answer = shared.http.post(ROUTE, files={"image": picture}, data={"backgroundColor": wrong})
        assert "backgroundColor" in refused(answer, 422, "invalid_value")


def test_remove_bg_wants_a_key_of_the_clients_and_is_not_to_be_had_here(shared: Running, picture: bytes) -> None:
    def ask(**fields: str) -> httpx.Response:
        return shared.http.post(ROUTE, files={"image": picture}, data={"method": "removeapi", **fields})

    assert "key" in refused(ask(), 400, "bad_request")
    refused(ask(api_key=""), 400, "bad_request")
    refused(ask(api_key="k"), 409, "provider_unavailable")
    refused(ask(apiKey="k"), 409, "provider_unavailable")
    refused(ask(method="teleport"), 422, "invalid_value")
    assert shared.http.post(ROUTE, files={"image": picture}, data={"method": "local"}).status_code == 200


def test_a_picture_is_wanted(shared: Running) -> None:
    assert "image" in refused(shared.http.post(ROUTE, data={"model": "tiny"}), 422, "invalid_value")
    assert "image" in refused(shared.http.post(ROUTE, files={"file": b"x"}), 422, "invalid_value")
    refused(shared.http.post(ROUTE, files={"image": ("empty.png", b"")}), 422, "input_missing")
    refused(shared.http.post(ROUTE, files={"image": b"GIF? no, a letter"}), 415, "not_an_image")


def test_models_go_by_their_own_names_and_those_of_the_guides(
    start: Start, home: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _no_downloads(monkeypatch)
    # Here as weights of one's own; the other models of the guides are not.
    here = (Weights(LocalFile(str(home / "tiny.onnx")), None),)
    isnet = replace(CATALOG["isnet-general"], weights=here, input_size=SIDE, normalisation=PLAIN)
    monkeypatch.setitem(CATALOG, "isnet-general", isnet)
    server = start()

    def ask(model: str) -> httpx.Response:
        return server.http.post(ROUTE, files={"image": picture}, data={"model": model})

    assert ask("tiny").status_code == 200
    for name in ("isnet-general-use", "isnet-general"):
        assert ask(name).headers["X-Cleancut-Model"] == "isnet-general"
    for name in ("u2net", "u2netp", "silueta"):
        assert name in refused(ask(name), 409, "model_not_installed")
    assert "rmbg-2.0" in refused(ask("bria"), 403, "licence_not_accepted")
    assert "u2nett" in refused(ask("u2nett"), 400, "unknown_model")


def test_a_download_is_an_attachment_of_the_kind_that_was_made(shared: Running, picture: bytes) -> None:
    name = shared.http.post(ROUTE, files={"image": picture}).json()["filename"]
    answer = shared.http.get(f"/api/download/{name}")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    made = cut(shared, picture, format="webp")
    answer = shared.http.get(made.headers["Content-Location"].replace("v1/results", "download"))
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.content == made.content


def test_names_cannot_be_guessed_and_open_nothing_to_others(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    hers, his = (
        server.http.post(ROUTE, files={"image": picture}, headers=who).json()["filename"] for who in (anna, ben)
    )
    assert hers != his
    assert re.fullmatch(r"[0-9a-f]{32}-[0-9a-f]{16}\.png", hers)
    assert hashlib.sha256(picture).hexdigest()[:8] not in hers
    assert server.http.get(f"/api/download/{hers}", headers=anna).status_code == 200
    refused(server.http.get(f"/api/download/{hers}", headers=ben), 404, "not_found")
    refused(server.http.get(f"/api/download/{hers}"), 401, "key_needed")


def test_a_download_gives_nothing_but_pictures(shared: Running, picture: bytes) -> None:
    name = shared.http.post(ROUTE, files={"image": picture}).json()["filename"]
    others = [each.name for each in objects(shared.home) if each.name != name]
    assert len(others) == 4, "photo, matte and facts of both are kept, too"
    for each in (*others, name.upper(), f"{name}x", "..%2F..%2Fsecret", f"{'0' * 32}-{'0' * 16}.png"):
        refused(shared.http.get(f"/api/download/{each}"), 404, "not_found")
    expire(shared.home)
    refused(shared.http.get(f"/api/download/{name}"), 404, "not_found")


def test_a_server_that_keeps_nothing_gives_no_name(start: Start, home: Path, picture: bytes) -> None:
    server = start(store=False)
    answer = server.http.post(ROUTE, files={"image": picture})
    assert answer.json()["filename"] is None
    assert pixels(of_url(answer.json()["image"]))[64, 80, 3] > 230
    shown = server.http.post(ROUTE, files={"image": picture}, headers={"Accept": "image/*"})
    assert "Content-Location" not in shown.headers
    assert shown.headers["X-Cleancut-Cache"] == "miss"
    refused(matte_of(server, picture), 409, "nothing_kept")
    assert objects(home) == []


def test_ten_megabytes_are_taken_and_not_one_byte_more(shared: Running, picture: bytes) -> None:
    end = png_chunk(b"IEND", b"")
    filled = picture.removesuffix(end)
    filled += png_chunk(b"priv", bytes(10_000_000 - len(filled) - len(end) - 12)) + end
    assert len(filled) == 10_000_000
    assert shared.http.post(ROUTE, files={"image": filled}).status_code == 200
    text = refused(shared.http.post(ROUTE, files={"image": filled + b"!"}), 413, "file_too_large")
    assert "10,000,000" in text


def test_sides_of_100_to_4000_pixels_are_taken(shared: Running) -> None:
    def ask(width: int, height: int) -> httpx.Response:
        return shared.http.post(ROUTE, files={"image": saved(photo(height, width), "PNG")})

    assert ask(100, 100).status_code == 200
    assert ask(4000, 100).status_code == 200
    assert "99 × 100" in refused(ask(99, 100), 422, "image_too_small")
    assert "100 × 99" in refused(ask(100, 99), 422, "image_too_small")
    assert "4000" in refused(ask(4001, 100), 413, "image_too_large")
    assert "4000" in refused(ask(100, 4001), 413, "image_too_large")


def test_what_others_may_send_is_no_way_around_ones_own_limits(shared: Running) -> None:
    small = saved(photo(60, 60), "PNG")
    assert cut(shared, small, feather=2).status_code == 200
    refused(shared.http.post(ROUTE, files={"image": small}), 422, "image_too_small")


def test_photos_of_all_usual_kinds_are_cut_out(shared: Running) -> None:
    rgb = Image.fromarray(photo(128, 160))
    kinds = {
        "jpeg": saved(rgb, "JPEG"),
        "webp": saved(rgb, "WEBP"),
        "grey jpeg": saved(rgb.convert("L"), "JPEG"),
        "cmyk jpeg": saved(rgb.convert("CMYK"), "JPEG"),
        "cmyk jpeg with a profile": saved(rgb.convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
        "palette png": saved(rgb.convert("P"), "PNG"),
        "tiff": saved(rgb, "TIFF"),
        "bmp": saved(rgb, "BMP"),
        "avif": saved(rgb, "AVIF"),
    }
    for kind, data in kinds.items():
        answer = shared.http.post(ROUTE, files={"image": (f"photo of {kind}", data)})
        assert answer.status_code == 200, (kind, answer.text)
        found = opened(of_url(answer.json()["image"]))
        assert (found.format, found.mode, found.size) == ("PNG", "RGBA", (160, 128)), kind
        alpha = np.asarray(found)[..., 3]
        assert alpha[64, 80] > 180 > 60 > alpha[3, 3], kind


def test_of_an_animation_the_first_frame_is_taken_and_the_message_says_so(shared: Running) -> None:
    first, second = Image.fromarray(photo(128, 160)), Image.new("RGB", (160, 128), "white")
    for kind in ("GIF", "WEBP", "PNG"):
        moving = saved(first, kind, save_all=True, append_images=[second], duration=100)
        answer = shared.http.post(ROUTE, files={"image": moving})
        assert pixels(of_url(answer.json()["image"]))[64, 80, 3] > 200, kind
        assert "frame" in answer.json()["message"], kind


def test_a_photo_is_turned_upright(shared: Running) -> None:
    # Stored lying on its side: the head is at the left, and is to come to the top.
    lying = np.full((100, 200, 3), 255, np.uint8)
    lying[20:80, 10:60] = 0
    answer = shared.http.post(ROUTE, files={"image": saved(lying, "JPEG", exif=exif(6))})
    found = opened(of_url(answer.json()["image"]))
    assert found.size == (100, 200)
    alpha = np.asarray(found)[..., 3]
    assert alpha[30, 50] > 200
    assert alpha[170, 50] < 50
    assert found.getexif().get(0x0112, 1) == 1


def test_what_a_photo_lets_through_already_stays_clear(shared: Running) -> None:
    shown = np.dstack([photo(128, 160), np.full((128, 160), 255, np.uint8)])
    shown[:, 80:, 3] = 0
    alpha = pixels(of_url(shared.http.post(ROUTE, files={"image": saved(shown, "PNG")}).json()["image"]))[..., 3]
    assert not alpha[:, 80:].any()
    assert alpha[64, 75] > 230


def test_a_damaged_photo_is_refused_as_such(shared: Running, picture: bytes) -> None:
    refused(shared.http.post(ROUTE, files={"image": picture[: len(picture) // 2]}), 422, "damaged_image")


def test_the_image_is_whole_base64_whatever_its_length(shared: Running) -> None:
    # Put together by hand: a data URL that a strict reader takes.
    for width in (100, 101, 102):
        said = shared.http.post(ROUTE, files={"image": saved(photo(100, width), "PNG")}).json()
        assert opened(base64.b64decode(said["image"][22:], validate=True)).size == (width, 100)


def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object) -> None:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(weights, "_fetch", fetch)
