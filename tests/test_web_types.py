"""What the page knows of the API is what the API is."""

from __future__ import annotations

from pathlib import Path

from make import Node
from scripts.web_types import OPENAPI, TYPES, described, write_types

from tests.web import node  # noqa: F401

STALE = "the API has changed: run scripts/types"


def test_the_description_is_the_servers_own() -> None:
    assert OPENAPI.read_text("utf-8") == described(), STALE


def test_the_types_are_made_of_the_description(node: Node, tmp_path: Path) -> None:  # noqa: F811
    write_types(OPENAPI, tmp_path / "schema.d.ts")
    assert TYPES.read_text("utf-8") == (tmp_path / "schema.d.ts").read_text("utf-8"), STALE
