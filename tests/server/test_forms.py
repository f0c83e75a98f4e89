"""Forms: their parts, their fields, and what may stand in them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from pathlib import Path, PosixPath

import pytest
from pydantic import TypeAdapter, ValidationError

from cleancut.options import Options
from cleancut.server.forms import Background, ColourName, CutoutForm, RenderForm, bytes_of_data_url, options_of
from cleancut.server.settings import read_server_settings
from tests.server.conftest import Running
from tests.server.wire import FORM, JSON, Reply, ask, form, part, post, request, until

CUT = "/api/remove-background"
V1 = "/api/v1/cutouts"
URLENCODED = "Content-Type: application/x-www-form-urlencoded"


def upload(server: Running, data: bytes, target: str = CUT, name: str | bytes = "a.png", *parts: bytes) -> Reply:
    answer = post(server.port, target, FORM, body=form(part("image", data, name), *parts))
    assert ask(server.port, request("GET", "/api/health")).status == 200
    until(lambda: server.service.admission.inside == 0)
    return answer


def test_two_pictures_where_one_is_wanted(shared: Running, picture: bytes) -> None:
    body = form(part("image", picture, "a.png"), part("image", b"junk", "b.png"))
    assert post(shared.port, CUT, FORM, body=body).status in (200, 415)


@pytest.mark.parametrize("body", [b"", form(), form(part("feather", "1")), form(part("Image", b"x", "a.png"))])
def test_a_form_without_its_picture(shared: Running, body: bytes) -> None:
    answer = post(shared.port, CUT, FORM, body=body)
    assert (answer.status, answer.code) == (422, "invalid_value")
    assert answer.json()["error"] == "image: Field required"


def test_a_picture_that_is_no_file(shared: Running) -> None:
    answer = post(shared.port, CUT, FORM, body=form(part("image", "data:image/png;base64,xxxx")))
    assert (answer.status, answer.json()["error"]) == (422, "image: a file is expected")


@pytest.mark.parametrize("kind", [JSON, URLENCODED, "Content-Type: image/png", "Content-Type: ", "Content-Type: \xff"])
def test_a_form_of_another_type(shared: Running, picture: bytes, kind: str) -> None:
    for target in (CUT, "/api/v1/mattes"):
        answer = post(shared.port, target, kind, body=picture)
        assert (answer.status, answer.code) == (422, "invalid_value")
    if kind != URLENCODED:
        assert "multipart/form-data" in post(shared.port, CUT, kind, body=picture).json()["hint"]


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=another",
        f"multipart/form-data; boundary={'x' * 300}",
        "multipart/form-data; boundary=\xff\xfe",
        'multipart/form-data; boundary="a-line-between-parts',
        "multipart/form-data; boundary=a-line-between-parts; boundary=b",
    ],
)
def test_a_form_whose_parts_are_parted_otherwise(shared: Running, picture: bytes, kind: str) -> None:
    body = form(part("image", picture, "a.png"))
    answer = post(shared.port, CUT, f"Content-Type: {kind}", body=body)
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.code == "bad_request"


@pytest.mark.parametrize(
    "body",
    [
        b"no form at all",
        b"--a-line-between-parts--\r\n" * 1000,
        b"--a-line-between-parts\r\n\r\nno header\r\n--a-line-between-parts--\r\n",
        b"--a-line-between-parts\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--a-line-between-parts--\r\n",
        b"--a-line-between-parts\r\nContent-Disposition: "
        + b"x" * 100_000
        + b"\r\n\r\n\r\n--a-line-between-parts--\r\n",
        b"--a-line-between-parts\r\n" + b"X: y\r\n" * 10_000 + b"\r\n\r\n--a-line-between-parts--\r\n",
        b"--a-line-between-parts\r\nContent\0Disposition: form-data\r\n\r\n\r\n--a-line-between-parts--\r\n",
    ],
    ids=lambda body: body[:40],
)
def test_a_form_that_is_none(shared: Running, body: bytes) -> None:
    answer = post(shared.port, CUT, FORM, body=body)
    assert (answer.status, answer.code) in ((400, "bad_request"), (422, "invalid_value"))


@pytest.mark.parametrize("count", [101, 10_000])
def test_too_many_fields(shared: Running, picture: bytes, count: int) -> None:
    fields = [part(f"field{number}", "1") for number in range(count)]
    answer = upload(shared, picture, CUT, "a.png", *fields)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert "fields" in answer.json()["error"]
    packed = b"&".join(b"f%d=1" % number for number in range(count))
    assert post(shared.port, CUT, URLENCODED, body=packed).code == "bad_request"


def test_too_many_files(shared: Running) -> None:
    answer = post(shared.port, CUT, FORM, body=form(*[part(f"f{number}", b"x", "a") for number in range(100)]))
    assert (answer.status, answer.code) == (400, "bad_request")
    assert "files" in answer.json()["error"]


def test_a_field_as_long_as_a_picture(shared: Running, picture: bytes) -> None:
    answer = upload(shared, picture, CUT, "a.png", part("model", b"x" * 2_000_000))
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize(
    "name",
    [
        "фото 漢字 €ü.png",
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows\\x.png",
        "a\0b.png",
        "a%00b.png",
        "a%0d%0aX-Injected: yes.png",
        b"\xff\xfe\x80.png",
        "<script>alert(1)</script>.png",
        "",
        ".",
        "a" * 3000,
    ],
    ids=lambda name: repr(name[:12]),
)
def test_the_names_of_files_mean_nothing(shared: Running, picture: bytes, name: str | bytes) -> None:
    answer = upload(shared, picture, CUT, name)
    plain = upload(shared, picture, CUT)
    assert answer.status == 200
    assert answer.json()["filename"] == plain.json()["filename"]
    assert "x-injected" not in answer.headers


@pytest.mark.parametrize("name", ["a" * 10_000, 'a"; filename="b', "a\r\nX-Injected: yes\r\n"])
def test_names_of_files_that_break_the_form(shared: Running, picture: bytes, name: str) -> None:
    answer = upload(shared, picture, CUT, name)
    assert answer.status in (200, 400)
    assert "x-injected" not in answer.headers


@pytest.mark.parametrize(
    "value", ["nan", "NaN", "inf", "-Infinity", "1e999", "-1", "-0.001", "10.001", "x", "1,5", "٣"]
)
def test_numbers_that_are_none_or_too_large(shared: Running, picture: bytes, value: str) -> None:
    for target, field in ((CUT, "feather"), (CUT, "featherRadius"), (V1, "feather")):
        answer = upload(shared, picture, target, "a.png", part(field, value if value != "10.001" else "1001"))
        assert (answer.status, answer.code) == (422, "invalid_value")
        assert answer.json()["error"].startswith(f"{field}: ")


@pytest.mark.parametrize(("value", "status"), [("true", 200), ("no", 200), ("maybe", 422), ("2", 422), ("ja", 422)])
def test_yes_and_no(shared: Running, picture: bytes, value: str, status: int) -> None:
    assert upload(shared, picture, V1, "a.png", part("crop", value)).status == status


@pytest.mark.parametrize("field", ["model", "backgroundColor", "feather", "method"])
def test_fields_that_are_no_text(shared: Running, picture: bytes, field: str) -> None:
    for value in (b"\xff\xfe\x80", b"\0", b"\xed\xa0\x80", b"\x1b[2J"):
        answer = upload(shared, picture, CUT, "a.png", part(field, value))
        assert (answer.status, answer.code) in ((422, "invalid_value"), (400, "unknown_model"))


def test_a_field_given_twice(shared: Running, picture: bytes) -> None:
    answer = upload(shared, picture, CUT, "a.png", part("feather", "1"), part("feather", "nonsense"))
    assert (answer.status, answer.code) == (422, "invalid_value")


@pytest.mark.parametrize("strokes", ["[" * 100_000, "x", "{}", '[{"action": "add"}]', '[{"\\ud800": 1}]', "[NaN]"])
def test_strokes_that_are_none(shared: Running, picture: bytes, strokes: str) -> None:
    answer = upload(shared, picture, V1, "a.png", part("strokes", strokes))
    assert (answer.status, answer.code) == (422, "invalid_value")
    assert "strokes" in answer.json()["error"]


def test_a_complaint_does_not_repeat_what_fills_pages(shared: Running, picture: bytes) -> None:
    strokes = json.dumps([{"x" * 100_000: 1, "action": "add", "points": [[1, 1]], "radius": 1}])
    answer = upload(shared, picture, V1, "a.png", part("strokes", strokes))
    assert answer.status == 422
    assert len(answer.body) < 5000


@pytest.mark.parametrize(
    "value",
    [
        "/etc/passwd",
        "../x.png",
        "./red",
        "x.png",
        "file:///etc/passwd",
        "http://127.0.0.1/x.png",
        "blur:/etc/passwd",
        "blur:x.png",
        "blur:nan",
        "blur:-1",
        "blur:1001",
        "blur:1e9",
        "~",
        "~/x.png",
        "\\\\server\\share\\x.png",
        "C:\\x.png",
        "x.png\0",
        "red\n",
        " red",
        "#12",
        "#12345",
        "12345678a",
        "",
        ".",
    ],
)
def test_a_background_is_a_word_and_never_a_path(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: bytes
) -> None:
    # Where the command line would find one.
    monkeypatch.chdir(tmp_path)
    for name in ("x.png", "red", "12345", "12345678a"):
        (tmp_path / name).write_bytes(picture)
    looked = []

    class Looking(PosixPath):
        def is_file(self) -> bool:
            looked.append(self)
            return super().is_file()

    monkeypatch.setattr("cleancut.background.Path", Looking)
    for kind in (Background, ColourName):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(value)
    assert not looked


@pytest.mark.parametrize("value", ["red", "Red", "fff", "#FFCC00", "beef", "12345678"])
def test_a_colour_stays_one_although_a_file_is_called_so(
    shared: Running, picture: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    plain = upload(shared, picture, V1, "a.png", part("background", value)).body
    monkeypatch.chdir(tmp_path)
    (tmp_path / value).write_bytes(picture)
    (tmp_path / value.lower()).write_bytes(picture)
    shared.service.storage.erase("local")
    assert upload(shared, picture, V1, "a.png", part("background", value)).body == plain


def test_no_field_of_a_form_takes_the_path_of_a_picture(shared: Running, picture: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(picture)
    for name in CutoutForm.model_fields:
        for said in (str(path), f"file://{path}"):
            answer = upload(shared, picture, V1, "a.png", part(name, said))
            assert answer.status in (400, 403, 422), name
            assert answer.code in ("invalid_value", "unknown_model", "url_not_allowed"), name
    for name in ("backgroundColor", "model", "method"):
        assert upload(shared, picture, CUT, "a.png", part(name, str(path))).status in (400, 422)
    for name in ("backgroundColor", "backgroundImage", "foregroundImage"):
        fields_ = {"foregroundImage": part("foregroundImage", picture, "a.png")} | {name: part(name, str(path))}
        answer = post(shared.port, "/api/add-background", FORM, body=form(*fields_.values()))
        assert (answer.status, answer.code) in ((422, "invalid_value"), (400, "bad_request")), name


def test_clients_choose_neither_the_device_nor_the_arithmetic(shared: Running, picture: bytes) -> None:
    assert not {"device", "precision"} & set(CutoutForm.model_fields)
    assert upload(shared, picture, V1).headers["x-cleancut-precision"] == "fp32"
    for name, value in (("device", "cuda:7"), ("precision", "int8")):
        refused = upload(shared, picture, V1, "a.png", part(name, value))
        assert (refused.status, refused.code) == (422, "invalid_value")


@pytest.mark.parametrize("target", ["/api/v1/cutouts", "/api/v1/mattes"])
def test_a_misspelt_field_is_told_and_not_passed_over(shared: Running, picture: bytes, target: str) -> None:
    answer = upload(shared, picture, target, "a.png", part("bacground", "white"))
    assert (answer.status, answer.code) == (422, "invalid_value")
    assert answer.json()["error"].startswith("bacground: ")


def test_the_options_of_a_form_are_the_servers_where_it_says_nothing() -> None:
    settings = read_server_settings({"CLEANCUT_MODEL": "u2net", "CLEANCUT_DEVICE": "cpu"})
    made = asyncio.run(options_of(CutoutForm.model_validate({}), settings))
    assert (made.model, made.device) == ("u2net", "cpu")
    assert made == Options(model="u2net", device="cpu", precision=settings.precision)
    assert asyncio.run(options_of(RenderForm.model_validate({"feather": 3}), settings)).feather == 3
    assert asyncio.run(options_of(CutoutForm.model_validate({"model": "silueta"}), settings)).model == "silueta"


def test_forms_have_the_options_defaults() -> None:
    defaults = {each.name: each.default for each in fields(Options)}
    for name, field in CutoutForm.model_fields.items():
        if name in defaults and name != "model":
            assert field.default == defaults[name]


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,%%%", "not encoded", "YQ", "Y Q==", "\xe9", "data:image/png;base64"]
)
def test_a_data_url_that_is_none(text: str) -> None:
    with pytest.raises(Exception, match=r"image is (no base64|empty)") as raised:
        bytes_of_data_url(text, 1000, "image")
    assert text not in str(raised.value)


def test_a_data_url_is_held_to_the_limit_before_it_is_decoded() -> None:
    assert bytes_of_data_url("data:image/png;base64,YWJj", 3, "image") == b"abc"
    with pytest.raises(Exception, match="the limit is 3") as raised:
        bytes_of_data_url("!" * 1_000_000, 3, "image")
    assert type(raised.value).__name__ == "FileTooLarge"
