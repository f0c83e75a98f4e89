"""remove.bg's API: what its clients send beside the point, its errors, its rates, and what it keeps."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from cleancut.server import keys
from cleancut.server.removebg.faults import MEANT, OTHERS, TITLES
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.conftest import Running, Start
from tests.server.removebg import URL, fault, post

# What clients send beside.


def test_what_real_clients_send_is_borne(shared: Running, picture: bytes) -> None:
    empty = dict.fromkeys(
        ("bg_color", "bg_image_url", "scale", "position", "roi", "crop", "crop_margin", "semitransparency",
         "add_shadow", "shadow_type", "shadow_opacity", "image_url", "image_file_b64"), "",
    )  # fmt: skip
    answer = post(shared, picture, **empty, size="auto", type="auto", channels="rgba", format="png", unheard_of="x")
    assert answer.status_code == 200
    files = {"image_file": ("a.png", picture), "bg_image_file": ("", b"")}
    assert shared.http.post(URL, files=files).status_code == 200
    brilam = {"size": "regular", "type": "auto", "type_level": "none", "format": "auto", "roi": "0 0 100% 100%",
              "crop": "false", "scale": "original", "position": "original", "channels": "rgba",
              "semitransparency": "true"}  # fmt: skip
    answer = post(shared, picture, **brilam)
    assert answer.status_code == 200
    assert "X-Type" not in answer.headers
    said = base64.b64encode(picture).decode()
    nulls = {
        "image_file_b64": said,
        "crop": False,
        "scale": None,
        "type_level": 2,
        "bg_color": None,
        "shadow_opacity": 40,
    }
    assert shared.http.post(URL, json=nulls).status_code == 200
    nested = {"image_file_b64": said, "type": "car", "shadow_type": {"car": "drop"}, "scale": "60%"}
    assert shared.http.post(URL, json=nested).status_code == 200
    for kind in ("person", "Product", "animal", "car", "transportation", "graphics", "car_interior"):
        answer = post(shared, picture, type=kind)
        assert answer.headers["X-Type"] == kind.lower()
    assert post(shared, picture, type="graphic").headers["X-Type"] == "graphics"


# Errors.


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"size": "huge"}, "invalid_size"), ({"type": "ghost"}, "invalid_type"),
        ({"type_level": "9"}, "invalid_type_level"),
        ({"format": "gif"}, "invalid_format"), ({"channels": "rgb"}, "invalid_channels"),
        ({"roi": "1 2 3"}, "invalid_roi"), ({"roi": "0 0 1000px 10px"}, "roi_exceeds_bounds"),
        ({"roi": "10px 10px 10px 90px"}, "roi_region_empty"), ({"roi": "50% 0 10% 100%"}, "roi_region_empty"),
        ({"crop": "maybe"}, "invalid_crop"), ({"crop": "true", "crop_margin": "wide"}, "invalid_crop_margin"),
        ({"crop": "true", "crop_margin": "501px"}, "invalid_crop_margin"),
        ({"crop": "true", "crop_margin": "51%"}, "invalid_crop_margin"), ({"scale": "9%"}, "invalid_scale"),
        ({"scale": "101%"}, "invalid_scale"), ({"position": "120%"}, "invalid_position"),
        ({"position": "nowhere"}, "invalid_position"), ({"bg_color": "no colour"}, "invalid_bg_color"),
        ({"bg_color": "12345"}, "invalid_bg_color"), ({"bg_image_url": "ftp://x/y.png"}, "invalid_bg_image_url"),
        ({"bg_image_url": "https://photos.example/b.png"}, "failed_bg_download"),
        ({"bg_color": "red", "bg_image_url": "https://photos.example/b.png"}, "multiple_bg_sources"),
        ({"semitransparency": "half"}, "invalid_semitransparency"),
        ({"add_shadow": "true", "shadow_type": "drop"}, "multiple_shadow_params"),
        ({"shadow_type": "long"}, "invalid_shadow_type"), ({"shadow_opacity": "101"}, "invalid_shadow_opacity"),
        ({"shadow_opacity": "-1"}, "invalid_shadow_opacity"), ({"shadow_opacity": "dark"}, "invalid_shadow_opacity"),
        ({"image_url": "https://photos.example/a.png"}, "multiple_sources"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_parameters(shared: Running, picture: bytes, fields: dict[str, str], code: str) -> None:
    assert fault(post(shared, picture, **fields), 400, code)["title"].startswith(TITLES[code])


def test_wrong_sources(start: Start, picture: bytes) -> None:
    server = start(removebg_max_bytes=30_000, removebg_max_pixels=40_000)
    fault(post(server), 400, "missing_source")
    fault(server.http.post(URL, json={}), 400, "missing_source")
    fault(server.http.post(URL, json={"image_url": "nothing"}), 400, "invalid_image_url")
    fault(server.http.post(URL, json={"image_url": "https://photos.example/a.png"}), 400, "failed_image_download")
    fault(post(server, b"GIF? no, a text"), 400, "invalid_file_type")
    fault(post(server, picture[: len(picture) // 2]), 400, "failed_to_read_image")
    fault(post(server, b""), 400, "failed_to_read_image")
    fault(post(server, bytes(30_001)), 400, "file_too_large")
    fault(post(server, saved(np.zeros((201, 200, 3), np.uint8), "PNG")), 400, "resolution_too_high")
    fault(post(server, saved(np.zeros((1, 200, 3), np.uint8), "PNG")), 400, "invalid_dimensions")
    fault(server.http.post(URL, content=b"{", headers={"Content-Type": "application/json"}), 400, "bad_request")
    fault(server.http.post(URL, content=b"[]", headers={"Content-Type": "application/json"}), 400, "bad_request")
    fault(post(server, picture, format="zip", channels="alpha"), 400, "invalid_channels")
    blank = saved(np.full((64, 64, 3), 255, np.uint8), "PNG")
    assert "foreground" in fault(post(server, blank), 400, "unknown_foreground")["title"]


def test_keys_are_asked_for_with_403(start: Start, picture: bytes) -> None:
    server = start()
    key = keys.make(keys.keys_file(server.home), "shop")[1]
    assert fault(post(server, picture), 403, "auth_failed")["title"] == "Missing API Key"
    wrong = fault(post(server, picture, {"X-API-Key": "wrong"}), 403, "auth_failed")
    assert wrong["title"] == "API Key invalid"
    fault(server.http.get("/v1.0/account"), 403, "auth_failed")
    for header in ({"x-api-key": key}, {"Authorization": f"Bearer {key}"}):
        assert post(server, picture, header).status_code == 200


def test_the_rate_is_weighed_by_megapixels(start: Start, picture: bytes) -> None:
    server = start(removebg_limits=("6/minute",))
    first = post(server, picture)
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("6", "5")
    four = saved(np.asarray(Image.fromarray(photo(400, 500)).resize((2500, 1600))), "JPEG")
    second = post(server, four)
    assert second.headers["X-RateLimit-Remaining"] == "1"
    refused = post(server, four)
    # Being refused costs nothing, and one of a single megapixel still has room.
    assert refused.headers["X-RateLimit-Remaining"] == "1"
    assert fault(refused, 429, "rate_limit_exceeded")["title"] == "Rate limit exceeded"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Limit"] == "6"
    assert post(server, picture).headers["X-RateLimit-Remaining"] == "0"


def test_a_photo_larger_than_the_window_passes_when_the_window_is_empty(start: Start) -> None:
    server = start(removebg_limits=("3/minute",))
    four = saved(np.asarray(Image.fromarray(photo(400, 500)).resize((2500, 1600))), "JPEG")
    answer = post(server, four)
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (200, "0")


def test_pages_of_any_origin_may_call_with_a_key_and_with_nothing_else(start: Start, picture: bytes) -> None:
    page = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    server = start()
    fault(post(server, picture, page), 403, "foreign_page")
    key = keys.make(keys.keys_file(server.home), "shop")[1]
    asked = server.http.options(URL, headers={**page, "Access-Control-Request-Headers": "x-api-key"})
    assert asked.status_code == 204
    # A star does not stand for the first.
    assert asked.headers["Access-Control-Allow-Headers"].split(", ")[:2] == ["Authorization", "X-Api-Key"]
    answer = post(server, picture, {**page, "X-Api-Key": key})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    fault(post(server, picture, page), 403, "auth_failed")


def test_every_error_of_the_contract_is_known() -> None:
    listed = """
        missing_source multiple_sources invalid_image_url failed_image_download failed_to_read_image
        invalid_file_type invalid_dimensions file_too_large resolution_too_high invalid_size
        invalid_format invalid_channels invalid_roi roi_exceeds_bounds roi_region_empty
        invalid_crop_margin invalid_scale invalid_position invalid_bg_color invalid_bg_image_url
        failed_bg_download multiple_bg_sources invalid_semitransparency multiple_shadow_params
        invalid_shadow_opacity unknown_foreground
    """
    assert set(listed.split()) <= set(TITLES)
    assert set(MEANT.values()) <= set(TITLES)
    assert {code for _, _, code in OTHERS.values()} == {
        "auth_failed", "rate_limit_exceeded", "insufficient_credits"
    }  # fmt: skip


# Improve.


def test_what_is_sent_to_improve_is_kept_exported_and_erased(start: Start, picture: bytes) -> None:
    server = start()
    answer = server.http.post(
        "/v1.0/improve", files={"image_file": ("a.png", picture)}, data={"tag": "hair", "image_filename": "a.png"}
    )
    assert answer.status_code == 200
    id = answer.json()["id"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id)
    with zipfile.ZipFile(io.BytesIO(server.http.get("/api/v1/data").content)) as archive:
        assert archive.read(f"feedback-{id}.source") == picture
        assert json.loads(archive.read(f"feedback-{id}.json")) == {"tag": "hair", "image_filename": "a.png"}
    assert server.http.get(f"/api/v1/results/feedback-{id}.source").status_code == 404
    assert server.http.delete("/api/v1/data").json() == {"erased": 2}
    fault(server.http.post("/v1.0/improve", json={"tag": "hair"}), 400, "missing_source")
    fault(server.http.post("/v1.0/improve", files={"image_file": ("a.png", b"none")}), 400, "invalid_file_type")


def test_a_server_that_keeps_nothing_keeps_no_feedback(start: Start, picture: bytes) -> None:
    answer = start(store=False).http.post("/v1.0/improve", files={"image_file": ("a.png", picture)})
    fault(answer, 409, "nothing_kept")
