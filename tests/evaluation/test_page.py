from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cleancut.errors import OptionError
from cleancut.evaluation.page import page, worst_first
from tests.evaluation.sets import compared

MALICE = "<script>alert('x')</script>&\"onload=\"x"


class Tags(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    found = compared(folder, {"theirs": 18, MALICE: 20, "third": 19}, pictures=True)
    return page(found, MALICE).decode("utf-8")


def test_it_needs_nothing_beside_it(text: str) -> None:
    tags = Tags(text).found
    images = [attributes["src"] or "" for tag, attributes in tags if tag == "img"]
    # For each photo itself and its truth, and four views of each candidate.
    assert len(images) == 3 * (2 + 3 * 4)
    assert all(re.fullmatch(r"data:image/webp;base64,[A-Za-z0-9+/]+=*", source) for source in images)
    assert not re.search(r"https?://|url\(|@import", text)
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object"}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


def test_names_are_text_and_nothing_else(text: str) -> None:
    assert "<script" not in text
    assert "&lt;script&gt;alert(" in text


def test_it_shows_every_metric_of_every_candidate(text: str) -> None:
    for title in ("MAE", "band error", "band gradient", "S-measure ↑", "boundary IoU ↑", "connectivity"):
        assert f"<th>{title}</th>" in text
    assert "× 0." in text
    assert re.search(r"\+0\.\d{3} \[\+0\.\d{3}, \+0\.\d{3}\]", text)
    assert "position: sticky" in text


def test_the_worst_photo_of_the_first_other_candidate_comes_first(tmp_path: Path) -> None:
    # Each photo's disc is a little smaller than the one before, and all are too small.
    assert worst_first(compared(tmp_path / "1", {"theirs": 18, "other": 20})) == [2, 1, 0]
    # And where they are too large, the first is.
    assert worst_first(compared(tmp_path / "2", {"theirs": 18, "other": 24})) == [0, 1, 2]
    assert worst_first(compared(tmp_path / "3", {"theirs": 24})) == [0, 1, 2]


def test_without_jinja2_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(OptionError, match="jinja2, which is not installed") as caught:
        page(compared(tmp_path, {"theirs": 18}, pictures=True), "discs")
    assert caught.value.hint == "pip install 'cleancut[evaluate]'"
