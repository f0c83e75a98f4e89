"""The tables of docs/page.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"

Rows = list[list[str]]
Table = tuple[list[str], Rows]


def page() -> Table:
    """What is sent, how soon the first screen is there, and how soon large photos are."""
    first, photos = _result()["first"], _result()["brush"]["photos"]
    sent = first["sent"]
    rows = [
        ["scripts of the first screen, brotli", _ways(sent["first_scripts"])],
        ["all scripts that there are, brotli", _ways(sent["all_scripts"])],
        [f"the first screen, all {sent['first_requests']} requests", _kilo(sent["first_all"])],
        ["first screen interactive", _most(first, "interactive_ms")],
        ["… first painted", _most(first, "painted_ms")],
        ["… main thread blocked by tasks above 50 ms", _most(first, "blocking_ms")],
    ]
    for name, found in photos.items():
        opening, steps = found["opening"], found["steps"]
        told = f"{opening['shown_s']:.2f} s; the file to download, model included, after {opening['ready_s']:.1f} s"
        rows.append([f"{name}, from the choice until the photo is on the screen", told])
        rows.append(
            ["… longest task, tasks above 50 ms meanwhile", f"{opening['longest_task_ms']:.0f} ms, {_long(opening)}"]
        )
        for step in ("undo", "redo"):
            begins, shown = steps[f"{step}_begins_ms"], steps[f"{step}_shown_ms"]
            told = f"begins after {begins['median']} ms, done after {shown['median']} ms, at most {shown['max']} ms"
            rows.append([f"… {step} of a stroke of the largest brush", told])
    return ["what", "measured"], rows


def brush() -> Table:
    """What the main thread does for a pointer event."""
    rows = []
    for name, found in _result()["brush"]["photos"].items():
        for scene in found["drawing"]:
            wall, cpu, handlers = scene["wall_ms"], scene["cpu_ms"], scene["handlers_ms"]
            rows.append(
                [
                    f"{name}, {scene['view'].lower()}, brush of {scene['diameter_px']:.0f} px",
                    str(scene["dispatched"]),
                    *(f"{wall[name]:.1f}" for name in ("p50", "p95", "max")),
                    f"{cpu['p95']:.1f}",
                    f"{handlers['p95']:.1f}",
                    f"{scene['longest_task_ms']:.0f}",
                    _long(scene),
                ]
            )
    head = ["photo, view, brush", "events", "median", "p95", "most", "processor p95", "listeners p95"]
    return [*head, "longest task", "tasks above 50 ms"], rows


def many() -> Table:
    """What the main thread does for many photos."""
    found = _result()["many"]
    rows = [
        [f"{found['photos']} photos of {found['megapixels']:.0f} MP: {name}, {each['measured']}",
         f"{each['longest_task_ms']:.0f} ms", _long(each)]
        for name, each in found.items() if isinstance(each, dict)
    ]  # fmt: skip
    return ["what", "longest task", "tasks above 50 ms"], rows


def how() -> Table:
    """On what it was measured."""
    found = _result()
    machine = found["machine"]
    loads = ", ".join(f"{part} {found[part]['load_before'][0]:.1f}" for part in ("first", "brush", "many"))
    rows = [
        ["machine", f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}"],
        ["browser", f"Chromium {found['first']['chromium']} without a GPU"],
        ["load of the machine in the minute before each part", loads],
    ]
    return ["on", "what"], rows


def _long(tasks: dict[str, Any]) -> str:
    return f"{tasks['tasks_above_50_ms']} ({tasks['tasks_above_50_ms_cpu']})"


def _kilo(count: int) -> str:
    return f"{count / 1000:.1f} kB"


def _ways(sizes: dict[str, int]) -> str:
    return f"{_kilo(sizes['br'])}; gzip would take {_kilo(sizes['gzip'])}"


def _most(found: dict[str, Any], name: str) -> str:
    return f"{found[f'{name}_median']:.0f} ms, at most {found[f'{name}_max']:.0f} ms"


def _result() -> Any:
    return json.loads((RESULTS / "page.json").read_text("ascii"))
