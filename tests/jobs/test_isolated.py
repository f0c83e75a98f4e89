"""Work in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cleancut.jobs import isolated
from cleancut.jobs.isolated import Crashed, Isolated, TooLong
from tests.fakes.doing import do
from tests.jobs.fleet import ROOT
from tests.server.wire import until


@pytest.fixture
def process() -> Iterator[Isolated]:
    made = Isolated(do, "context")
    yield made
    made.close()


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def is_running(pid: int) -> bool:
    """Whether it lives: what is dead is there until it is waited for."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_it_answers_in_another_process_that_stays(process: Isolated) -> None:
    assert process.pid is None
    first = process.call("pid", 30)
    assert first != os.getpid()
    assert process.call("pid", 30) == first == process.pid
    assert process.call("context", 30) == "context"


@pytest.mark.parametrize(("how", "told"), [("fault", "SIGSEGV"), ("kill", "SIGKILL"), ("leave", "exit code 7")])
def test_what_ends_the_process_is_told_and_the_next_call_has_a_new_one(process: Isolated, how: str, told: str) -> None:
    before = process.call("pid", 30)
    with pytest.raises(Crashed, match=told):
        process.call(how, 30)
    assert process.call("pid", 30) != before
    assert not is_there(before)


def test_what_ended_it_while_it_was_idle_is_not_for_the_next_call_to_answer_for(process: Isolated) -> None:
    pid = process.call("pid", 30)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_running(pid), "it is dead")
    assert process.call("pid", 30) != pid
    assert not is_there(pid)


def test_what_takes_too_long_is_ended(process: Isolated) -> None:
    pid = process.call("pid", 30)
    with pytest.raises(TooLong):
        process.call("hang", 0.2)
    assert not is_there(pid)
    assert process.call("context", 30) == "context"


def test_what_does_not_even_take_what_is_sent_is_ended(process: Isolated) -> None:
    pid = process.call("pid", 30)
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(TooLong):
        process.call("x" * 10_000_000, 0.5)
    assert time.monotonic() - began < 5
    assert process.call("context", 30) == "context"


def test_it_can_be_killed_while_it_is_called(process: Isolated) -> None:
    process.call("pid", 30)
    threading.Timer(0.3, process.kill).start()
    with pytest.raises(Crashed, match="SIGKILL"):
        process.call("hang", 30)


def test_closing_waits_for_nothing_and_can_be_followed_by_a_call(process: Isolated) -> None:
    pid = process.call("pid", 30)
    process.close()
    assert not is_there(pid)
    process.close()
    assert process.call("pid", 30) != pid


def test_after_many_calls_it_begins_anew(process: Isolated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_MOST_CALLS", 3)
    pids = [process.call("pid", 30) for _ in range(7)]
    assert len(set(pids)) == 3
    assert pids[:3] == [pids[0]] * 3


def test_ctrl_c_and_sigterm_are_for_who_began_it(process: Isolated) -> None:
    pid = process.call("pid", 30)
    for each in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, each)
    time.sleep(0.1)
    assert process.call("pid", 30) == pid


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux alone has it")
def test_it_goes_first_where_memory_is_short_and_last_where_time_is() -> None:
    process = Isolated(do, "context", nice=7)
    try:
        pid = process.call("pid", 30)
        assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "500"
        assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 7
    finally:
        process.close()


BEGINS = """
import sys
from cleancut.jobs.isolated import Isolated
from tests.fakes.doing import do
if __name__ == "__main__":
    process = Isolated(do, "")
    print(process.call("pid", 30), flush=True)
    process.call("hang" if sys.argv[1:] else "wait", 100)
"""


@pytest.mark.parametrize("words", [[], ["busy"]])
def test_it_does_not_outlive_who_began_it(words: list[str], tmp_path: Path) -> None:
    script = tmp_path / "begins.py"
    script.write_text(BEGINS)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    with subprocess.Popen(
        [sys.executable, str(script), *words], stdout=subprocess.PIPE, text=True, env=environment
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    # One that is busy ends after its picture.
    until(lambda: not is_there(pid), "it is gone", 10)
