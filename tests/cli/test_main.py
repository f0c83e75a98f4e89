"""The command as a whole."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from cleancut.cli.main import COMMANDS, EXIT_CODES, main
from tests.cli.conftest import Run

LISTED = re.findall(
    r"--[a-z-]+",
    """
    --model --quality --device --precision --background --format --channels --feather --edge-shift --translucency
    --clean --no-refine --no-decontaminate --invert --crop --crop-margin --canvas --padding --position --shadow
    --max-size --max-bytes --encode-quality --png-effort --metadata --existing --name --report --require-subject
    --jobs --json --allow-url
    """,
)
HEAVY = ("numpy", "onnxruntime", "PIL", "cv2", "httpx")


def loaded_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in ran.stderr.split()}


@pytest.mark.parametrize(
    "code",
    [
        "import cleancut; cleancut.__all__",
        "from cleancut.cli.main import main; main(['--help'])",
        "from cleancut.cli.main import main; main(['remove', '--help'])",
        "from cleancut.cli.main import main; main(['models', '--help'])",
        "from cleancut import Options; Options(background='transparent')",
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert not loaded_by(code) & set(HEAVY)


def test_the_check_above_can_fail() -> None:
    assert "numpy" in loaded_by("import cleancut; cleancut.remove")


def test_help_lists_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for name, (_, summary) in COMMANDS.items():
        assert name in text
        assert summary.split()[0] in text
    for code in {*EXIT_CODES.values(), 130}:
        assert str(code) in text


def test_every_listed_flag_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remove", "--help"]) == 0
    text = capsys.readouterr().out
    for flag in LISTED:
        assert re.search(rf"{flag}\b(?!-)", text), flag


@pytest.mark.parametrize("name", [name for name, (module, _) in COMMANDS.items() if module is None])
def test_a_planned_command_says_so(run: Run, name: str) -> None:
    ran = run(name, "anything", "--port", "8000")
    assert ran.code == 2
    assert f"cleancut {name} is not built yet" in ran.err


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    assert run("remvoe").code == 2


def test_the_version(run: Run) -> None:
    import cleancut

    ran = run("--version")
    assert ran.code == 0
    assert cleancut.__version__ in ran.out
