"""Servers under load: what is counted as what, on servers of which it is known."""

from __future__ import annotations

import io
import json
import shlex
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cleancut.bench import load as loads
from cleancut.bench.load import Loaded, Target, Trial, ours, parse, trial, unseen
from cleancut.bench.report import load_lines
from cleancut.bench.row import in_a_row
from cleancut.errors import InferenceFailed, OptionError
from tests.fakes.tiny_model import photo as drawn
from tests.fakes.tiny_model import write_tiny_model
from tests.pictures import saved

# Answers a picture to every second request, refuses every third of the others, fails at the rest.
SERVER = """
import sys, itertools
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
numbers = itertools.count()
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.reply(404, "text/plain", b"")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        number = next(numbers)
        if number % 2 == 0:
            self.reply(200, "image/png", b"a picture")
        else:
            self.reply(503 if number % 3 == 0 else 500, "text/plain", b"")
    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): ...
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def loaded(
    waits: tuple[float, ...] = (1.0,), held: tuple[int, ...] = (), lag: dict[str, float] | None = None
) -> Loaded:
    return Loaded("it", 100.0, 1.0, waits, 0, {}, 0, held, None, lag)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"no picture at all")
    return path


def test_answers_refusals_and_failures_are_told_apart(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "RAMP_S", 0.5)
    monkeypatch.setattr(loads, "bare_rate", lambda photos, keywords: 20.0)
    target = parse(f"it=file@/cut;model=m {shlex.join([sys.executable, '-c', SERVER, '{port}'])}")
    found = trial([photo], [target], clients=8, seconds=3.0, over=2.0, places=5, keywords={})
    (it,) = found.loaded
    asked = len(it.waits) + it.refused + sum(it.failed.values())
    assert asked + it.unsent == pytest.approx(3.0 * 40, abs=2)
    # A machine that is busy otherwise leaves some unsent. Of twelve requests six are answered, two refused, four fail;
    # the first of all is not counted.
    assert asked > 60
    assert len(it.waits) == pytest.approx(asked / 2, abs=2)
    assert it.refused == pytest.approx(asked / 6, abs=2)
    assert set(it.failed) == {"500"}
    assert it.rate == pytest.approx(len(it.waits) / 3.0, rel=0.25)
    assert len(it.held) >= 2
    assert min(it.held) > 1_000_000
    assert it.lag is None
    assert it.ended is None
    assert found.bare == (20.0, 20.0)
    assert found.bound == 5 / 20.0


def test_a_server_that_dies_under_the_load_is_told(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "RAMP_S", 0.1)
    monkeypatch.setattr(loads, "bare_rate", lambda photos, keywords: 10.0)
    dying = SERVER.replace("number = next(numbers)", "number = next(numbers)\n        if number == 9: os._exit(3)")
    target = parse(f"it=file@/cut {shlex.join([sys.executable, '-c', 'import os' + dying, '{port}'])}")
    (it,) = trial([photo], [target], clients=8, seconds=1.5, over=2.0, places=5, keywords={}).loaded
    assert it.ended == 3
    assert it.failed["ConnectError"] > 5
    assert "its process ended under the load, with 3" in "\n".join(load_lines(Trial((), 1, 1.0, 1, (1.0,), (it,))))


def test_a_server_that_ends_at_once_is_told(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "bare_rate", lambda photos, keywords: 1.0)
    with pytest.raises(InferenceFailed, match="it does not start"):
        trial([photo], [Target("it", (sys.executable, "-c", "", "{port}"), "/", "f")], 1, 1.0, 1.0, 1, {})


@pytest.mark.parametrize("text", ["it", "it=file@/x", "it=@/x y {port}", "it=file@x y {port}", "=f@/x y {port}"])
def test_a_peer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="is no server"):
        parse(text)


def test_a_peer_is_its_name_its_form_and_its_command() -> None:
    found = parse("rembg=file@/api/remove;model=u2netp;a=b rembg s --port {port}")
    assert found == Target(
        "rembg", ("rembg", "s", "--port", "{port}"), "/api/remove", "file", (("model", "u2netp"), ("a", "b"))
    )


def test_ours_is_the_command_that_people_type() -> None:
    assert ours({"model": "u2netp"}).command[3:] == ("cleancut", "serve", "--port", "{port}", "--model", "u2netp")


def test_shares_of_the_waits() -> None:
    waits = tuple(float(each) for each in range(100, 0, -1))
    assert loaded(waits).wait(0.95) == 96.0
    assert loaded(waits).wait(0.5) == 51.0
    assert loaded((), ()).wait(0.95) == 0.0


def test_growth_is_of_what_follows_the_first_minute() -> None:
    assert loaded(held=(100,) * 59 + (120,) + (126, 90)).growth == 1.05
    assert loaded(held=(100,) * 60).growth is None


def test_the_lag_is_the_bound_that_a_share_keeps() -> None:
    lag = {"0.001": 50.0, "0.005": 98.0, "0.05": 99.0, "+Inf": 100.0}
    assert loaded(lag=lag).lag_within(0.99) == 0.05
    assert loaded(lag=lag).lag_within(0.5) == 0.001
    assert loaded().lag_within(0.99) is None


def test_the_lines_say_what_was_promised() -> None:
    found = Trial(("a.jpg",), 32, 2.0, 19, (1.0, 1.0), (loaded((1.0, 2.0), (100,) * 60 + (101,), {"+Inf": 1.0}),))
    text = "\n".join(load_lines(found))
    assert "the waiting room implies 19.0 s" in text
    assert "1.010 times" in text
    assert "(1.00 of the pipeline alone)" in text


def test_the_pipeline_alone_tells_its_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_model(tmp_path / "home")
    monkeypatch.setenv("CLEANCUT_HOME", str(tmp_path / "home"))
    path = tmp_path / "a.png"
    path.write_bytes(saved(drawn(), "PNG"))
    monkeypatch.setattr("cleancut.bench.bare.SECONDS", 0.5)
    said: list[str] = []
    monkeypatch.setattr("sys.stdout.write", said.append)
    from cleancut.bench import bare

    bare.main(json.dumps({"model": "tiny"}), str(path))
    assert json.loads(said[0])["rate"] > 2


def test_requests_in_a_row_tell_the_memory_after_each(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    always = SERVER.replace("number % 2 == 0", "True")
    target = parse(f"it=file@/cut {shlex.join([sys.executable, '-c', always, '{port}'])}")
    told: list[int] = []
    found = in_a_row([photo], target, 6, lambda: told.append(1))
    assert len(found.seconds) == len(found.held) == len(told) == 6
    assert all(each and each > 1_000_000 for each in found.held)


def test_a_row_ends_at_the_first_request_that_fails(photo: Path) -> None:
    target = parse(f"it=file@/cut {shlex.join([sys.executable, '-c', SERVER, '{port}'])}")
    with pytest.raises(InferenceFailed, match="answered 500 to request 1"):
        in_a_row([photo], target, 6)


def test_no_photo_is_sent_twice_not_even_by_another_run() -> None:
    photos = [saved(drawn(), "PNG"), saved(drawn(), "JPEG")]
    sent = [each for run in (unseen(photos), unseen(photos)) for each in islice(run, 6)]
    assert len(set(sent)) == 12
    assert all(each.startswith(photos[number % 2]) for number, each in enumerate(sent))
    opened = Image.open(io.BytesIO(sent[1]))
    assert np.array_equal(np.asarray(opened), np.asarray(Image.open(io.BytesIO(photos[1]))))
