from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cleancut.errors import (
    CleancutError,
    HomeUnwritable,
    LicenceNotAccepted,
    UnknownModel,
    Unwritable,
    WeightsUnavailable,
    WrongChecksum,
)
from cleancut.models.bundle import export_bundle, import_bundle
from cleancut.models.licences import accept
from cleancut.models.spec import Licence, LocalFile, ModelSpec, Url, Weights
from cleancut.models.store import Store
from cleancut.models.weights import installed
from tests.fakes.disk import fill_disk
from tests.fakes.weights import BYTES, OTHER, model, sha256, weights

A = model(weights(Url("https://x.invalid/a")), name="a")
B = model(Weights(Url("https://x.invalid/b0"), "sha256:0"), weights(Url("https://x.invalid/b"), OTHER), name="b")
UNSTATED = model(Weights(Url("https://x.invalid/u"), None), name="a")
SPECS = {"a": A, "b": B}


@pytest.fixture
def here(tmp_path: Path) -> Store:
    """The machine with a network: both models are installed."""
    store = Store(tmp_path / "here")
    store.folder.mkdir(parents=True)
    store.file(A).write_bytes(BYTES)
    store.file(B).write_bytes(OTHER)
    return store


@pytest.fixture
def there(tmp_path: Path) -> Store:
    """The machine without."""
    return Store(tmp_path / "there")


def nothing_in(store: Store) -> bool:
    return not store.folder.exists() or all(each.suffix == ".lock" for each in store.folder.iterdir())


def entry(**changed: Any) -> dict[str, Any]:
    sha = sha256(BYTES).removeprefix("sha256:")
    return {"name": "a", "size": len(BYTES), "sha256": sha, "licence": "MIT", "source": "somewhere", **changed}


