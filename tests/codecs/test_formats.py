"""Warnings that are dropped while a picture is read, and no others."""

from __future__ import annotations

import subprocess
import sys

# Emptied when Python ends, a module takes with it what still has something to say.
LATE = """
import warnings
from cleancut.codecs import formats
class Late:
    def __del__(self, warn=warnings.warn):
        warn("too late", ResourceWarning)
with formats.quietly():
    warnings.warn("while reading")
formats.late = Late()
"""


def test_nothing_is_said_when_python_ends() -> None:
    ran = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)
    assert ran.stderr == ""
