"""Pictures under names that never change their meaning, and what caches are told of all that is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.server.calls import cut, expire, key, matte_of, objects, picture_of, refused
from tests.server.conftest import Running, Start


def test_a_picture_is_there_under_its_name_for_as_long_as_it_is_kept(start: Start, home: Path, picture: bytes) -> None:
    server = start(keep_seconds=900)
    made = cut(server, picture, format="webp")
    answer = server.http.get(made.headers["Content-Location"])
    assert answer.content == made.content
    assert answer.headers["Content-Type"] == "image/webp"
    age = re.fullmatch(r"private, max-age=(\d+), immutable", answer.headers["Cache-Control"])
    assert age is not None
    assert 800 < int(age[1]) <= 900, "no cache may keep it for longer than the server does"
    assert server.http.get(made.headers["Content-Location"]).headers["ETag"] == answer.headers["ETag"]
    expire(home)
    refused(server.http.get(made.headers["Content-Location"]), 404, "not_found")


@pytest.mark.parametrize("place", ["picture", "download", "matte", "photo"])
def test_who_has_it_is_told_so_without_being_sent_it_again(shared: Running, picture: bytes, place: str) -> None:
    said = matte_of(shared, picture).json()
    name = picture_of(shared, said["id"]).headers["Location"]
    url = {
        "picture": name,
        "download": name.replace("v1/results", "download"),
        "matte": said["matte"],
        "photo": said["matte"].replace("matte.png", "photo"),
    }[place]
    first = shared.http.get(url)
    etag = first.headers["ETag"]
    assert "immutable" in first.headers["Cache-Control"]
    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = shared.http.get(url, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b""), sent
        assert again.headers["ETag"] == etag
        assert "immutable" in again.headers["Cache-Control"]
    for sent in ('"other"', etag.strip('"'), ""):
        again = shared.http.get(url, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (200, first.content), sent
    expire(shared.home)
    refused(shared.http.get(url, headers={"If-None-Match": etag}), 404, "not_found")


def test_each_thing_has_a_tag_of_its_own(shared: Running, picture: bytes) -> None:
    said = matte_of(shared, picture).json()
    urls = [picture_of(shared, said["id"], feather=feather).headers["Location"] for feather in (1, 2)]
    urls += [said["matte"], said["matte"].replace("matte.png", "photo")]
    assert len({shared.http.get(url).headers["ETag"] for url in urls}) == 4


def test_a_deleted_picture_is_gone_and_its_matte_is_not(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    first, second = (picture_of(shared, id, feather=feather).headers["Location"] for feather in (1, 2))
    answer = shared.http.delete(first)
    assert (answer.status_code, answer.content) == (204, b"")
    refused(shared.http.get(first), 404, "not_found")
    refused(shared.http.delete(first), 404, "not_found")
    assert shared.http.get(second).status_code == 200
    assert picture_of(shared, id, feather=1).headers["X-Cleancut-Cache"] == "miss"


def test_what_is_no_picture_is_neither_shown_nor_deleted(shared: Running, picture: bytes) -> None:
    name = cut(shared, picture).headers["Content-Location"].rpartition("/")[2]
    others = [each.name for each in objects(shared.home) if each.name != name]
    assert len(others) == 4, "photo, matte and facts of both"
    for wrong in (*others, name.replace(".png", ".webp"), name.upper(), f"{name}.png", "..%2Fsecret", "x"):
        refused(shared.http.get(f"/api/v1/results/{wrong}"), 404, "not_found")
        refused(shared.http.delete(f"/api/v1/results/{wrong}"), 404, "not_found")
    assert len(objects(shared.home)) == 5


def test_a_picture_of_anothers_is_not_there(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    place = cut(server, picture, anna).headers["Content-Location"]
    etag = server.http.get(place, headers=anna).headers["ETag"]
    refused(server.http.get(place, headers=ben), 404, "not_found")
    refused(server.http.get(place, headers={**ben, "If-None-Match": etag}), 404, "not_found")
    refused(server.http.delete(place, headers=ben), 404, "not_found")
    refused(server.http.get(place), 401, "key_needed")
    assert server.http.get(place, headers=anna).status_code == 200
