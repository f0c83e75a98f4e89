"""rembg's route: the parameters of rembg 2.0.86, in the form and in the URL, and what is refused."""

from __future__ import annotations

import io
import ipaddress
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from cleancut.compat.rembg import new_session, remove
from cleancut.server import keys
from tests.server.calls import have_small
from tests.server.conftest import Running, Start

URL = "/api/remove"


def post(server: Running, picture: bytes, query: Any = None, **form: Any) -> httpx.Response:
    return server.http.post(URL, files={"file": ("a.png", picture)}, data=form, params=query)


def pixels(response: httpx.Response) -> np.ndarray[Any, np.dtype[np.uint8]]:
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    return np.asarray(Image.open(io.BytesIO(response.content)))


def detail(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    said = response.json()
    assert set(said) == {"detail"}
    return str(said["detail"])


def test_a_file_gives_a_png_whatever_is_accepted(shared: Running, picture: bytes) -> None:
    found = pixels(post(shared, picture))
    assert found.shape == (128, 160, 4)
    assert found[64, 80, 3] > 230
    for accept in ("application/json", "*/*", ""):
        answer = shared.http.post(URL, files={"file": ("a.png", picture)}, headers={"Accept": accept})
        np.testing.assert_array_equal(pixels(answer), found)


@pytest.mark.parametrize(
    ("parameters", "keywords"),
    [
        ({}, {}), ({"a": "true", "af": "240", "ab": "10", "ae": "10"}, {"alpha_matting": True}),
        ({"dc": "1"}, {"decontaminate": True}), ({"om": "true"}, {"only_mask": True}),
        ({"ppm": "true"}, {"post_process_mask": True}),
        ({"bgc": "255,0,0,255"}, {"bgcolor": (255, 0, 0, 255)}),
        ({"bgc": "0,0,255,100"}, {"bgcolor": (0, 0, 255, 100)}),
        ({"vm": "true", "extras": '{"putalpha": true}'}, {"vitmatte": True}),
    ],
    ids=str,
)  # fmt: skip
def test_it_gives_what_the_librarys_drop_in_gives_by_form_and_by_url(
    shared: Running,
    picture: bytes,
    parameters: dict[str, str],
    keywords: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLEANCUT_HOME", str(shared.home))
    session = new_session("tiny", precision="fp32")
    expected = np.asarray(Image.open(io.BytesIO(remove(picture, session=session, **keywords)))).astype(int)  # type: ignore[arg-type]
    for answer in (post(shared, picture, **parameters), post(shared, picture, parameters)):
        found = pixels(answer).astype(int)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 2


def test_a_model_is_named_in_the_form_or_in_the_url(shared: Running, picture: bytes) -> None:
    have_small(shared)
    assert post(shared, picture, model="small").headers["X-Cleancut-Model"] == "small"
    assert post(shared, picture, {"model": "small"}).headers["X-Cleancut-Model"] == "small"
    assert "no-such" in detail(post(shared, picture, model="no-such"), 400)
    # A model of rembg's that is not on this server.
    assert "u2net" in detail(post(shared, picture, model="u2net_human_seg"), 409)


def test_a_photo_behind_a_url(start: Start, shared: Running) -> None:
    assert "URL" in detail(shared.http.get(URL, params={"url": "https://photos.example/a.png"}), 403)
    server = start(allow_url=True, url_networks=(ipaddress.ip_network("192.168.99.0/24"),))
    assert detail(server.http.get(URL, params={"url": "http://127.0.0.1/a.png"}), 400)
    assert "url" in detail(server.http.get(URL, params={"url": "file:///etc/passwd"}), 422)
    assert "url" in detail(server.http.get(URL), 422)
    empty = {"url": "http://127.0.0.1/a.png", "a": "", "af": "", "bgc": "", "model": ""}
    assert "public" in detail(server.http.get(URL, params=empty), 400)


@pytest.mark.parametrize(
    "parameters",
    [
        {"af": "256"}, {"ab": "-1"}, {"ae": "x"}, {"a": "perhaps"}, {"bgc": "1,2,3"}, {"bgc": "1,2,3,256"},
        {"bgc": "red"},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_values_are_told_in_that_servers_shape(
    shared: Running, picture: bytes, parameters: dict[str, str]
) -> None:
    (name,) = parameters
    for answer in (post(shared, picture, **parameters), post(shared, picture, parameters)):
        assert name in detail(answer, 422)
        assert set(answer.json()["detail"][0]) == {"type", "loc", "msg"}


def test_extras_that_would_make_another_picture_are_refused_with_their_reason(shared: Running, picture: bytes) -> None:
    assert "SAM" in detail(post(shared, picture, {"extras": '{"sam_prompt": [{"type": "point"}]}'}), 422)
    assert "no" in detail(post(shared, picture, {"extras": '{"model_path": "~/.u2net/m.onnx"}'}), 422)
    for extras in ("not json", "[1]", '{"é": 1}', '{"unheard": "' + "x" * 3000 + '"}', ""):
        assert post(shared, picture, {"extras": extras}).status_code == 200


def test_what_is_no_picture_is_no_failure_of_the_server(shared: Running) -> None:
    assert detail(post(shared, b"no picture"), 415)
    assert detail(shared.http.post(URL, data={"model": "tiny"}), 422)
    assert detail(shared.http.post(URL, content=b"x", headers={"Content-Type": "text/plain"}), 422)


def test_keys_and_foreign_pages(start: Start, picture: bytes) -> None:
    page = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    server, files = start(), {"file": ("a.png", picture)}
    assert detail(server.http.post(URL, files=files, headers=page), 403)
    key = {"X-Api-Key": keys.make(keys.keys_file(server.home), "shop")[1]}
    assert detail(server.http.post(URL, files=files), 401)
    assert pixels(server.http.post(URL, files=files, headers=page | key)).any()
    assert server.http.options(URL, headers=page).status_code == 204
