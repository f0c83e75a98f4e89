"""An evaluation as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from cleancut.evaluation import bootstrap
from cleancut.evaluation.candidates import Candidate
from cleancut.evaluation.dataset import Selection
from cleancut.evaluation.evaluate import Column, Evaluation
from cleancut.evaluation.machine import machine
from cleancut.evaluation.metrics import BY_NAME
from cleancut.evaluation.summary import MISSED, Summary
from cleancut.options import Options

# What is left of a candidate's options once the picture's file has no part in it.
_SETTLED = ("channels", "format", "background", "require_subject", "encode_quality", "png_effort", "metadata")


def record(evaluation: Evaluation, dataset: str, selection: Selection) -> dict[str, Any]:
    """All that was found, in plain values; no paths and no names of this machine.

    ``dataset`` is what the set is called. An interval is ``[low, high]``.
    """
    columns = evaluation.columns
    return {
        "machine": machine(),
        "dataset": {"name": dataset, "photos": len(evaluation.photos), **asdict(selection)},
        "method": _method(),
        "baseline": columns[evaluation.baseline].name,
        "candidates": {column.name: _candidate(column) for column in columns},
        "groups": {
            group.name: {
                "photos": [evaluation.photos[at].name for at in group.photos],
                "candidates": {
                    column.name: {name: _summary(name, each) for name, each in summaries.items()}
                    for column, summaries in zip(columns, row, strict=True)
                },
            }
            for group, row in zip(evaluation.groups, evaluation.summaries, strict=True)
        },
        "photos": [_photo(evaluation, at) for at in range(len(evaluation.photos))],
    }


def dumps(content: Mapping[str, Any]) -> bytes:
    """A file of it. Escaped, since a photo's name need not be text."""
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode("ascii")


def options_of(column: Column) -> dict[str, Any]:
    """The options of a candidate that can matter to its matte; nothing for predictions."""
    if not isinstance(column.entry, Candidate):
        return {}
    names = [each.name for each in fields(Options) if each.name not in _SETTLED]
    return {name: getattr(column.entry.options, name) for name in names}


def _method() -> dict[str, Any]:
    return {
        "resamples": bootstrap.RESAMPLES,
        "seed": bootstrap.SEED,
        "confidence": bootstrap.CONFIDENCE,
        "epsilon": bootstrap.EPSILON,
        "missed_above_mae": MISSED,
    }


def _candidate(column: Column) -> dict[str, Any]:
    if column.ran is None:
        return {"kind": "predictions"}
    return {"kind": "options", "options": options_of(column), **asdict(column.ran)}


def _summary(name: str, summary: Summary) -> dict[str, Any]:
    found: dict[str, Any] = {
        "photos": summary.photos,
        "mean": summary.mean.value,
        "interval": [summary.mean.low, summary.mean.high],
        "median": summary.median,
    }
    if summary.against is not None:
        kind = "difference" if BY_NAME[name].higher else "ratio"
        found[kind] = summary.against.value
        found[f"{kind}_interval"] = [summary.against.low, summary.against.high]
    return found


def _photo(evaluation: Evaluation, at: int) -> dict[str, Any]:
    width, height = evaluation.sizes[at]
    return {
        "name": evaluation.photos[at].name,
        "width": width,
        "height": height,
        "scores": {column.name: dict(column.scores[at]) for column in evaluation.columns},
        "timings_ms": {column.name: dict(column.timings[at]) for column in evaluation.columns if column.timings},
    }
