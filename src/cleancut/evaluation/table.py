"""An evaluation as a table of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cleancut.evaluation.bootstrap import Interval
from cleancut.evaluation.evaluate import Column, Evaluation
from cleancut.evaluation.metrics import BY_NAME
from cleancut.evaluation.summary import Summary

NOTHING = "–"
_HEAD: tuple[str, ...] = (
    "",
    "MAE",
    "median",
    "band",
    "÷ baseline",
    "gradient",
    "÷ baseline",
    "S-measure",
    "s/photo",
    "peak MB",
)


def table(evaluation: Evaluation, dataset: str) -> str:
    """Means over each group's photos; ``÷`` is the geometric mean of the ratios to the baseline, with its interval."""
    baseline = evaluation.columns[evaluation.baseline]
    lines = [f"{dataset}: {len(evaluation.photos)} photos; baseline: {baseline.name}"]
    for group, summaries in zip(evaluation.groups, evaluation.summaries, strict=True):
        rows = [
            _HEAD,
            *(
                _row(column, found, "1" if column is baseline else None)
                for column, found in zip(evaluation.columns, summaries, strict=True)
            ),
        ]
        lines += ["", f"{group.title}: {len(group.photos)}", *aligned(rows)]
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines whose cells stand below each other: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()


def number(name: str, summary: Summary | None) -> str:
    """A metric's mean, with the decimals that it has."""
    return NOTHING if summary is None else f"{summary.mean.value:.{BY_NAME[name].digits}f}"


def interval(found: Interval) -> str:
    """A ratio or a difference with its interval."""
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def compared(summary: Summary | None) -> str:
    """A metric compared with the baseline's."""
    return NOTHING if summary is None or summary.against is None else interval(summary.against)


def peak_megabytes(column: Column) -> str:
    """Most memory that the candidate's process held."""
    if column.ran is None or column.ran.peak_bytes is None:
        return NOTHING
    return f"{column.ran.peak_bytes / 1e6:.0f}"


def _row(column: Column, found: Mapping[str, Summary], against: str | None) -> tuple[str, ...]:
    band, gradient = found.get("band_mae"), found.get("band_gradient")
    return (
        column.name,
        number("mae", found["mae"]),
        f"{found['mae'].median:.4f}",
        number("band_mae", band),
        against or compared(band),
        number("band_gradient", gradient),
        against or compared(gradient),
        number("s_measure", found["s_measure"]),
        number("seconds", found.get("seconds")),
        peak_megabytes(column),
    )
