"""remove.bg's API: every parameter, size, format, header and error of its version 1.0."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from cleancut.errors import Unwritable
from cleancut.server import keys
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.conftest import Running, Start
from tests.server.removebg import URL, fault, large, opened, post

# The three forms of a request, and the two of an answer.


def test_a_file_in_a_form_of_parts_gives_the_picture_and_all_headers(shared: Running, picture: bytes) -> None:
    before = time.time()
    response = post(shared, picture, {"X-Api-Key": "any"}, size="auto")
    assert response.status_code == 200
    image = opened(response.content)
    assert (response.headers["Content-Type"], image.mode, image.size) == ("image/png", "RGBA", (160, 128))
    said = response.headers
    assert (said["X-Width"], said["X-Height"]) == (said["X-Max-Width"], said["X-Max-Height"]) == ("160", "128")
    assert said["X-Type"] == "other"
    assert float(said["X-Credits-Charged"]) == 1
    assert said["X-RateLimit-Limit"] == "500"
    assert int(said["X-RateLimit-Remaining"]) < 500
    assert before + 55 < int(said["X-RateLimit-Reset"]) <= time.time() + 61
    assert said["Access-Control-Allow-Origin"] == "*"
    rows, columns = np.nonzero(np.asarray(image)[..., 3] >= 16)
    box = [int(said[f"X-Foreground-{name}"]) for name in ("Left", "Top", "Width", "Height")]
    assert box == [columns.min(), rows.min(), columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()]


def test_base64_comes_in_json_and_in_a_form_however_it_is_spelled(shared: Running, picture: bytes) -> None:
    plain = base64.b64encode(picture).decode()
    expected = post(shared, picture).content
    spelled = [
        plain, f"data:image/png;base64,{plain}", base64.urlsafe_b64encode(picture).decode(), plain.rstrip("="),
        "\n".join(plain[at : at + 76] for at in range(0, len(plain), 76)),
    ]  # fmt: skip
    for text in spelled:
        sent = {"image_file_b64": text}
        for response in (shared.http.post(URL, json=sent), shared.http.post(URL, data=sent)):
            assert (response.status_code, response.content == expected) == (200, True), response.text
    parts = shared.http.post(URL, files={"image_file_b64": (None, plain)})
    assert parts.content == expected
    fault(shared.http.post(URL, json={"image_file_b64": "%%%"}), 400, "failed_to_read_image")


def test_a_client_that_accepts_json_alone_gets_json(shared: Running, picture: bytes) -> None:
    response = post(shared, picture, {"Accept": "application/json"}, crop="true")
    assert response.headers["Content-Type"] == "application/json"
    data = response.json()["data"]
    image = opened(base64.b64decode(data.pop("result_b64")))
    assert data == {
        "foreground_top": 0, "foreground_left": 0, "foreground_width": image.width, "foreground_height": image.height
    }  # fmt: skip
    # The third is axios's own.
    pictures = ("*/*", "image/*", "application/json, text/plain, */*", "*/*, application/json", "")
    for accept in (*pictures, "image/png, application/json;q=0.5"):
        assert post(shared, picture, {"Accept": accept}).headers["Content-Type"] == "image/png"


def test_json_as_other_languages_write_it_is_read(shared: Running) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1500, 2000, 3), np.uint8)
    noise[300:1200, 500:1500] = 20
    lines = base64.encodebytes(saved(noise, "PNG")).decode()
    written = json.dumps({"image_file_b64": lines}).replace("/", "\\/")
    assert written.count("\\") > 150_000
    answer = shared.http.post(URL, content=written, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text


def test_a_plus_in_an_urlencoded_picture_need_not_be_encoded(shared: Running, picture: bytes) -> None:
    encoded = base64.b64encode(picture).decode()
    assert "+" in encoded
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (f"size=full&image_file_b64={encoded}", f"image_file_b64=data%3Aimage%2Fpng%3Bbase64%2C{encoded}"):
        assert shared.http.post(URL, content=body, headers=headers).status_code == 200
    for body in ("image_file_b64=" + "%41" * 1000, "a=1&" * 200, "size=" + "x" * 20_000):
        answer = shared.http.post(URL, content=body, headers=headers)
        assert answer.status_code == 400, body[:30]


def test_a_photo_that_lies_on_its_side_is_judged_as_it_is_seen(shared: Running) -> None:
    image, turned = Image.fromarray(photo(120, 180)).transpose(Image.Transpose.ROTATE_90), Image.Exif()
    turned[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=turned, quality=95)
    answer = post(shared, file.getvalue(), size="full")
    said = [answer.headers[f"X-{name}"] for name in ("Width", "Height", "Max-Width", "Max-Height")]
    assert said == ["180", "120", "180", "120"]
    assert post(shared, file.getvalue(), roi="0 0 180px 120px").status_code == 200
    fault(post(shared, file.getvalue(), roi="0 0 120px 180px"), 400, "roi_exceeds_bounds")


def test_an_urlencoded_picture_of_many_megabytes_is_read(shared: Running) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (900, 1200, 3), np.uint8)
    data = saved(noise, "PNG")
    assert len(data) > 3_000_000
    response = shared.http.post(URL, data={"image_file_b64": base64.b64encode(data).decode()})
    # The model finds nothing in it.
    assert response.status_code in (200, 400)
    assert "unknown_foreground" in response.text or response.headers["Content-Type"] == "image/png"


# Sizes and credits.


@pytest.mark.parametrize(
    ("size", "expected", "credits"),
    [
        (None, (632, 395), 0.25), ("preview", (632, 395), 0.25), ("regular", (632, 395), 0.25),
        ("small", (632, 395), 0.25), ("medium", (800, 500), 1), ("hd", (800, 500), 1), ("full", (800, 500), 1),
        ("4k", (800, 500), 1), ("50MP", (800, 500), 1), ("auto", (800, 500), 1), ("FULL", (800, 500), 1),
    ],
)  # fmt: skip
def test_sizes(shared: Running, size: str | None, expected: tuple[int, int], credits: float) -> None:
    response = post(shared, large(), **({} if size is None else {"size": size}))
    assert opened(response.content).size == expected
    assert float(response.headers["X-Credits-Charged"]) == credits
    assert (response.headers["X-Max-Width"], response.headers["X-Max-Height"]) == ("800", "500")


def test_a_preview_of_625_by_400_is_the_photo_itself(shared: Running) -> None:
    assert opened(post(shared, large(625, 400)).content).size == (625, 400)


def test_medium_and_png_have_bounds(shared: Running) -> None:
    seen = saved(np.asarray(Image.fromarray(photo(400, 500)).resize((4000, 3200))), "JPEG")
    medium = post(shared, seen, size="medium", format="jpg")
    width, height = opened(medium.content).size
    assert 1_490_000 < width * height <= 1_500_000
    png, jpg = (post(shared, seen, size="full", format=format) for format in ("png", "jpg"))
    width, height = opened(png.content).size
    assert 9_990_000 < width * height <= 10_000_000
    assert (png.headers["X-Max-Width"], png.headers["X-Width"]) == (str(width), str(width))
    assert opened(jpg.content).size == (4000, 3200)


def test_50mp_is_told_and_no_margin_makes_more_of_a_preview(shared: Running) -> None:
    small = np.asarray(Image.fromarray(photo(400, 500)).resize((7000, 4500)))
    seen = saved(small, "JPEG")
    answer = post(shared, seen, size="50MP", format="jpg")
    assert (answer.headers["X-Width"], answer.headers["X-Max-Width"]) == ("7000", "7000")
    preview = post(shared, large(), crop="true", crop_margin="50%")
    width, height = opened(preview.content).size
    assert width * height <= 250_000


def test_credits_are_counted_by_key_refused_when_used_up_and_never_taken_for_an_error(
    start: Start, picture: bytes
) -> None:
    server = start(credits=2)
    one, other = ({"X-Api-Key": keys.make(keys.keys_file(server.home), name)[1]} for name in ("one", "other"))

    def left(key: dict[str, str]) -> float:
        said = server.http.get("/v1.0/account", headers=key).json()["data"]["attributes"]
        assert said["credits"]["payg"] == said["credits"]["enterprise"] == 0
        assert said["credits"]["subscription"] == said["credits"]["total"]
        assert said["api"]["sizes"] == "all"
        return float(said["credits"]["total"])

    assert left(one) == 2
    assert '"total":2,' in server.http.get("/v1.0/account", headers=one).text
    assert post(server, picture, one, size="full").status_code == 200
    assert post(server, picture, one).status_code == 200
    assert left(one) == 0.75
    blank = saved(np.full((64, 64, 3), 255, np.uint8), "PNG")
    fault(post(server, blank, one), 400, "unknown_foreground")
    fault(post(server, b"none", one), 400, "invalid_file_type")
    assert left(one) == 0.75
    assert (
        fault(post(server, picture, one, size="full"), 402, "insufficient_credits")["title"] == "Insufficient credits"
    )
    # The largest that the credits suffice for.
    auto = post(server, large(), one, size="auto")
    assert (auto.headers["X-Credits-Charged"], auto.headers["X-Width"]) == ("0.25", "632")
    assert (left(one), left(other)) == (0.5, 2)


def test_a_key_may_have_a_plan_of_its_own(start: Start, picture: bytes) -> None:
    server = start(credits=1)
    small, large_ = (
        {"X-Api-Key": keys.make(keys.keys_file(server.home), name, credits)[1]}
        for name, credits in (("small", 0), ("large", 9))
    )
    fault(post(server, picture, small), 402, "insufficient_credits")
    for _ in range(2):
        assert post(server, picture, large_, size="full").status_code == 200
    said = server.http.get("/v1.0/account", headers=large_).json()["data"]["attributes"]["credits"]
    assert said["total"] == 7


def test_credits_of_auto_suffice_for_what_is_left_however_many_ask_at_once(start: Start) -> None:
    server = start(credits=2, waiting=20)
    key = {"X-Api-Key": keys.make(keys.keys_file(server.home), "shop")[1]}
    photos = [large(200 + number, 150) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: post(server, each, key, size="auto"), photos))
    charged = sorted(float(each.headers["X-Credits-Charged"]) for each in answers if each.status_code == 200)
    assert charged == [1, 1]
    assert {each.status_code for each in answers} == {200, 402}


def test_credits_are_given_back_whatever_goes_wrong(
    start: Start, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(credits=10)
    key = {"X-Api-Key": keys.make(keys.keys_file(server.home), "shop")[1]}

    def left() -> float:
        return float(server.http.get("/v1.0/account", headers=key).json()["data"]["attributes"]["credits"]["total"])

    async def broken(ask: object) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(server.service.cutouts, "picture", broken)
        assert post(server, picture, key, size="full").status_code == 500
    assert left() == 10

    def unreachable(receipt: object) -> None:
        raise Unwritable("locked", hint="none")

    blank = saved(np.full((64, 64, 3), 255, np.uint8), "PNG")
    with monkeypatch.context() as patched:
        patched.setattr(server.service.ledger, "refund", unreachable)
        # The client is told what was wrong with its photo all the same.
        fault(post(server, blank, key, size="full"), 400, "unknown_foreground")
    assert left() == 9


def test_two_clients_of_one_key_cannot_overdraw_it(start: Start) -> None:
    server = start(credits=2, waiting=20)
    key = {"X-Api-Key": keys.make(keys.keys_file(server.home), "shop")[1]}
    photos = [large(200 + number, 150) for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(lambda each: post(server, each, key, size="full").status_code, photos))
    assert statuses == [200] * 2 + [402] * 8


def test_without_a_plan_there_is_plenty(shared: Running) -> None:
    assert shared.http.get("/v1.0/account").json()["data"]["attributes"]["credits"]["total"] >= 100_000


# Formats, channels, backgrounds.


def test_auto_is_png_where_something_is_clear_and_jpg_where_nothing_is(shared: Running, picture: bytes) -> None:
    assert post(shared, picture).headers["Content-Type"] == "image/png"
    assert post(shared, picture, bg_color="red").headers["Content-Type"] == "image/jpeg"
    assert post(shared, picture, bg_color="red", format="png").headers["Content-Type"] == "image/png"
    for translucent in ("81d4fa77", "0000", "#fff8"):
        assert post(shared, picture, bg_color=translucent).headers["Content-Type"] == "image/png"
    assert opened(post(shared, picture, format="webp").content).format == "WEBP"
    assert opened(post(shared, picture, format="jpg").content).convert("RGB").getpixel((1, 1)) == (255, 255, 255)


def test_a_zip_put_together_by_another_program_is_the_png(shared: Running) -> None:
    file = io.BytesIO()
    # With a resolution, as cameras write it.
    Image.fromarray(photo(500, 700)).save(file, "JPEG", quality=97, dpi=(72, 72))
    seen = file.getvalue()
    for options in ({}, {"shadow_type": "drop"}, {"crop": "true"}, {"size": "full"}):
        with zipfile.ZipFile(io.BytesIO(post(shared, seen, format="zip", **options).content)) as archive:
            assert archive.namelist() == ["color.jpg", "alpha.png"]
            colour, alpha = (Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist())
        assert (colour.mode, alpha.mode, colour.size) == ("RGB", "L", alpha.size)
        colour.putalpha(alpha)
        png = opened(post(shared, seen, format="png", **options).content)
        for behind in ((255, 255, 255, 255), (0, 0, 0, 255), (90, 160, 30, 255)):
            ours, theirs = (
                np.asarray(Image.alpha_composite(Image.new("RGBA", png.size, behind), each)).astype(int)
                for each in (png, colour)
            )
            assert np.abs(ours - theirs).max() <= 2, options


def test_channels_alpha_is_a_grey_mask(shared: Running, picture: bytes) -> None:
    mask, whole = opened(post(shared, picture, channels="alpha").content), opened(post(shared, picture).content)
    assert mask.mode == "L"
    np.testing.assert_array_equal(np.asarray(mask), np.asarray(whole)[..., 3])


@pytest.mark.parametrize("colour", ["f00", "#f00", "ff0000", "#ff0000ff", "red", "RED"])
def test_colours(shared: Running, picture: bytes, colour: str) -> None:
    assert opened(post(shared, picture, bg_color=colour, format="png").content).convert("RGB").getpixel((1, 1)) == (
        255,
        0,
        0,
    )


def test_a_background_picture_covers(shared: Running, picture: bytes) -> None:
    behind = saved(np.full((10, 40, 3), (0, 0, 250), np.uint8), "PNG")
    files = {"image_file": ("a.png", picture), "bg_image_file": ("b.png", behind)}
    image = opened(shared.http.post(URL, files=files, data={"format": "png"}).content)
    assert image.convert("RGB").getpixel((1, 1)) == (0, 0, 250)
    assert image.size == (160, 128)


# Geometry.


def test_crop_margins_scale_and_position(shared: Running, picture: bytes) -> None:
    plain = post(shared, picture).headers
    wide, tall = int(plain["X-Foreground-Width"]), int(plain["X-Foreground-Height"])
    cropped = post(shared, picture, crop="true", crop_margin="10px 20px")
    assert opened(cropped.content).size == (wide + 40, tall + 20)
    assert opened(post(shared, picture, crop="1", crop_margin="50%").content).size == (
        wide + 2 * round(wide / 2),
        tall + 2 * round(tall / 2),
    )
    # A margin is of no account where nothing is cropped.
    assert opened(post(shared, picture, crop="false", crop_margin="10px").content).size == (160, 128)
    scaled = post(shared, picture, scale="50%").headers
    assert max(int(scaled["X-Foreground-Width"]) / 160, int(scaled["X-Foreground-Height"]) / 128) == pytest.approx(
        0.5, abs=0.02
    )
    moved = post(shared, picture, position="0% 100%").headers
    assert int(moved["X-Foreground-Left"]) == 0
    assert int(moved["X-Foreground-Top"]) + int(moved["X-Foreground-Height"]) == 128


def test_a_region_is_all_that_is_looked_at(shared: Running, picture: bytes) -> None:
    alpha = np.asarray(opened(post(shared, picture, roi="0 0 50% 100%").content))[..., 3]
    assert not alpha[:, 80:].any()
    assert alpha[:, :80].any()
    whole = post(shared, picture, roi="0 0 100% 100%")
    np.testing.assert_array_equal(np.asarray(opened(whole.content)), np.asarray(opened(post(shared, picture).content)))


@pytest.mark.parametrize(
    "fields",
    [
        {"add_shadow": "true"}, {"shadow_type": "car"}, {"shadow_type": "3D"}, {"shadow_type": "drop"},
        {"shadow_type": "auto", "type": "person"}, {"shadow_type[person]": "3D", "type": "person"},
        {"shadow_type": "drop", "shadow_opacity": "90"},
        {"type": "car", "shadow_type": "car", "shadow_opacity[car]": "20"},
    ],
    ids=str,
)  # fmt: skip
def test_shadows(shared: Running, picture: bytes, fields: dict[str, str]) -> None:
    image = np.asarray(opened(post(shared, picture, scale="60%", **fields).content)).astype(int)
    plain = np.asarray(opened(post(shared, picture, scale="60%").content)).astype(int)
    darker = (image[..., 3] > plain[..., 3]) & (plain[..., 3] == 0)
    assert darker.any()
    assert image[darker][:, :3].max() == 0
    none = opened(post(shared, picture, scale="60%", shadow_type="none").content)
    np.testing.assert_array_equal(np.asarray(none), plain)


def test_more_opacity_is_darker(shared: Running, picture: bytes) -> None:
    sums = [
        np.asarray(opened(post(shared, picture, scale="60%", shadow_type="drop", shadow_opacity=opacity).content))[
            ..., 3
        ].sum(dtype=int)
        for opacity in ("0", "30", "90")
    ]
    assert sums == sorted(set(sums))
