"""The ways in which a job's photos come: files, a ZIP, URLs, mattes; what is wrong with one, and with all of it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.fakes.bad_server import BadServer, Served
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.calls import matte_of, opened, refused
from tests.server.conftest import Running, Start
from tests.server.test_jobs import (
    JOBS,
    accepted,
    ended,
    items,
    lasting,
    listed,
    nothing_came_of_it,
    sent,
    stored,
    zipped,
)
from tests.server.wire import FORM, form, part, post

MOST = 200_000


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from lasting(tmp_path_factory.mktemp("home"), v1_max_bytes=MOST)


@pytest.fixture
def outside() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


@pytest.fixture
def idle(start: Start) -> Running:
    """A server that makes no pictures."""
    return start(job_workers=0, v1_max_bytes=MOST, job_bytes=1_000_000)


def of_size(width: int, height: int = 48) -> bytes:
    return saved(photo(height, width), "PNG")


def test_photos_of_all_kinds_come_in_order_and_have_names_of_their_own(making: Running, outside: BadServer) -> None:
    url = outside.serve("/shop/cat.png?size=l", Served(of_size(66)))
    nameless = outside.serve("/", Served(of_size(67)))
    matte = matte_of(making, of_size(68)).json()["id"]
    archive = zipped(("cat.png", of_size(62)), ("in/CAT.PNG", of_size(63)), ("in/cat.png", of_size(64)))
    images = ("cat.png", of_size(60)), ("cat.png", of_size(61)), ("../in\\cat.PNG", of_size(65))
    job = accepted(making, *images, archive=archive, url=[url, nameless], matte=matte)
    assert job["pictures"] == 9
    ended(making, job)
    found = items(making, job)
    assert [each["state"] for each in found] == ["done"] * 9, found
    assert [each["width"] for each in found] == [60, 61, 65, 62, 63, 64, 66, 67, 68]
    names = [each["name"] for each in found]
    assert names[:2] == ["cat.png", "cat-2.png"]
    assert names[2:5] == ["in/cat.PNG", "cat-3.png", "in/CAT-2.PNG"]
    assert names[6:] == ["cat-4.png", "picture", matte]
    assert len({each.casefold() for each in names}) == 9
    for each in found:
        assert opened(making.http.get(each["result"]).content).width == each["width"]


@pytest.mark.parametrize("way", ["image", "archive", "url", "matte"])
def test_each_way_suffices(making: Running, outside: BadServer, picture: bytes, way: str) -> None:
    parts: dict[str, Any] = {
        "image": {"image": ("a.png", picture)},
        "archive": {"archive": zipped(("a.png", picture))},
        "url": {"url": outside.serve("/a.png", Served(picture))},
        "matte": {"matte": matte_of(making, picture).json()["id"]},
    }
    job = ended(making, accepted(making, **parts[way]))
    assert (job["pictures"], job["done"]) == (1, 1)


def test_what_is_wrong_with_one_picture_is_told_of_it_alone(making: Running, picture: bytes) -> None:
    large = bytes(MOST + 1)
    nested = zipped(("a.png", picture))
    images = [
        ("good.png", picture), ("text.png", b"no picture"), ("large.png", large), ("short.png", picture[:300]),
        ("empty.png", b""),
    ]  # fmt: skip
    packed = zipped(
        ("p/text.png", b"no picture"), ("p/large.png", large), ("p/empty.png", b""), ("p/nested.zip", nested),
        ("p/nested.png", nested), ("p/good.png", picture),
    )  # fmt: skip
    job = ended(making, accepted(making, *images, archive=packed))
    found = {each["name"]: each for each in items(making, job)}
    codes = {name: (each["problem"] or {}).get("code") for name, each in found.items()}
    assert codes == {
        "good.png": None, "text.png": "not_an_image", "large.png": "file_too_large", "short.png": "damaged_image",
        "empty.png": "input_missing", "p/text.png": "not_an_image", "p/large.png": "file_too_large",
        "p/empty.png": "input_missing", "p/nested.zip": "nested_archive", "p/nested.png": "nested_archive",
        "p/good.png": None,
    }  # fmt: skip
    assert (job["state"], job["done"], job["failed"]) == ("done", 2, 9)
    for each in found.values():
        assert (each["result"] is None) == (each["state"] == "failed") == bool(each["problem"])
        for text in (each["problem"] or {}).values():
            assert text
            assert "CLEANCUT_" not in text
            assert "--" not in text
    refused(making.http.get(f"{JOBS}/{job['id']}/items/2/result"), 404, "not_found")
    for name in ("good.png", "p/good.png"):
        assert opened(making.http.get(found[name]["result"]).content).size == (160, 128)


def test_a_job_of_spoilt_pictures_alone_has_ended_when_it_is_accepted(idle: Running) -> None:
    job = accepted(idle, ("a.png", b""), ("b.png", bytes(MOST + 1)))
    assert (job["state"], job["waiting"], job["failed"]) == ("done", 0, 2)
    assert job["ended"]
    assert stored(idle.home) == []


def test_urls_that_lead_nowhere_or_inside_fail_by_themselves(
    making: Running, outside: BadServer, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleancut.jobs.pictures._FETCH_AGAIN_S", 0.01)
    good = outside.serve("/good.png", Served(picture))
    inside = outside.redirect("/inside.png", "http://10.0.0.1/a.png")
    large = outside.serve("/large.png", Served(bytes(MOST + 1)))
    flaky = outside.serve("/flaky.png", Served(picture, cuts=2, after=50, ranges=False))
    urls = [good, f"{outside.url}/away.png", inside, large, "http://169.254.169.254/a.png", flaky]
    job = ended(making, accepted(making, url=urls))
    found = [(each["name"], (each["problem"] or {}).get("code")) for each in items(making, job)]
    assert found == [
        ("good.png", None), ("away.png", "input_missing"), ("inside.png", "url_refused"),
        ("large.png", "file_too_large"), ("a.png", "url_refused"), ("flaky.png", None),
    ]  # fmt: skip
    asked = [each.path for each in outside.asked]
    assert (asked.count("/good.png"), asked.count("/away.png"), asked.count("/flaky.png")) == (1, 3, 3)


def test_a_matte_of_anothers_or_of_nobodys_is_refused_with_the_whole_job(idle: Running, picture: bytes) -> None:
    id = matte_of(idle, picture).json()["id"]
    refused(sent(idle, picture, matte=[id, id[::-1]]), 404, "not_found")
    nothing_came_of_it(idle)
    accepted(idle, matte=id)
    assert idle.http.delete(f"/api/v1/mattes/{id}").status_code == 204
    assert stored(idle.home) == ["1.source"], "the job has a photo of its own"


def linked() -> bytes:
    link = zipfile.ZipInfo("a.png")
    link.external_attr = 0o120777 << 16
    return zipped((link, b"/etc/passwd"))


def bomb() -> bytes:
    """A hundred files that unpack to ten megabytes each."""
    return zipped(*[(f"{each}.png", bytes(10_000_000)) for each in range(3)])


def lying() -> bytes:
    """A file that says to unpack to ten bytes, and unpacks to a million."""
    raw = zlib.compress(bytes(1_000_000), 9)[2:-4]
    told = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, 0, len(raw), 10, 5, 0)
    body = b"PK\3\4" + told + b"a.png" + raw
    entry = b"PK\1\2\x14\0" + told + struct.pack("<3H2I", 0, 0, 0, 0, 0) + b"a.png"
    return body + entry + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(body), 0)


def many() -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        for each in range(10_000):
            archive.writestr(f"{each}.png", b"x")
    return file.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped(("a.png", b"x" * 50)))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("archive", "status", "code"),
    [
        (zipped(("good.png", of_size(64)), ("../evil.png", b"x")), 422, "unsafe_archive"),
        (zipped(("good.png", of_size(64)), ("a/../../evil.png", b"x")), 422, "unsafe_archive"),
        (zipped(("good.png", of_size(64)), ("..\\evil.png", b"x")), 422, "unsafe_archive"),
        (zipped(("good.png", of_size(64)), ("/etc/evil.png", b"x")), 422, "unsafe_archive"),
        (zipped(("good.png", of_size(64)), ("C:\\evil.png", b"x")), 422, "unsafe_archive"),
        (linked(), 422, "unsafe_archive"),
        (many(), 413, "archive_too_large"),
        (bomb(), 413, "archive_too_large"),
        (encrypted(), 422, "bad_archive"),
        (zipped(), 422, "bad_archive"),
        (zipped(("__MACOSX/._a.png", b"x")), 422, "bad_archive"),
        (zipped(("a.png", of_size(64)))[:-30], 422, "bad_archive"),
        (b"no archive", 422, "bad_archive"),
        (b"", 422, "bad_archive"),
    ],
    ids=["up", "up-later", "backslash", "absolute", "drive", "link", "many", "bomb", "encrypted", "none", "beside",
         "cut", "text", "empty"],
)  # fmt: skip
def test_an_archive_that_attacks_is_refused_whole(idle: Running, archive: bytes, status: int, code: str) -> None:
    for images in ((), (of_size(80),)):
        refused(sent(idle, *images, archive=archive), status, code)
        nothing_came_of_it(idle)


def test_archives_within_and_entries_that_lie_fail_without_being_unpacked(making: Running) -> None:
    quine = zipped(("inner.zip", zipped(("innermost.zip", zipped(("a.png", of_size(64)))))))
    for archive, code in ((quine, "nested_archive"), (lying(), "damaged_image")):
        job = ended(making, accepted(making, archive=archive))
        (item,) = items(making, job)
        assert (job["failed"], item["problem"]["code"]) == (1, code)


def test_names_of_archives_that_are_alike_or_in_odd_encodings_are_kept_apart(making: Running) -> None:
    # What macOS does not flag, what an old DOS writes, and what is neither: put in place of what the library writes.
    odd = {f"{len(name)}".rjust(len(name), "-"): name for name in
           ("Käse.png".encode(), "Käse.png".encode("cp437"), b"\xff\xfe\x80old.png")}  # fmt: skip
    placed_as = ("a.png", "-twin", *odd)
    odd["-twin"] = b"a.png"
    data = zipped(*[(placed, of_size(60 + at)) for at, placed in enumerate(placed_as)])
    for placed, name in odd.items():
        data = data.replace(placed.encode(), name)
    job = ended(making, accepted(making, archive=data))
    found = items(making, job)
    assert [each["state"] for each in found] == ["done"] * 5, found
    assert [each["width"] for each in found] == [60, 61, 62, 63, 64]
    names = [each["name"] for each in found]
    assert names[:4] == ["a.png", "a-2.png", "Käse.png", "Käse-2.png"]
    assert names[4].endswith(".png")
    assert len({*names}) == 5


def test_names_of_files_that_attack_are_made_harmless(making: Running) -> None:
    evil = (b"../../etc/passwd", b"/etc/shadow", b"C:\\nul.png", "naïve\u202egnp.png".encode(), b"a" * 300 + b".png")
    parts = [part("image", of_size(60 + at), each) for at, each in enumerate(evil)]
    answer = post(making.port, JOBS, FORM, body=form(*parts))
    assert answer.status == 202, answer.body
    job = ended(making, answer.json())
    names = [each["name"] for each in items(making, job)]
    assert names[:2] == ["etc/passwd", "etc/shadow"]
    for name in names:
        assert not name.startswith(("/", "."))
        assert not {"..", "nul.png"} & set(name.split("/"))
        assert "\u202e" not in name
        assert max(map(len, name.encode().split(b"/"))) <= 255
    assert job["done"] == len(evil)


def test_a_hundred_files_are_taken_and_one_more_is_refused(idle: Running) -> None:
    small = saved(np.zeros((8, 8, 3), np.uint8), "PNG")
    assert accepted(idle, *[small] * 100)["pictures"] == 100
    refused(sent(idle, *[small] * 101), 422, "invalid_value")
    assert len(listed(idle)) == 1


def test_a_form_that_breaks_off_leaves_nothing(idle: Running, picture: bytes) -> None:
    whole = form(part("image", picture, "a.png"), part("image", picture, "b.png"))
    answer = post(idle.port, JOBS, FORM, body=whole[:-60])
    assert (answer.status, answer.code) == (400, "bad_request")
    nothing_came_of_it(idle)
