"""The tables of docs/speed.md."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from cleancut.bench.folder import Folder
from cleancut.bench.load import Loaded
from cleancut.bench.memory import growth as held_growth

RESULTS = Path(__file__).resolve().parent / "results"

OURS, FAST, BARE, PEER = "cleancut", "cleancut fast", "bare model", "rembg"
# Memory is followed from here on: before, caches and pools fill.
_SETTLED = 50

Rows = list[list[str]]


def ratios() -> tuple[list[str], Rows]:
    """Times as multiples of rembg's and of the bare model's."""
    rows = []
    for result, model in (("warm", "isnet-general"), ("u2netp", "u2netp")):
        found = _result(result)["times"]
        for photo in dict.fromkeys(each["photo"] for each in found):
            of = {each["entrant"]: median(each["seconds"]) for each in found if each["photo"] == photo}
            fast = _ratio(of[FAST], of[PEER])
            cells = [f"{of[OURS]:.2f} s", _ratio(of[OURS], of[PEER]), _ratio(of[OURS], of[BARE]), fast]
            rows.append([f"{model}, {_size(photo)}, warm{_twice(found, photo)}", *cells])
    rows += _cold_rows()
    rows.append(_folder_row())
    return ["work", "cleancut", "÷ rembg", "÷ bare model", "`--quality fast` ÷ rembg"], rows


def limit() -> tuple[list[str], Rows]:
    """The model beside the machine's arithmetic."""
    rows = [
        [
            each["precision"],
            f"{each['seconds']:.2f} s",
            f"{each['multiplications'] / each['seconds'] / 1e9:.0f}",
            f"{each['peak'] / 1e9:.0f}",
        ]
        for each in _result("peaks")["reach"]
    ]
    return ["precision", "one run", "10⁹ multiplications a second", "of large matrices"], rows


def growth() -> tuple[list[str], Rows]:
    """Time and memory against the photo's size."""
    found = _result("growth")["times"]
    rows = []
    for photo in dict.fromkeys(each["photo"] for each in found):
        of = {each["entrant"]: each for each in found if each["photo"] == photo}
        ours = of[OURS]
        runs = _runs(of, BARE)
        beside = median(sum(v for k, v in each.items() if k != "infer") for each in ours["timings_ms"])
        cells = [f"{median(ours['seconds']):.2f} s", f"{runs:.0f}", f"{beside / 1000:.2f} s"]
        rows.append([f"{ours['megapixels']:.0f} MP", *cells, f"{ours['peak_bytes'] / 1e6:.0f} MB"])
    return ["photo", "in all", "runs of the model", "all else", "peak memory so far"], rows


def many() -> tuple[list[str], Rows]:
    """Time and memory against the number of photos."""
    rows = []
    for result, title in (
        ("folder", "2 MP each"),
        ("folder-fast", "2 MP each, `--quality fast`"),
        ("mixed", "0.06 to 12 MP"),
    ):
        found = _folder(result)
        held = [each or 0 for each in found.held]
        more = held_growth(found.held, _SETTLED)
        rows.append(
            [
                f"{len(found.seconds)} photos of {title}",
                f"{found.rate:.2f}",
                f"{found.of_the_session:.2f}",
                f"{max(held[:_SETTLED]) / 1e6:.0f} MB",
                f"{max(held) / 1e6:.0f} MB",
                f"{more:.3f}" if more else "–",
            ]
        )
    head = ["folder", "a second", "of the bare model's rate", f"most memory in the first {_SETTLED}"]
    return [*head, "… in all", "second half ÷ first half of the rest"], rows


def load() -> tuple[list[str], Rows]:
    """Servers under more load than they can bear."""
    found = _result("load")["load"]
    bare = sum(found["bare"]) / len(found["bare"])
    rows = []
    for each in found["loaded"]:
        one = Loaded(**each)
        failed = ", ".join(f"{count} {what}" for what, count in one.failed.items()) or "none"
        rows.append(
            [
                one.name,
                f"{one.rate / bare:.2f}",
                f"{one.wait(0.5):.0f} s, {one.wait(0.95):.0f} s",
                str(one.refused),
                f"{failed}; {one.unsent}",
                f"{max(one.held) / 1e6:.0f} MB",
                f"{one.growth:.3f}" if one.growth else "–",
                "–" if (lag := one.lag_within(0.99)) is None else f"{lag * 1000:g} ms",
            ]
        )
    head = ["server", "pictures ÷ the pipeline's", "answered within (half, 95 %)", "refused", "failed; not sent"]
    return [*head, "most memory", "after a minute ×", "event loop late, 99 %"], rows


def _cold_rows() -> Rows:
    calls = _result("cold")["calls"]
    rows = []
    for photo in dict.fromkeys(each["photo"] for each in calls):
        of = {each["entrant"]: each for each in calls if each["photo"] == photo}
        ours, peer = median(of[OURS]["seconds"]), median(of[PEER]["seconds"])
        rows.append([f"command, {_size(photo)}, cold", f"{ours:.2f} s", _ratio(ours, peer), "–", "–"])
        peaks = of[OURS]["peak_bytes"], of[PEER]["peak_bytes"]
        rows.append(["… its peak memory", f"{peaks[0] / 1e6:.0f} MB", _ratio(*peaks), "–", "–"])
    return rows


def _folder_row() -> list[str]:
    one, more = _result("folder-rembg")["calls"]
    peer = (more["photos"] - one["photos"]) / (more["seconds"] - one["seconds"])
    ours, fast = _folder("folder"), _folder("folder-fast")
    times = [f"{each.rate / peer:.2f} ×" for each in (ours, fast)]
    what = f"{len(ours.seconds)} photos of 2 MP in a folder, a second"
    return [what, f"{ours.rate:.2f}", times[0], f"{ours.of_the_session:.2f} ×", times[1]]


def _twice(found: list[dict[str, Any]], photo: str) -> str:
    of = {each["entrant"]: each for each in found if each["photo"] == photo}
    return ", small subject: the model runs twice" if _runs(of, BARE) >= 2 else ""


def _runs(of: dict[str, Any], bare: str) -> int:
    """How often the model ran for a photo."""
    inference = median(each["infer"] for each in of[OURS]["timings_ms"]) / 1000
    runs: float = inference / median(of[bare]["seconds"])
    return round(runs)


def _size(photo: str) -> str:
    name, _, size = Path(photo).stem.rpartition("-")
    return f"{name.partition('_')[0]} {size.replace('x', ' × ')}"


def _ratio(ours: float, other: float) -> str:
    return f"{ours / other:.2f}"


def _folder(result: str) -> Folder:
    return Folder(**_result(result)["folder"])


def _result(name: str) -> Any:
    return json.loads((RESULTS / f"speed-{name}.json").read_text("ascii"))