def bundle(path: Path, *members: tuple[str | tarfile.TarInfo, bytes], models: Any = None, mode: str = "w") -> Path:
    """A bundle as nobody's ``export_bundle`` would write it."""
    manifest = json.dumps({"models": [entry()] if models is None else models}).encode()
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in (("manifest.json", manifest), *members):
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            if info.isreg():
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def link(name: str, kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_there_and_back(here: Store, there: Store, tmp_path: Path) -> None:
    target = tmp_path / "new" / "b.tar"
    export_bundle([A, B, A], here, target)
    with tarfile.open(target, "r:") as tar:
        assert tar.getnames() == ["manifest.json", "a.onnx", "b.onnx"]
        content = tar.extractfile("manifest.json")
        assert content is not None
        assert json.load(content)["models"][0] == entry(source="not recorded")
    assert import_bundle(target, there, SPECS) == ["a", "b"]
    assert there.file(A).read_bytes() == BYTES
    found = installed(B, there)
    assert found is not None
    assert found.weights == B.weights[1]
    assert json.loads(there.stamp(B).read_text())["checksum"] == sha256(OTHER)
    assert {each.name for each in there.folder.iterdir() if each.suffix != ".lock"} == {
        "a.onnx", "a.json", "b.onnx", "b.json",
    }  # fmt: skip


def test_equal_weights_make_equal_bundles(here: Store, tmp_path: Path) -> None:
    export_bundle([A], here, tmp_path / "1.tar")
    here.file(A).touch()
    export_bundle([A], here, tmp_path / "2.tar")
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()


def test_only_verified_weights_are_exported(here: Store, tmp_path: Path) -> None:
    here.file(B).write_bytes(BYTES)
    with pytest.raises(WrongChecksum):
        export_bundle([A, B], here, tmp_path / "b.tar")
    here.file(B).unlink()
    with pytest.raises(WeightsUnavailable, match=r"b\.onnx"):
        export_bundle([A, B], here, tmp_path / "b.tar")
    with pytest.raises(WeightsUnavailable, match="file of your own"):
        export_bundle([model(Weights(LocalFile("x"), None))], here, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_a_full_disk_keeps_the_old_bundle(here: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b.tar").write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(Unwritable):
        export_bundle([A], here, tmp_path / "b.tar")
    assert {each.name for each in tmp_path.iterdir()} == {"here", "b.tar"}
    assert (tmp_path / "b.tar").read_bytes() == b"old"


def test_a_full_disk_at_the_import(there: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bundle(tmp_path / "b.tar", ("a.onnx", BYTES))
    fill_disk(monkeypatch, "member")
    with pytest.raises(HomeUnwritable) as failed:
        import_bundle(path, there, SPECS)
    assert "CLEANCUT_HOME" in failed.value.hint
    assert nothing_in(there)


def test_what_is_there_is_replaced_even_if_it_is_wrong(there: Store, tmp_path: Path) -> None:
    there.folder.mkdir(parents=True)
    there.file(A).write_bytes(OTHER)
    assert import_bundle(bundle(tmp_path / "b.tar", ("a.onnx", BYTES)), there, SPECS) == ["a"]
    assert installed(A, there) is not None


def test_all_or_nothing(there: Store, tmp_path: Path) -> None:
    models = [entry(), entry(name="b", sha256=sha256(OTHER).removeprefix("sha256:"))]
    path = bundle(tmp_path / "b.tar", ("a.onnx", BYTES), ("b.onnx", OTHER[::-1]), models=models)
    with pytest.raises(WrongChecksum, match=r"b\.onnx"):
        import_bundle(path, there, SPECS)
    assert nothing_in(there)


@pytest.mark.parametrize(
    ("data", "changed", "spec"),
    [
        (BYTES[::-1], {}, A),  # neither manifest nor catalogue
        (OTHER, {"sha256": sha256(OTHER).removeprefix("sha256:")}, A),  # as the manifest says, not the catalogue
        (BYTES, {"sha256": "0" * 64}, A),  # as the catalogue says, not the manifest
        (BYTES, {"size": 1}, A),
        (BYTES[::-1], {}, UNSTATED),
    ],
)
def test_wrong_bytes(there: Store, tmp_path: Path, data: bytes, changed: dict[str, Any], spec: ModelSpec) -> None:
    path = bundle(tmp_path / "b.tar", ("a.onnx", data), models=[entry(**changed)])
    with pytest.raises(WrongChecksum):
        import_bundle(path, there, {"a": spec})
    assert nothing_in(there)


def test_where_the_catalogue_knows_no_checksum_the_manifest_serves(there: Store, tmp_path: Path) -> None:
    assert import_bundle(bundle(tmp_path / "b.tar", ("a.onnx", BYTES)), there, {"a": UNSTATED}) == ["a"]
    found = installed(UNSTATED, there)
    assert found is not None
    assert found.source == "somewhere"


EVIL: list[tuple[str | tarfile.TarInfo, bytes]] = [
    ("../evil.onnx", BYTES),
    ("/tmp/evil.onnx", BYTES),
    ("sub/a.onnx", BYTES),
    ("..\\evil.onnx", BYTES),
    ("unlisted.onnx", BYTES),
    ("a.onnx", BYTES),  # twice
    (link("x.onnx", tarfile.SYMTYPE, "/etc/passwd"), b""),
    (link("x.onnx", tarfile.LNKTYPE, "a.onnx"), b""),
    (link("x", tarfile.DIRTYPE, ""), b""),
    (link("x", tarfile.FIFOTYPE, ""), b""),
]


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_members_that_no_bundle_has(there: Store, tmp_path: Path, evil: tuple[str | tarfile.TarInfo, bytes]) -> None:
    path = bundle(tmp_path / "b.tar", ("a.onnx", BYTES), evil)
    with pytest.raises(WeightsUnavailable, match="is no bundle of weights") as refused:
        import_bundle(path, there, SPECS)
    elsewhere = isinstance(evil[0], str) and evil[0] != "unlisted.onnx"
    assert ("land elsewhere or is there twice" in str(refused.value)) is elsewhere
    assert nothing_in(there)
    assert {each.name for each in tmp_path.iterdir()} <= {"b.tar", "there"}


def test_a_link_in_place_of_weights(there: Store, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(BYTES)
    path = bundle(tmp_path / "b.tar", (link("a.onnx", tarfile.SYMTYPE, str(tmp_path / "secret")), b""))
    with pytest.raises(WeightsUnavailable, match="no regular file"):
        import_bundle(path, there, SPECS)


def test_names_that_point_elsewhere(there: Store, tmp_path: Path) -> None:
    path = bundle(tmp_path / "b.tar", ("a.onnx", BYTES), models=[entry(name="../a")])
    with pytest.raises(CleancutError):
        import_bundle(path, there, SPECS)
    assert nothing_in(there)


@pytest.mark.parametrize("specs", [{}, {"a": model(Weights(LocalFile("/x/mine.onnx"), None), name="a")}])
def test_unknown_models(there: Store, tmp_path: Path, specs: dict[str, ModelSpec]) -> None:
    with pytest.raises(UnknownModel, match="'a'"):
        import_bundle(bundle(tmp_path / "b.tar", ("a.onnx", BYTES)), there, specs)
    assert nothing_in(there)


def test_the_licence_is_asked_for(there: Store, tmp_path: Path) -> None:
    gated = model(A.weights[0], name="a", licence=Licence("X", commercial=True, url="https://x.invalid", gated=True))
    path = bundle(tmp_path / "b.tar", ("a.onnx", BYTES))
    with pytest.raises(LicenceNotAccepted) as refused:
        import_bundle(path, there, {"a": gated})
    assert f"`cleancut models import {path} --accept-licence`" in refused.value.hint
    assert nothing_in(there)
    accept(gated, there)
    assert import_bundle(path, there, {"a": gated}) == ["a"]


def test_licences_are_accepted_where_they_ask_for_it(there: Store, tmp_path: Path) -> None:
    gated = model(A.weights[0], name="a", licence=Licence("X", commercial=True, url="https://x.invalid", gated=True))
    path = bundle(tmp_path / "b.tar", ("a.onnx", BYTES))
    import_bundle(path, there, SPECS, accept_licence=True)
    assert not (there.home / "licences.json").exists()
    import_bundle(path, there, {"a": gated}, accept_licence=True)
    assert list(json.loads((there.home / "licences.json").read_text())) == ["a"]


@pytest.mark.parametrize(
    "models",
    ["x", [1], [{}], [{"name": "a"}], [entry(), entry()], [entry(name=["a"])], [entry(size="1")]],
    ids=range(7),
)
def test_manifests_that_say_nothing(there: Store, tmp_path: Path, models: Any) -> None:
    with pytest.raises(WeightsUnavailable, match=r"manifest\.json"):
        import_bundle(bundle(tmp_path / "b.tar", ("a.onnx", BYTES), models=models), there, SPECS)


def _truncated(path: Path) -> None:
    bundle(path, ("a.onnx", BYTES))
    path.write_bytes(path.read_bytes()[:20_000])


def _without_manifest(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("a.onnx"))


NO_BUNDLES: dict[str, Callable[[Path], object]] = {
    "truncated": _truncated,
    "no manifest": _without_manifest,
    "no tar": lambda path: path.write_bytes(BYTES),
    "empty": lambda path: path.write_bytes(b""),
    # A few kilobytes could unfold to fill the disk.
    "compressed": lambda path: bundle(path, ("a.onnx", BYTES), mode="w:gz"),
    "missing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("kind", NO_BUNDLES)
def test_files_that_are_no_bundle(there: Store, tmp_path: Path, kind: str) -> None:
    NO_BUNDLES[kind](tmp_path / "b.tar")
    with pytest.raises(WeightsUnavailable, match=r"b\.tar"):
        import_bundle(tmp_path / "b.tar", there, SPECS)
    assert nothing_in(there)
