# ruff: noqa: F811
"""The client: against the service itself, and against one that misbehaves."""

from __future__ import annotations

import inspect
import io
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from PIL import Image

from cleancut import client as public
from cleancut.client import Client, Grow, Lasso, ServiceRefused, ServiceUnavailable, Stroke, transport
from cleancut.client.fields import CutoutFields
from cleancut.errors import OptionError, Unwritable
from cleancut.options import Limits
from cleancut.server import keys
from cleancut.server.app import create_app
from cleancut.server.settings import read_server_settings
from tests.fakes.tiny_model import write_tiny_model
from tests.server.conftest import Running, Start, home, picture, server, start  # noqa: F401

ROOT = Path(__file__).parents[1]
NOBODY = "http://127.0.0.1:9"  # the discard service, which no machine runs


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.address, retries=0) as client:
        yield client


@pytest.fixture
def file(tmp_path: Path, picture: bytes) -> Path:
    file = tmp_path / "my photo.png"
    file.write_bytes(picture)
    return file


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries; no time passes."""
    waits: list[float] = []
    monkeypatch.setattr(transport, "sleep", waits.append)
    return waits


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


# The keywords and answers are those of the service.


@pytest.fixture
def schema(home: Path) -> dict[str, Any]:
    app = create_app(read_server_settings())
    app.state.service.storage.close()
    schema: dict[str, Any] = app.openapi()
    return schema


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (Client.remove, "/api/v1/cutouts"),
        (Client.cut, "/api/v1/cutouts"),
        (Client.matte, "/api/v1/mattes"),
        (Client.picture, "/api/v1/mattes/{id}/pictures"),
    ],
)
def test_the_keywords_are_the_form_fields_of_the_service(
    schema: dict[str, Any], method: Callable[..., object], path: str
) -> None:
    form = schema["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["$ref"]
    taken = schema["components"]["schemas"][form.rpartition("/")[2]]["properties"]
    parameters = inspect.signature(method).parameters.values()
    keywords = {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}
    assert keywords == dict.fromkeys(set(taken) - {"image", "url"})
    assert not any(each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in parameters)
    words = {name: set(field["enum"]) for name, field in taken.items() if "enum" in field and name != "model"}
    hints = get_type_hints(CutoutFields)
    assert words == {name: {each for kind in get_args(hints[name]) for each in get_args(kind)} for name in words}


@pytest.mark.parametrize(
    ("kind", "name", "links"),
    [
        (public.Matte, "MatteInfo", {"matte", "pictures"}),
        (public.Model, "ModelInfo", set()),
        (public.Licence, "LicenceInfo", set()),
        (public.Server, "ServerInfo", set()),
        (Limits, "Limit", set()),
    ],
)
def test_answers_have_the_fields_that_the_service_sends(
    schema: dict[str, Any], kind: type[Any], name: str, links: set[str]
) -> None:
    assert {each.name for each in fields(kind)} == set(schema["components"]["schemas"][name]["properties"]) - links


def test_a_stroke_has_the_fields_that_the_service_takes(schema: dict[str, Any]) -> None:
    for form in ("RenderForm", "CutoutForm", "JobForm"):
        kinds = schema["components"]["schemas"][form]["properties"]["strokes"]["items"]["anyOf"]
        taken = [set(each["properties"]) - {"kind", "group"} for each in kinds]
        assert [{each.name for each in fields(kind)} for kind in (public.Stroke, public.Lasso, public.Grow)] == taken


# Against the service itself.


def test_a_photo_is_cut_out_from_bytes_and_from_a_file(client: Client, file: Path, picture: bytes) -> None:
    image = opened(client.remove(file))
    assert (image.mode, image.size, image.format) == ("RGBA", (160, 128), "PNG")
    alpha = np.asarray(image)[..., 3]
    assert alpha[64, 80] > 230
    assert alpha[2, 2] == 0
    assert client.remove(picture) == client.remove(file)


def test_every_kind_of_option_arrives(client: Client, home: Path, file: Path, tmp_path: Path) -> None:
    assert opened(client.remove(file, format="jpg", background="white", encode_quality=50)).format == "JPEG"
    assert opened(client.remove(file, crop=True, crop_margin="3 5", quality="fast")).width < 130
    assert opened(client.remove(file, channels="alpha", refine=False, translucency=20)).mode == "L"
    behind = tmp_path / "behind.png"
    Image.new("RGB", (8, 8), (0, 200, 0)).save(behind)
    for given in (behind, behind.read_bytes()):
        image = opened(client.remove(file, background_image=given))
        assert image.convert("RGB").getpixel((2, 2)) == (0, 200, 0)
    with zipfile.ZipFile(io.BytesIO(client.remove(file, format="zip"))) as archive:
        assert archive.testzip() is None
    write_tiny_model(home, "other")
    assert client.cut(file, model="other").model == "other"


def test_a_cutout_tells_how_it_was_made(start: Start, file: Path) -> None:
    with Client(start(rate_limits=("7/hour",)).address) as client:
        first, second = client.cut(file), client.cut(file)
    assert (first.subject, first.model, first.device, first.precision) == (True, "tiny", "cpu", "fp32")
    assert 0 < first.confidence <= 1
    assert (first.cache, second.cache) == ("miss", "hit")
    assert {"queue", "decode", "infer", "encode"} <= set(first.timings)
    assert all(spent >= 0 for spent in first.timings.values())
    assert (first.requests_left, second.requests_left) == (6, 5)
    assert re.fullmatch("[0-9a-f]{16}", first.request_id or "")
    assert second.data == first.data
    assert "data" not in repr(first)


def test_a_matte_is_made_once_and_its_pictures_as_often_as_wanted(client: Client, file: Path) -> None:
    matte = client.matte(file, model="tiny", quality="fast")
    assert (matte.width, matte.height, matte.subject, matte.model) == (160, 128, True, "tiny")
    assert timedelta(minutes=50) < matte.expires - datetime.now(UTC) < timedelta(minutes=70)
    assert isinstance(matte.notes, tuple)
    assert opened(client.matte_image(matte)).mode == "I;16"
    plain, blurred = opened(client.picture(matte)), opened(client.picture(matte.id, background="blur", feather=2))
    assert plain.size == blurred.size == (160, 128)
    assert np.asarray(blurred.convert("RGBA"))[..., 3].min() == 255
    touched = client.picture(
        matte,
        strokes=[
            Stroke("add", [(5, 5), (20.5, 5)], radius=4), Stroke("remove", [(80, 64)], 9),
            Lasso("add", [(100, 100), (150, 100), (150, 120), (100, 120)]), Grow("remove", (65.5, 64.5), reach=0.4),
        ],
    )  # fmt: skip
    alpha = np.asarray(opened(touched))[..., 3]
    assert alpha[110, 125] == 255
    assert alpha[64, 62] == 0
    assert alpha[5, 10] == 255
    assert alpha[64, 80] == 0
    found = client.find(matte.id)
    # Its pictures have prolonged its life.
    assert found.expires > matte.expires
    assert replace(found, expires=matte.expires) == matte
    client.delete(matte)
    with pytest.raises(ServiceRefused) as caught:
        client.picture(matte)
    assert (caught.value.status, caught.value.code) == (404, "not_found")


def test_a_picture_is_found_again_by_its_name_until_it_is_deleted(client: Client, file: Path) -> None:
    cut, rendered = client.cut(file), client.render(client.matte(file), background="red", format="jpg")
    for each in (cut, rendered):
        assert each.name is not None
        assert client.result(each.name) == each.data
        client.delete_result(each.name)
        with pytest.raises(ServiceRefused, match="404 not_found"):
            client.result(each.name)
    with pytest.raises(OptionError):
        client.delete_result("../data")


def test_a_client_can_ask_that_nothing_is_kept(server: Running, file: Path) -> None:
    with Client(server.address, keep=False) as client:
        assert client.cut(file).name is None
        assert client.cut(file).cache == "miss"
        with pytest.raises(ServiceRefused, match="409 nothing_kept"):
            client.matte(file)
        assert client.erase() == 0


def test_it_tells_what_the_service_is(client: Client) -> None:
    assert client.ready() is True
    told = client.server()
    assert (told.default_model, told.ready, told.keys_needed, told.device) == ("tiny", True, False, "cpu")
    assert told.v1 == Limits(52_000_000, 64_000_000)
    assert told.guides.max_side == 4000
    tiny = next(each for each in client.models() if each.name == "tiny")
    assert (tiny.state, tiny.default, tiny.input_size) == ("installed", True, 32)
    assert client.address.startswith("http://127.0.0.1:")


def test_what_is_kept_is_taken_away_and_erased(client: Client, file: Path, tmp_path: Path) -> None:
    matte = client.matte(file)
    target = tmp_path / "new folder" / "data.zip"
    client.export(target)
    with zipfile.ZipFile(target) as archive:
        assert archive.read(f"{matte.id}.source") == file.read_bytes()
    assert client.erase() == 3
    assert client.erase() == 0
    with pytest.raises(Unwritable):
        client.export(file / "data.zip")


def test_a_key_is_sent_and_its_want_is_told(start: Start, home: Path) -> None:
    secret = keys.make(keys.keys_file(home), "shop")[1]
    address = start().address
    with Client(address) as without, Client(address, key="wrong") as wrong, Client(address, key=secret) as known:
        assert known.erase() == 0
        with pytest.raises(ServiceRefused, match="401 key_needed") as caught:
            without.erase()
        with pytest.raises(ServiceRefused, match="401 key_unknown"):
            wrong.erase()
    assert "X-Api-Key" in caught.value.hint
    assert caught.value.kind == "usage"


def test_a_url_is_fetched_by_the_service(client: Client) -> None:
    with pytest.raises(ServiceRefused) as caught:
        client.remove("https://photos.example/1.jpg")
    assert (caught.value.status, caught.value.code) == (403, "url_not_allowed")


def test_a_refusal_says_what_the_service_said(client: Client, file: Path) -> None:
    with pytest.raises(ServiceRefused) as caught:
        client.remove(b"no picture at all")
    error = caught.value
    assert (error.status, error.code, error.kind) == (415, "not_an_image", "input")
    assert f"{client.address} answered 415 not_an_image: " in str(error)
    assert error.hint
    assert re.fullmatch("[0-9a-f]{16}", error.request_id or "")
    with pytest.raises(ServiceRefused, match=r"422 invalid_value: feather: .*200"):
        client.remove(file, feather=500)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (ServiceRefused, str(error), vars(error))


def test_an_upload_that_is_too_large_is_refused_and_not_just_cut_off(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    with file.open("wb") as large:
        large.truncate(9_000_000)
    address = start(v1_max_bytes=1000).address
    with Client(address, retries=0) as client, pytest.raises(ServiceRefused, match="413 body_too_large"):
        client.remove(file)


def test_a_window_that_is_full_for_long_is_told_at_once(start: Start, waits: list[float], picture: bytes) -> None:
    with Client(start(rate_limits=("1/hour",)).address) as client:
        client.remove(picture)
        with pytest.raises(ServiceUnavailable, match="429 rate_limited") as caught:
            client.remove(picture)
    assert waits == []
    assert 3500 < (caught.value.retry_after or 0) <= 3601


def test_a_window_that_is_full_for_a_second_is_waited_for(start: Start, picture: bytes) -> None:
    with Client(start(rate_limits=("1/second",)).address) as client:
        assert client.remove(picture) == client.remove(picture)


def test_several_threads_share_a_client(client: Client, file: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda number: client.remove(file, feather=number % 3), range(12)))
    assert [made[each] for each in range(12)] == [made[each % 3] for each in range(12)]
    assert len(set(made)) == 3


def test_the_example_of_the_docs_runs(
    server: Running, tmp_path: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture)
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    (example,) = re.findall(r"^```py\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(example.replace("http://127.0.0.1:8000", server.address), names)
    assert opened(names["jpeg"]).format == "JPEG"
    assert np.asarray(opened(names["mended"]))[60, 75, 3] == 255
