from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cleancut.errors import LicenceNotAccepted, Unwritable, WeightsUnavailable, WrongChecksum
from cleancut.models import store as store_module
from cleancut.models import weights as weights_module
from cleancut.models.sources import Partial
from cleancut.models.spec import Licence, LocalFile, ModelSpec, Url, Weights
from cleancut.models.weights import Store, ensure, installed, remove, verify
from tests.fakes.bad_server import BadServer, Served
from tests.fakes.weights import BYTES, OTHER, model, sha256, weights
from tests.models.test_fetch import fill_disk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with BadServer() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def by_hand(spec: ModelSpec, store: Store, data: bytes = BYTES) -> Path:
    store.folder.mkdir(parents=True, exist_ok=True)
    path = store.file(spec)
    path.write_bytes(data)
    return path


def kept(store: Store) -> set[str]:
    """What lies in the folder, locks aside."""
    return {each.name for each in store.folder.iterdir() if each.suffix != ".lock"}


def no_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_module, "digest", lambda *_: pytest.fail("hashed again"))


# --- what is there -----------------------------------------------------------------------------------------------


def test_nothing_is_installed(store: Store) -> None:
    assert installed(model(weights(Url("http://x.invalid/a"))), store) is None


def test_fetched_weights_are_kept_with_their_stamp(
    server: BadServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.serve("/a.onnx", Served(BYTES))
    entry = replace(weights(Url(url)), precision="fp16", licence="its own")
    seen: list[tuple[str, int, int | None]] = []
    found = ensure(model(entry), store, lambda *told: seen.append(told))
    assert found.path == store.home / "models" / "toy.onnx"
    assert found.path.read_bytes() == BYTES
    assert (found.weights, found.source, found.size) == (entry, url, len(BYTES))
    assert f"sha256:{found.sha256}" == sha256(BYTES)
    assert seen[-1] == (f"toy from {url.split('/')[2]}", len(BYTES), len(BYTES))
    assert kept(store) == {"toy.onnx", "toy.json"}
    stamp = json.loads((store.folder / "toy.json").read_text())
    assert stamp.pop("fetched_at").startswith("20")
    assert stamp == {
        "source": url,
        "checksum": sha256(BYTES),
        "sha256": found.sha256,
        "size": len(BYTES),
        "mtime_ns": found.path.stat().st_mtime_ns,
        "licence": "its own",
        "precision": "fp16",
    }
    no_hashing(monkeypatch)
    assert installed(model(entry), store) == found
    assert ensure(model(entry), store) == found
    assert len(server.asked) == 1


def test_a_file_put_there_by_hand_is_verified_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = model(weights(Url("http://x.invalid/other"), OTHER), weights(Url("http://x.invalid/a")))
    by_hand(spec, store)
    found = ensure(spec, store)
    assert (found.weights, found.source) == (spec.weights[1], "not recorded")
    no_hashing(monkeypatch)
    assert installed(spec, store) == found


@pytest.mark.parametrize("data", [OTHER, BYTES[:-1], b""])
def test_a_wrong_file_is_refused_with_a_remedy(store: Store, data: bytes) -> None:
    spec = model(weights(Url("http://x.invalid/a")))
    path = by_hand(spec, store, data)
    for use in (installed, verify, ensure):
        with pytest.raises(WrongChecksum, match=re.escape(str(path))) as refused:
            use(spec, store)
        assert refused.value.hint == "run `cleancut models remove toy`, then `cleancut models pull toy`"
    assert kept(store) == {"toy.onnx"}


def test_a_changed_file_is_noticed(store: Store) -> None:
    spec = model(weights(Url("http://x.invalid/a")))
    path = by_hand(spec, store)
    assert installed(spec, store)
    path.write_bytes(OTHER)
    with pytest.raises(WrongChecksum):
        installed(spec, store)


def test_a_touched_file_is_hashed_once_and_keeps_its_source(
    server: BadServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = model(weights(Url(server.serve("/a", Served(BYTES)))))
    before = ensure(spec, store)
    os.utime(before.path, ns=(1, 1))
    assert installed(spec, store) == before
    no_hashing(monkeypatch)
    assert installed(spec, store) == before


def test_verify_hashes_even_what_looks_unchanged(store: Store) -> None:
    spec = model(weights(Url("http://x.invalid/a")))
    path = by_hand(spec, store)
    found = verify(spec, store)
    status = path.stat()
    path.write_bytes(BYTES[:-1] + b"\0")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert installed(spec, store) == found
    with pytest.raises(WrongChecksum):
        verify(spec, store)


def test_verify_without_weights(store: Store) -> None:
    with pytest.raises(WeightsUnavailable, match=r"toy\.onnx") as missing:
        verify(model(weights(Url("http://x.invalid/a"))), store)
    assert missing.value.hint == "run `cleancut models pull toy`"


def test_a_checksum_that_the_catalogue_changed(store: Store) -> None:
    by_hand(model(weights(Url("http://x.invalid/a"))), store)
    assert installed(model(weights(Url("http://x.invalid/a"))), store)
    with pytest.raises(WrongChecksum):
        installed(model(weights(Url("http://x.invalid/a"), OTHER)), store)


@pytest.mark.parametrize("stamp", [b"", b"[]", b'{"source": "x"}', b"\xff"])
def test_a_stamp_that_says_nothing(store: Store, stamp: bytes) -> None:
    spec = model(weights(Url("http://x.invalid/a")))
    by_hand(spec, store)
    (store.folder / "toy.json").write_bytes(stamp)
    assert installed(spec, store)
    assert json.loads((store.folder / "toy.json").read_bytes())["size"] == len(BYTES)


def test_a_folder_that_is_read_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = model(weights(Url("http://x.invalid/a")))
    by_hand(spec, store)
    fill_disk(monkeypatch, ".part")
    assert installed(spec, store)
    assert kept(store) == {"toy.onnx"}


def test_md5_where_a_publisher_states_nothing_better(server: BadServer, store: Store) -> None:
    md5 = hashlib.md5(BYTES, usedforsecurity=False).hexdigest()
    spec = model(Weights(Url(server.serve("/a", Served(BYTES))), f"md5:{md5.upper()}"))
    found = ensure(spec, store)
    assert f"sha256:{found.sha256}" == sha256(BYTES)
    with pytest.raises(WeightsUnavailable, match="wrong checksum"):
        ensure(model(Weights(Url(server.serve("/b", Served(OTHER))), f"md5:{md5}"), name="b"), store)


def test_weights_that_are_a_folder(store: Store) -> None:
    spec = model(weights(Url("http://x.invalid/a")))
    store.file(spec).mkdir(parents=True)
    with pytest.raises(WeightsUnavailable, match="cannot read the weights"):
        installed(spec, store)


def test_nothing_slow_is_imported_before_it_is_needed() -> None:
    code = "import sys, cleancut.models.bundle; print({'httpx', 'filelock', 'numpy'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


# --- sources -----------------------------------------------------------------------------------------------------


def test_the_next_source_is_tried(server: BadServer, store: Store) -> None:
    wrong = weights(Url(server.serve("/wrong", Served(OTHER))))
    good = weights(Url(server.serve("/good", Served(BYTES))))
    found = ensure(model(weights(Url(server.url + "/none")), wrong, good), store)
    assert (found.weights, found.source) == (good, server.url + "/good")
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
    mirror = {"http": server.url + "/m", "folder": str(tmp_path / "mir ror"), "file url": (tmp_path / "mir ror").as_uri()}
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
    with pytest.raises(Unwritable, match="No space left") as failed:
        ensure(spec, store)
    assert "CLEANCUT_HOME" in failed.value.hint
    assert [each.path for each in server.asked] == ["/a"]
    assert not {each for each in kept(store) if not (suffix == ".part" and ".partial" in each)}


def test_a_full_disk_under_a_copy(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy.onnx").write_bytes(BYTES)
    fill_disk(monkeypatch, "copy")
    with pytest.raises(Unwritable, match="No space left"):
        ensure(model(weights(Url("http://x.invalid/a"))), replace(store, mirror=str(tmp_path)))
    assert kept(store) == set()


def test_a_home_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unwritable) as failed:
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
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pulls = [
        subprocess.Popen(
            [sys.executable, "-c", PULL, str(store.home), url], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(2)
    ]
    try:
        lines = _wait_for_the_waiting(pulls, gate)
        for each in pulls:
            said, _ = each.communicate(timeout=20)
            assert f"DONE {hashlib.sha256(BYTES).hexdigest()}" in said
            assert each.returncode == 0
    finally:
        gate.set()
        for each in pulls:
            each.kill()
            each.communicate()
    assert "waiting for another process that has toy in hand" in lines
    assert [each.path for each in server.asked] == ["/a"]


def _wait_for_the_waiting(pulls: list[subprocess.Popen[str]], gate: threading.Event) -> list[str]:
    """Let the download go on as soon as one of the two says that it waits."""
    lines: list[str] = []
    waiting = threading.Event()

    def listen(pull: subprocess.Popen[str]) -> None:
        assert pull.stdout is not None
        while not waiting.is_set() and (line := pull.stdout.readline().strip()):
            lines.append(line)
            if line.startswith("waiting"):
                waiting.set()
                gate.set()
            elif line.startswith("toy from"):
                return

    threads = [threading.Thread(target=listen, args=(each,), daemon=True) for each in pulls]
    for each in threads:
        each.start()
    assert waiting.wait(timeout=20)
    for each in threads:
        each.join(timeout=20)
    return lines


# --- away with them ----------------------------------------------------------------------------------------------


def test_remove(server: BadServer, store: Store) -> None:
    spec = model(weights(Url(server.serve("/a", Served(BYTES)))))
    neighbour = by_hand(model(name="toy.2"), store)
    half = Partial(store.folder / "toy.2.0123456789ab.partial")
    half.path.write_bytes(b"x")
    assert remove(spec, store) is False
    ensure(spec, store)
    Partial(store.folder / "toy.0123456789ab.partial").restart('"v1"')
    assert remove(spec, store) is True
    assert kept(store) == {neighbour.name, half.path.name}
    assert installed(spec, store) is None
    assert remove(spec, Store(store.home / "nowhere")) is False


def test_remove_mends_a_wrong_file(server: BadServer, store: Store) -> None:
    spec = model(weights(Url(server.serve("/a", Served(BYTES)))))
    by_hand(spec, store, OTHER)
    assert remove(spec, store) is True
    assert ensure(spec, store).path.read_bytes() == BYTES


# --- a file of the user's own ------------------------------------------------------------------------------------


def test_an_own_file_is_used_where_it_lies(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "mine.onnx"
    own.write_bytes(BYTES)
    spec = model(Weights(LocalFile(str(own)), None))
    found = ensure(spec, store)
    assert (found.path, found.source, found.weights) == (own, str(own), spec.weights[0])
    with monkeypatch.context() as patched:
        no_hashing(patched)
        assert installed(spec, store) == found
    own.write_bytes(OTHER)
    changed = installed(spec, store)
    assert changed is not None
    assert f"sha256:{changed.sha256}" == sha256(OTHER)
    assert remove(spec, store) is False
    assert own.exists()


def test_an_own_file_with_a_checksum(store: Store, tmp_path: Path) -> None:
    own = tmp_path / "mine.onnx"
    own.write_bytes(OTHER)
    with pytest.raises(WrongChecksum) as refused:
        ensure(model(weights(LocalFile(str(own)))), store)
    assert "models.toml" in refused.value.hint


def test_an_own_file_that_is_missing(server: BadServer, tmp_path: Path) -> None:
    spec = model(Weights(LocalFile(str(tmp_path / "mine.onnx")), None))
    with pytest.raises(WeightsUnavailable, match=r"mine\.onnx: there is no such file") as failed:
        ensure(spec, Store(tmp_path / "home", mirror=server.url))
    assert failed.value.hint == "put the file there, or correct its place in models.toml"
    assert server.asked == []


def test_each_md5_is_computed_only_where_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(BYTES)
    assert store_module.digest(path, model(weights(Url("http://x.invalid/a")))).md5 is None
