from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cleancut.errors import HomeUnwritable, LicenceNotAccepted, WeightsUnavailable, WrongChecksum
from cleancut.models.spec import Licence, ModelSpec, Url, Weights
from cleancut.models.weights import Store, ensure, installed, verify
from tests.fakes.bad_server import BadServer, Served
from tests.fakes.disk import fill_disk
from tests.fakes.weights import BYTES, OTHER, by_hand, kept, model, sha256, weights

ROOT = Path(__file__).parents[2]


# --- sources -----------------------------------------------------------------------------------------------------


def test_the_next_source_is_tried(server: BadServer, store: Store) -> None:
    wrong = weights(Url(server.serve("/wrong", Served(OTHER))))
    good = weights(Url(server.serve("/good", Served(BYTES))))
    spec = model(weights(Url(server.url + "/none")), wrong, good)
    found = ensure(spec, store)
    assert (found.weights, found.source) == (good, server.url + "/good")
    assert installed(spec, store) == found
    assert [each.path for each in server.asked] == ["/none", "/wrong", "/good"]
    assert kept(store) == {"toy.onnx", "toy.json"}


def test_the_error_names_every_source_and_the_way_out(server: BadServer, tmp_path: Path) -> None:
    store = Store(tmp_path / "home", mirror=server.url.replace("//", "//me:secret@") + "/mirror/")
    html = Served(b"<html>", headers={"Content-Type": "text/html"})
    spec = model(
        weights(Url(server.serve("/wrong", Served(OTHER)))),
        weights(Url(server.serve("/html", html))),
        Weights(Url(server.serve("/unstated", Served(BYTES))), None),
    )
    with pytest.raises(WeightsUnavailable) as failed:
        ensure(spec, store)
    assert str(failed.value).splitlines() == [
        "the weights of toy could not be fetched:",
        f"  - mirror {server.url}/mirror/toy.onnx: answered 404 Not Found",
        f"  - {server.url}/wrong: wrong checksum: its SHA-256 is {hashlib.sha256(OTHER).hexdigest()}",
        f"  - {server.url}/html: answered a web page, perhaps a proxy's log-in page",
        f"  - {server.url}/unstated: states no checksum",
    ]
    for part in (
        "HTTPS_PROXY",
        "CLEANCUT_MODEL_MIRROR",
        "`cleancut models import BUNDLE`",
        str(store.folder / "toy.onnx"),
    ):
        assert part in failed.value.hint
    # What was wrong is thrown away: nothing is resumed from it.
    assert kept(store) == set()


def test_no_source_at_all(store: Store) -> None:
    with pytest.raises(WeightsUnavailable, match="no source is known"):
        ensure(model(), store)


@pytest.mark.parametrize("kind", ["http", "folder", "file url"])
def test_the_mirror_comes_first_and_may_serve_any_of_the_files(
    server: BadServer, store: Store, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "mir ror").mkdir()
    (tmp_path / "mir ror" / "toy.onnx").write_bytes(OTHER)
    server.serve("/m/toy.onnx", Served(OTHER))
    mirror = {
        "http": server.url + "/m",
        "folder": str(tmp_path / "mir ror"),
        "file url": (tmp_path / "mir ror").as_uri(),
    }
    spec = model(weights(Url(server.url + "/a")), weights(Url(server.url + "/b"), OTHER))
    seen: list[tuple[str, int, int | None]] = []
    found = ensure(spec, replace(store, mirror=mirror[kind]), lambda *told: seen.append(told))
    assert found.path.read_bytes() == OTHER
    assert found.weights == spec.weights[1]
    assert found.source.startswith("mirror ")
    assert [each.path for each in server.asked] == (["/m/toy.onnx"] if kind == "http" else [])
    assert seen[-1][1:] == (len(OTHER), len(OTHER))
    assert (tmp_path / "mir ror" / "toy.onnx").exists()


@pytest.mark.parametrize("content", [None, BYTES[::-1], b"short"])
def test_a_mirror_that_cannot_help(server: BadServer, store: Store, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "toy.onnx").write_bytes(content)
    spec = model(weights(Url(server.serve("/a", Served(BYTES)))))
    assert ensure(spec, replace(store, mirror=str(tmp_path))).source == server.url + "/a"
    assert kept(store) == {"toy.onnx", "toy.json"}


