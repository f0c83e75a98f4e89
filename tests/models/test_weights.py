from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cleancut.errors import WeightsUnavailable, WrongChecksum
from cleancut.models import store as store_module
from cleancut.models import weights as weights_module
from cleancut.models.sources import Partial
from cleancut.models.spec import LocalFile, Url, Weights
from cleancut.models.weights import Store, ensure, installed, remove, verify
from tests.fakes.bad_server import BadServer, Served
from tests.fakes.disk import fill_disk
from tests.fakes.weights import BYTES, OTHER, by_hand, kept, model, sha256, weights

ROOT = Path(__file__).parents[2]


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
    spec = model(weights(LocalFile(str(tmp_path / "mine.onnx"))))
    with pytest.raises(WeightsUnavailable, match=r"mine\.onnx: there is no such file") as failed:
        ensure(spec, Store(tmp_path / "home", mirror=server.url))
    assert failed.value.hint == "put the file there, or correct its place in models.toml"
    assert server.asked == []


def test_each_md5_is_computed_only_where_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(BYTES)
    assert store_module.digest(path, model(weights(Url("http://x.invalid/a")))).md5 is None
