"""Habits of the house."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

import cleancut
from cleancut.options import Options

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
ALL = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]


def test_the_public_names() -> None:
    assert sorted(cleancut.__all__) == [
        "CleancutError",
        "InputError",
        "Matte",
        "ModelError",
        "ModelSpec",
        "NoSubject",
        "OptionError",
        "Options",
        "OutputError",
        "Picture",
        "Remover",
        "Result",
        "__version__",
        "encode",
        "estimate_matte",
        "remove",
        "render",
        "unload",
    ]
    for name in cleancut.__all__:
        assert getattr(cleancut, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        cleancut.nonsense  # noqa: B018


@pytest.mark.parametrize("call", [cleancut.remove, cleancut.Remover])
def test_every_option_is_spelled_out_as_a_keyword(call: object) -> None:
    assert callable(call)
    parameters = inspect.signature(call).parameters
    spelled = {name: each.default for name, each in parameters.items() if each.kind is each.KEYWORD_ONLY}
    assert spelled == {each.name: each.default for each in fields(Options)}
    assert not any(each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in parameters.values())


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = (node.end_lineno or 0) - node.body[0].lineno + 1
            assert body <= 50, f"{node.name} has {body} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_settings_reads_the_environment(path: Path) -> None:
    # packages.py hands the environment that there is on to pip and npm.
    if path.name not in ("settings.py", "packages.py"):
        assert not re.search(r"\bos\.(environ|getenv)|import (environ|getenv)", path.read_text("utf-8"))
