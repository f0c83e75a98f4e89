from __future__ import annotations

import json

import pytest

from cleancut.models.catalog import CATALOG
from cleancut.quantisation.ranges import _TABLES, has_ranges, ranges_of

TABLES = sorted(each.name.removesuffix(".json") for each in _TABLES.iterdir())


def test_the_default_model_has_a_table_and_others_need_not() -> None:
    assert has_ranges(CATALOG["isnet-general"])
    assert not has_ranges(CATALOG["u2netp"])


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_of_a_model_in_the_catalogue_and_tells_how_it_was_made(name: str) -> None:
    content = json.loads((_TABLES / f"{name}.json").read_text("utf-8"))
    assert content["model"] == name
    assert content["photos"] >= 10
    assert 0.99 < content["quantile"] <= 1
    ranges = ranges_of(CATALOG[name])
    assert all(low <= 0 < high for low, high in ranges.values())
