"""``python -m cleancut``."""

from cleancut.cli.main import run

run()
