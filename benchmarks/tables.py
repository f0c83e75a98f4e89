"""Tables of the documentation that show what was measured: made from ``results``, between two marks of a page.

``python -m benchmarks.tables`` writes them; a test holds the pages against them.
"""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import page_tables, speed_tables

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DOCS = ROOT / "docs"

_PRESETS = ("fast", "balanced", "best")
# Set, group of photos, metric, and what they are called.
_EDGES = (
    ("soft24", "right", "band_mae", "soft24, the 18 that rembg gets right: error in the unknown band"),
    ("soft24", "right", "band_gradient", "… gradient error there"),
    ("soft24", "missed", "mae", "soft24, the 6 that it misses: whole error"),
    ("highres", "all", "band_mae", "highres, 16 photos: error in the unknown band"),
    ("highres", "all", "band_gradient", "… gradient error there"),
    ("highres", "all", "mae", "… whole error"),
)


def edges() -> list[str]:
    """Errors as multiples of rembg's."""
    rows = []
    for dataset, group, metric, title in _EDGES:
        found = _result(f"edges-{dataset}")["groups"][group]["candidates"]
        cells = []
        for preset in _PRESETS:
            low, high = found[preset][metric]["ratio_interval"]
            cells.append(f"{found[preset][metric]['ratio']:.3f} [{low:.2f}, {high:.2f}]")
        rows.append([title, *cells])
    for dataset in ("soft24", "highres"):
        found = _result(f"edges-{dataset}")["groups"]["all"]["candidates"]
        rows.append([f"{dataset}, all: median whole error (rembg {found['rembg']['mae']['median']:.5f})"])
        rows[-1] += [f"{found[preset]['mae']['median']:.5f}" for preset in _PRESETS]
    return _table(["÷ rembg, with its 95 % interval", *_PRESETS], rows)


def colours() -> list[str]:
    """Colour errors in levels of 255, and seconds a photo."""
    rows = []
    for dataset in ("soft24", "highres"):
        verdicts = _result(f"colours-{dataset}")["verdicts"]
        of = {(each["background"], each["estimator"]): each for each in verdicts}
        for background in dict.fromkeys(each["background"] for each in verdicts):
            each = [of[background, name] for name in ("none", "pymatting", "cleancut")]
            errors = [f"{one['error']['value']:.2f}" for one in each]
            rows.append([f"{dataset}, {background}", *errors, f"{each[2]['seconds'] / each[1]['seconds']:.2f}"])
    return _table(["photos, background", "none", "pymatting", "cleancut", "its time ÷ pymatting's"], rows)


def int8() -> list[str]:
    """What int8 changes."""
    rows = []
    for dataset, half in itertools.product(("soft24", "highres"), ("all", "even half")):
        photos = _result(f"precision-{dataset}")["photos"][(half != "all") :: 1 + (half != "all")]
        differences = [each["difference"] for each in photos]
        errors = [statistics.mean(each[f"mae_{precision}"] for each in photos) for precision in ("fp32", "int8")]
        again = sum(each["asked_again"] > 0 for each in photos)
        rows.append(
            [
                f"{dataset}, {half}, {len(photos)} photos",
                f"{statistics.mean(differences):.5f}",
                f"{max(differences):.4f}",
                *(f"{each:.5f}" for each in errors),
                str(again),
            ]
        )
    head = ["set", "mean difference of the mattes", "largest", "error in fp32", "error in int8", "asked for again"]
    return _table(head, rows)


def jobs() -> list[str]:
    """What more servers and workers bring, and how soon jobs go on after ``kill -9``."""
    found = _result("jobs")["jobs"]
    rows, first = [], 0.0
    crews = [tuple(each["crew"].values()) for each in found["ran"]]
    for crew in dict.fromkeys(crews):
        of = [each for each, its in zip(found["ran"], crews, strict=True) if its == crew]
        rate = sum(each["pictures"] for each in of) / sum(each["seconds"] for each in of)
        first = first or rate
        servers, workers = (f"{count} {what}{'s' * (count > 1)}" for count, what in zip(crew, _MEMBERS, strict=True))
        held = max(each["held"] for each in of) / 1e6
        rows.append(
            [f"{servers}, {workers}", f"{rate:.3f} pictures a second, {rate / first:.2f} of the first; "
             f"a worker held {held:.0f} MB"]
        )  # fmt: skip
    for each in found["recovered"]:
        told = [f"{statistics.median(each[name]):.1f} s, at most {max(each[name]):.1f} s" for name in _AFTER]
        killed = "the server, on SQLite" if each["base"] == "sqlite" else "a worker, on PostgreSQL"
        rows.append([f"`kill -9` of {killed}, {len(each[_AFTER[0]])} times: the work goes on after", told[0]])
        rows.append(["… the picture that was being made is done after", told[1]])
    return _table(["what", "measured"], rows)


_MEMBERS = ("server", "worker")
_AFTER = ("goes_on", "made_again")

TABLES: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "edges": ("edges.md", edges),
    "colours": ("edges.md", colours),
    "int8": ("precision.md", int8),
    "ratios": ("speed.md", lambda: _table(*speed_tables.ratios())),
    "limit": ("speed.md", lambda: _table(*speed_tables.limit())),
    "growth": ("speed.md", lambda: _table(*speed_tables.growth())),
    "many": ("speed.md", lambda: _table(*speed_tables.many())),
    "jobs": ("jobs.md", jobs),
    "load": ("speed.md", lambda: _table(*speed_tables.load())),
    "page": ("page.md", lambda: _table(*page_tables.page())),
    "brush": ("page.md", lambda: _table(*page_tables.brush())),
    "page-many": ("page.md", lambda: _table(*page_tables.many())),
    "page-machine": ("page.md", lambda: _table(*page_tables.how())),
}


def rendered(page: str) -> str:
    """A page of the documentation with its tables made anew."""
    text = (DOCS / page).read_text("utf-8")
    for name, (where, make) in TABLES.items():
        if where == page:
            begin, end = f"<!-- measured: {name} -->\n", "<!-- end -->"
            before, found, rest = text.partition(begin)
            _, closed, after = rest.partition(end)
            if not (found and closed):
                raise SystemExit(f"docs/{page} has no place for the table {name}: {begin}{end}")
            text = before + begin + "\n".join(make()) + "\n" + end + after
    return text


def pages() -> list[str]:
    """Those that have such tables."""
    return sorted({page for page, _ in TABLES.values()})


def _result(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text("ascii"))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


if __name__ == "__main__":
    for page in pages():
        (DOCS / page).write_text(rendered(page), "utf-8")
