"""Changes by hand that hold for all pictures of a job."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from tests.pictures import saved
from tests.server.calls import cut, opened, pixels, refused
from tests.server.conftest import Running, Start
from tests.server.test_jobs import JOBS, accepted, ended, items, lasting, nothing_came_of_it, sent, stored
from tests.server.wire import until

STROKES = json.dumps([
    {"action": "remove", "points": [[80, 40], [90, 70]], "radius": 9.5, "hardness": 0.5},
    {"kind": "lasso", "action": "add", "points": [[5, 5], [40, 5], [40, 30]], "opacity": 0.5},
    {"kind": "grow", "action": "remove", "point": [60, 64], "reach": 0.4},
])  # fmt: skip


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from lasting(tmp_path_factory.mktemp("home"))


def test_strokes_are_made_on_each_picture(making: Running, picture: bytes) -> None:
    other = np.array(opened(picture))
    other[0, 0] = 7
    job = accepted(making, picture, saved(other, "PNG"), strokes=STROKES, channels="alpha")
    ended(making, job)
    for item in items(making, job):
        assert item["state"] == "done", item
        alpha = pixels(making.http.get(item["result"]).content)
        assert alpha[64, 60] == 0
        assert alpha[8, 35] == 128
        assert alpha[120, 150] == 0
    at_once = cut(making, picture, strokes=STROKES, channels="alpha")
    of_job = making.http.get(f"{JOBS}/{job['id']}/items/1/result")
    assert np.abs(pixels(of_job.content).astype(int) - pixels(at_once.content)).max() <= 1


def test_strokes_go_with_their_job(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)
    for end in ("cancel", "delete"):
        job = accepted(server, picture, strokes=STROKES)
        assert [each for each in stored(server.home) if "edits" in each]
        answer = server.http.delete(f"{JOBS}/{job['id']}") if end == "delete" else None
        answer = answer or server.http.post(f"{JOBS}/{job['id']}/cancel")
        assert answer.status_code in (200, 204), answer.text
        until(lambda: not [each for each in stored(server.home) if "edits" in each], "the strokes are gone")


def test_strokes_that_are_none_are_refused_with_the_whole_job(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)
    refused(sent(server, picture, strokes='[{"kind":"lasso"}]'), 422, "invalid_value")
    nothing_came_of_it(server)


def test_strokes_that_are_too_much_for_a_picture_fail_that_picture(making: Running, picture: bytes) -> None:
    wide = [{"action": "add", "points": [[0, 0], [160, 128]], "radius": 500}] * 310
    job = accepted(making, picture, strokes=json.dumps(wide))
    assert ended(making, job)["failed"] == 1
    (item,) = items(making, job)
    assert item["problem"]["code"] == "bad_option"
    assert "strokes" in item["problem"]["error"]
