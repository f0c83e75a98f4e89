"""Work in a process of its own, so that a picture that ends it, or hangs, takes nothing else along.

Decoders and models are millions of lines of C and C++, and what is sent to them is a stranger's. The process does one
picture at a time, keeps its model, and ends by itself with the one that began it, however that ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# What leaks is given back then; beginning anew takes as long as some pictures.
_MOST_CALLS = 1000

# What has been told to end does so after its picture.
_END_S = 1.0

# Linux is to end this process where memory is short, rather than the service: 1000 would be "before all others".
_OOM_SCORE = "500"

Serve = Callable[..., Any]


class Crashed(Exception):
    """The process has ended without an answer; ``str`` says how."""


class TooLong(Exception):
    """There was no answer in time, and the process has been ended."""


class Isolated:
    """One such process, begun when it is first needed. One call at a time, from any thread."""

    def __init__(self, answer: Serve, *context: Any, nice: int = 0) -> None:
        """``answer(job, *context)`` is called there, and must be importable. ``nice``: how much others go first."""
        self._arguments = answer, nice, context
        self._lock = threading.RLock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._calls = 0

    def call(self, job: Any, seconds: float) -> Any:
        """What ``answer`` gives. Raises Crashed, TooLong."""
        with self._lock:
            if self._calls >= _MOST_CALLS:
                self.close()
            pipe = self._begun()
            self._calls += 1
            late = threading.Event()
            # Whatever takes so long: also sending, to a process that does not take what is sent.
            watch = threading.Timer(seconds, self._out_of_time, (late,))
            watch.daemon = True
            watch.start()
            try:
                pipe.send(job)
                return pipe.recv()
            except (EOFError, OSError):
                how = self._end()
                if late.is_set():
                    raise TooLong from None
                raise Crashed(how) from None
            finally:
                watch.cancel()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process else None

    def kill(self) -> None:
        """End it now; a call under way raises Crashed."""
        process = self._process
        if process is not None:
            process.kill()

    def _out_of_time(self, late: threading.Event) -> None:
        late.set()
        self.kill()

    def close(self) -> None:
        """Let it end. Another call begins a new one."""
        with self._lock:
            if self._pipe is not None:
                self._pipe.close()
            if self._process is not None:
                self._process.join(_END_S)
            self._end()

    def _begun(self) -> Connection:
        # It says nothing unless it is asked: what there is now is its end, of which the next call is not to blame.
        if self._pipe is not None and self._process is not None and wait([self._pipe, self._process.sentinel], 0):
            self._end()
        if self._pipe is None:
            # Not a fork: a copy of a process with threads is undefined, and would hold its sockets open.
            spawn = multiprocessing.get_context("spawn")
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_serve, args=(theirs, *self._arguments), daemon=True)
            try:
                process.start()
            except BaseException:
                ours.close()
                raise
            finally:
                # Theirs alone: so that each sees when the other is no more.
                theirs.close()
            self._pipe, self._process, self._calls = ours, process, 0
        return self._pipe

    def _end(self) -> str:
        """Have it gone, whatever it does; how it ended."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is None:
            return ""
        # Dying by itself takes a moment longer than its pipe.
        process.join(_END_S)
        process.kill()
        process.join()
        return _told(process.exitcode)


def _told(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"


def _serve(pipe: Connection, answer: Serve, nice: int, context: tuple[Any, ...]) -> None:
    """Answer until the other end is closed."""
    # Ctrl-C goes to all processes of a terminal, and SIGTERM often to all of a service: who began this one decides.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(nice)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(answer(pipe.recv(), *context))
