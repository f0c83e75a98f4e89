from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cleancut.models.catalog import CATALOG
from cleancut.quantisation import ranges
from cleancut.quantisation.ranges import _TABLES, has_ranges, ranges_of
from tests.fakes.engines import fake_spec
from tests.quantisation.tables import write_table

TABLES = sorted(each.name.removesuffix(".json") for each in _TABLES.iterdir())


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    ranges._read.cache_clear()
    yield
    ranges._read.cache_clear()


def test_the_default_model_has_a_table_and_others_need_not() -> None:
    assert has_ranges(CATALOG["isnet-general"])
    assert not has_ranges(CATALOG["u2netp"])


def test_a_model_that_answers_no_shares_is_not_run_in_integers() -> None:
    # Its doubts could not be told.
    assert not has_ranges(replace(CATALOG["isnet-general"], activation="sigmoid"))


def test_a_table_is_for_the_model_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "_TABLES", tmp_path)
    write_table(tmp_path, "net")
    (tmp_path / "NET.json").write_text((tmp_path / "net.json").read_text())
    assert has_ranges(fake_spec(name="net"))
    assert not has_ranges(fake_spec(name="NET"))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_of_a_model_in_the_catalogue_and_tells_how_it_was_made(name: str) -> None:
    content = json.loads((_TABLES / f"{name}.json").read_text("utf-8"))
    assert content["model"] == name
    assert content["photos"] >= 10
    assert 0.99 < content["quantile"] <= 1
    assert all(each.low <= 0 < each.high for each in ranges_of(CATALOG[name]))
