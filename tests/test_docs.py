"""The tables of the documentation are what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from benchmarks import tables

from cleancut import errors, settings
from cleancut.cli.main import EXIT_CODES
from cleancut.models.catalog import CATALOG

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


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
    assert {row[0].strip("`") for row in rows("settings.md", "`CLEANCUT_.*`")} == set(
        re.findall(r"CLEANCUT_[A-Z0-9_]+", source)
    )


def all_errors(base: type[errors.CleancutError] = errors.CleancutError) -> list[type[errors.CleancutError]]:
    return [each for sub in base.__subclasses__() for each in (sub, *all_errors(sub))]


def test_every_error_is_in_the_table() -> None:
    table = {row[0].strip("`"): row[1] for row in rows("errors.md", "`[a-z_]+`")}
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