def test_a_mirrored_file_of_another_size_is_not_copied(store: Store, tmp_path: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(b"short")
    spec = model(weights(Url("http://127.0.0.1:9/a")))
    with pytest.raises(WeightsUnavailable, match=r"toy\.onnx: has 5 bytes instead of 40,000\n"):
        ensure(spec, replace(store, mirror=str(tmp_path)))


def test_a_cut_off_download_goes_on_in_the_next_run(server: BadServer, store: Store) -> None:
    served = Served(BYTES, cuts=99, after=0)
    spec = model(weights(Url(server.serve("/a", served))))
    served.after = 3000
    with pytest.raises(WeightsUnavailable, match="cut off after 12,000 bytes"):
        ensure(spec, store)
    assert {each.split(".", 2)[2] for each in kept(store)} == {"partial", "partial.etag"}
    served.cuts = 0
    assert ensure(spec, store).path.read_bytes() == BYTES
    assert server.asked[-1].headers["range"] == "bytes=12000-"
    assert kept(store) == {"toy.onnx", "toy.json"}


# --- a checksum that comes with the download ---------------------------------------------------------------------


def stated(server: BadServer, checksum: str) -> ModelSpec:
    server.serve("/file", Served(BYTES))
    return model(Weights(Url(server.redirect("/a", "/file", X_Linked_ETag=checksum.removeprefix("sha256:"))), None))


def test_the_publishers_word_at_the_download(server: BadServer, store: Store, tmp_path: Path) -> None:
    spec = stated(server, sha256(BYTES))
    # A mirror has nobody to vouch for it.
    (tmp_path / "toy.onnx").write_bytes(OTHER)
    found = ensure(spec, replace(store, mirror=str(tmp_path)))
    assert found.path.read_bytes() == BYTES
    assert installed(spec, store) == verify(spec, store) == found
    found.path.write_bytes(OTHER)
    with pytest.raises(WrongChecksum):
        installed(spec, store)


def test_the_publishers_word_against_the_file(server: BadServer, store: Store) -> None:
    with pytest.raises(WeightsUnavailable, match="wrong checksum") as failed:
        ensure(stated(server, sha256(OTHER)), store)
    assert "put the file at" not in failed.value.hint
    assert kept(store) == set()


def test_a_file_nobody_vouches_for(server: BadServer, store: Store) -> None:
    spec = stated(server, sha256(BYTES))
    by_hand(spec, store)
    with pytest.raises(WrongChecksum):
        ensure(spec, store)


# --- trouble -----------------------------------------------------------------------------------------------------


def test_the_licence_comes_before_any_request(server: BadServer, store: Store) -> None:
    licence = Licence("NC", commercial=False, url="https://x.invalid")
    spec = model(weights(Url(server.serve("/a", Served(BYTES)))), licence=licence)
    by_hand(spec, store)
    with pytest.raises(LicenceNotAccepted):
        ensure(spec, store)
    assert server.asked == []


@pytest.mark.parametrize("suffix", [".partial", ".part"])
def test_a_full_disk(server: BadServer, store: Store, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """While the download is written (.partial), and while its stamp is (.part)."""
    spec = model(weights(Url(server.serve("/a", Served(BYTES)))), weights(Url(server.serve("/b", Served(BYTES)))))
    fill_disk(monkeypatch, suffix)
    with pytest.raises(HomeUnwritable, match="No space left") as failed:
        ensure(spec, store)
    assert "CLEANCUT_HOME" in failed.value.hint
    assert [each.path for each in server.asked] == ["/a"]
    assert not {each for each in kept(store) if not (suffix == ".part" and ".partial" in each)}


def test_a_full_disk_under_a_copy(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy.onnx").write_bytes(BYTES)
    fill_disk(monkeypatch, "copy")
    with pytest.raises(HomeUnwritable, match="No space left"):
        ensure(model(weights(Url("http://x.invalid/a"))), replace(store, mirror=str(tmp_path)))
    assert kept(store) == set()


def test_a_home_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HomeUnwritable) as failed:
        ensure(model(weights(Url("http://127.0.0.1:9/a"))), Store(tmp_path / "file" / "home"))
    assert "CLEANCUT_HOME" in failed.value.hint


def test_ctrl_c_leaves_what_can_be_resumed_and_nothing_else(server: BadServer, store: Store, tmp_path: Path) -> None:
    spec = model(weights(Url(server.serve("/a", Served(BYTES, cuts=1, after=5000)))))

    def interrupt(what: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure(spec, store, interrupt)
    assert {each.split(".", 2)[2] for each in kept(store)} == {"partial", "partial.etag"}
    (tmp_path / "toy.onnx").write_bytes(BYTES)
    with pytest.raises(KeyboardInterrupt):
        ensure(spec, replace(store, mirror=str(tmp_path)), interrupt)
    assert {each.split(".", 2)[2] for each in kept(store)} == {"partial", "partial.etag"}
    ensure(spec, store)
    assert server.asked[-1].headers["range"] == "bytes=5000-"


def test_what_a_killed_process_left_is_swept_away(store: Store, tmp_path: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(BYTES)
    for name in (".toy.abcd_123.work", ".toy.2.abcd_123.work"):
        (store.folder / name).mkdir(parents=True)
        (store.folder / name / "junk").write_bytes(b"x")
    ensure(model(weights(Url("http://x.invalid/a"))), replace(store, mirror=str(tmp_path)))
    # The other one belongs to another model, toy.2, which may be at it.
    assert kept(store) == {"toy.onnx", "toy.json", ".toy.2.abcd_123.work"}


PULL = """
import sys
from pathlib import Path
from cleancut.models.spec import Url
from cleancut.models.weights import Store, ensure
from tests.fakes.weights import model, weights
print("ready", flush=True)
spec = model(weights(Url(sys.argv[2])))
told = lambda what, done, total: print(what, flush=True)
print("DONE", ensure(spec, Store(Path(sys.argv[1])), told).sha256, flush=True)
"""


def test_two_processes_fetch_once(server: BadServer, store: Store) -> None:
    gate = threading.Event()
    url = server.serve("/a", Served(BYTES, gate=gate))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    pulls = [
        subprocess.Popen(
            [sys.executable, "-c", PULL, str(store.home), url], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(2)
    ]
    lines: list[str] = []

    def listen(pull: subprocess.Popen[str]) -> None:
        assert pull.stdout is not None
        for line in pull.stdout:
            lines.append(line.strip())
            if line.startswith("waiting"):
                # Only now, so that the second one surely comes while the first is at it.
                gate.set()

    threads = [threading.Thread(target=listen, args=(each,), daemon=True) for each in pulls]
    try:
        for each in threads:
            each.start()
        assert [each.wait(timeout=20) for each in pulls] == [0, 0]
        for each in threads:
            each.join(timeout=20)
    finally:
        gate.set()
        for pull in pulls:
            pull.kill()
            pull.communicate()
    assert lines.count(f"DONE {hashlib.sha256(BYTES).hexdigest()}") == 2
    assert "waiting for another process that has toy in hand" in lines
    assert [each.path for each in server.asked] == ["/a"]
