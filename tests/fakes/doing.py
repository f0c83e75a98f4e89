"""What a process apart is told to do in tests."""

from __future__ import annotations

import os
import signal
import time


def do(what: str, context: str) -> object:
    if what == "fault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "leave":
        os._exit(7)
    if what in ("hang", "wait"):
        time.sleep(2 if what == "wait" else 4)
    return os.getpid() if what == "pid" else context
