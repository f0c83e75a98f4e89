"""The tables of the documentation are what the code says."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from benchmarks import tables

from cleancut import errors, settings
from cleancut.cli.main import EXIT_CODES
from cleancut.models.catalog import CATALOG
from cleancut.server.app import create_app
from cleancut.server.problems import REFUSALS, STATUS, STATUS_OF_CODE
from cleancut.server.settings import ServerSettings, read_server_settings, variable

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SERVERS = [each for each in fields(ServerSettings) if each.name != "core"]


def rows(name: str, first: str) -> list[list[str]]:
    """The rows of a page's tables whose first cell matches."""
    lines = (DOCS / name).read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if re.fullmatch(first, row[0])]


def test_the_table_of_models_is_the_catalogue() -> None:
    assert rows("models.md", "`[a-z0-9.-]+`") == [
        [
            f"`{spec.name}`",
            str(spec.input_size),
            spec.licence.name,
            "yes" if spec.licence.commercial else "no",
            spec.summary,
        ]
        for spec in CATALOG.values()
    ]


def test_every_setting_is_in_the_table() -> None:
    source = Path(settings.__file__).read_text("utf-8")
    told = {row[0].strip("`") for row in rows("settings.md", "`CLEANCUT_.*`")}
    assert told == {*re.findall(r"CLEANCUT_[A-Z0-9_]+", source), *(variable(each.name) for each in SERVERS)}


def shown(value: object) -> str:
    """A default as the table shows it."""
    if value in (None, ()):
        return "none"
    if isinstance(value, bool):
        return f"`{value:d}`"
    if isinstance(value, tuple):
        return f"`{';'.join(value)}`"
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def test_the_servers_settings_are_told_as_they_are() -> None:
    told = {row[0].strip("`"): row[1:] for row in rows("settings.md", "`CLEANCUT_.*`")}
    for each in SERVERS:
        assert told[variable(each.name)] == [each.metadata["help"], shown(each.default)]


def test_every_route_is_in_the_table() -> None:
    schema = create_app(read_server_settings()).openapi()
    first = {
        (method.upper(), path): each["description"].split("\n")[0]
        for path, methods in schema["paths"].items()
        for method, each in methods.items()
    }
    assert {(row[0], row[1].strip("`")): row[2] for row in rows("api.md", "GET|POST|DELETE")} == first


def test_every_refusal_of_the_server_is_in_the_table_with_its_status() -> None:
    told = rows("errors.md", "`[a-z_]+`")
    kinds = {row[0].strip("`"): (row[1], int(row[2])) for row in told if len(row) == 4}
    assert kinds == {each.code: (each.kind, STATUS_OF_CODE.get(each.code, STATUS[each.kind])) for each in all_errors()}
    assert {row[0].strip("`"): (int(row[1]), row[2]) for row in told if len(row) == 3} == REFUSALS


def all_errors(base: type[errors.CleancutError] = errors.CleancutError) -> list[type[errors.CleancutError]]:
    return [each for sub in base.__subclasses__() for each in (sub, *all_errors(sub))]


def test_every_error_is_in_the_table() -> None:
    table = {row[0].strip("`"): row[1] for row in rows("errors.md", "`[a-z_]+`") if len(row) == 4}
    assert table == {each.code: each.kind for each in all_errors()}


def test_every_exit_code_is_in_the_table() -> None:
    table = {row[2]: int(row[0]) for row in rows("errors.md", r"\d+") if row[2]}
    assert table == EXIT_CODES


@pytest.mark.parametrize("page", tables.pages())
def test_what_is_said_to_be_measured_is_what_was_measured(page: str) -> None:
    """Run python -m benchmarks.tables after a new measurement."""
    assert (DOCS / page).read_text("utf-8") == tables.rendered(page)


@pytest.mark.parametrize("page", sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md")]), ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
