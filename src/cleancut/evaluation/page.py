"""An evaluation as one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cleancut.errors import OptionError
from cleancut.evaluation.bootstrap import RESAMPLES
from cleancut.evaluation.evaluate import Column, Evaluation
from cleancut.evaluation.machine import machine
from cleancut.evaluation.metrics import BY_NAME, METRICS
from cleancut.evaluation.record import options_of
from cleancut.evaluation.summary import Summary
from cleancut.evaluation.table import NOTHING, interval, number, peak_megabytes
from cleancut.options import Options, flag

if TYPE_CHECKING:
    from jinja2 import Template

# The numbers below each photo's pictures.
_SHOWN = ("band_mae", "band_gradient", "mae", "s_measure", "boundary_iou", "colour", "seconds")


@dataclass(frozen=True, slots=True)
class _Row:
    """A metric of all candidates."""

    title: str
    higher: bool
    cells: tuple[tuple[str, str, str], ...]
    """Mean with interval, median, and the comparison with the baseline."""


def template() -> Template:
    """The page's template. Raises OptionError where jinja2 is not installed."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        hint = "pip install 'cleancut[evaluate]'"
        raise OptionError("--html: pages are made by jinja2, which is not installed", hint=hint) from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data"] = _data
    return environment.from_string(files("cleancut.evaluation").joinpath("page.html.jinja").read_text("utf-8"))


def page(evaluation: Evaluation, dataset: str) -> bytes:
    """The page; ``evaluation`` with its pictures. Raises OptionError where jinja2 is not installed."""
    columns = evaluation.columns
    text = template().render(
        dataset=dataset,
        count=len(evaluation.photos),
        machine=machine(),
        resamples=RESAMPLES,
        baseline=columns[evaluation.baseline].name,
        names=[column.name for column in columns],
        settings=[_settings(column) for column in columns],
        groups=[
            (group, _rows(evaluation, summaries))
            for group, summaries in zip(evaluation.groups, evaluation.summaries, strict=True)
        ],
        judged=judged(evaluation).name,
        photos=[_photo(evaluation, at) for at in worst_first(evaluation)],
    )
    # A file's name need not be text.
    return text.encode("utf-8", "replace")


def worst_first(evaluation: Evaluation) -> list[int]:
    """The photos by the band error of the candidate that is judged, the largest first."""
    column = judged(evaluation)

    def error(at: int) -> float:
        return column.scores[at].get("band_mae", column.scores[at]["mae"])

    return sorted(range(len(evaluation.photos)), key=error, reverse=True)


def judged(evaluation: Evaluation) -> Column:
    """The first candidate that is not the baseline; the baseline where it is alone."""
    others = [column for at, column in enumerate(evaluation.columns) if at != evaluation.baseline]
    return others[0] if others else evaluation.columns[evaluation.baseline]


def _rows(evaluation: Evaluation, summaries: Sequence[Mapping[str, Summary]]) -> list[_Row]:
    rows = []
    for metric in METRICS:
        found: list[Summary | None] = [each.get(metric.name) for each in summaries]
        if any(found):
            cells = tuple(_cell(metric.name, each, baseline=at == evaluation.baseline) for at, each in enumerate(found))
            rows.append(_Row(metric.title, metric.higher, cells))
    peaks = tuple((peak_megabytes(column), "", "") for column in evaluation.columns)
    if any(peak != NOTHING for peak, _, _ in peaks):
        rows.append(_Row("peak MB", False, peaks))
    return rows


def _cell(name: str, summary: Summary | None, *, baseline: bool) -> tuple[str, str, str]:
    if summary is None:
        return NOTHING, NOTHING, NOTHING
    digits = BY_NAME[name].digits
    low, high = summary.mean.low, summary.mean.high
    mean = f"{number(name, summary)} [{low:.{digits}f}, {high:.{digits}f}]"
    return mean, f"{summary.median:.{digits}f}", "" if baseline else _against(name, summary)


def _against(name: str, summary: Summary) -> str:
    if summary.against is None:
        return NOTHING
    if not BY_NAME[name].higher:
        return f"× {interval(summary.against)}"
    value, low, high = (f"{each:+.3f}" for each in (summary.against.value, summary.against.low, summary.against.high))
    return f"{value} [{low}, {high}]"


def _settings(column: Column) -> str:
    """The options that differ from the defaults, as flags, and what they ran on."""
    if column.ran is None:
        return "predictions"
    default = Options()
    given = [
        f"{flag(name)} {value}" if not isinstance(value, bool) else flag(name if value else f"no_{name}")
        for name, value in options_of(column).items()
        if name != "model" and value != getattr(default, name)
    ]
    ran = column.ran
    return f"{' '.join([ran.model, *given])}, {ran.precision} on {ran.device}"


def _photo(evaluation: Evaluation, at: int) -> dict[str, Any]:
    return {
        "name": evaluation.photos[at].name,
        "size": evaluation.sizes[at],
        "pictures": evaluation.pictures[at],
        "numbers": [
            [
                (BY_NAME[name].title, f"{column.scores[at][name]:.{BY_NAME[name].digits}f}")
                for name in _SHOWN
                if name in column.scores[at]
            ]
            for column in evaluation.columns
        ],
    }


def _data(picture: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(picture).decode("ascii")
