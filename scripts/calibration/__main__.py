"""The command behind ``scripts/calibrate``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from scripts.calibration.figures import Agreement, agreement, fit_power, passing, second_opinion
from scripts.calibration.readings import HALVES, MODELS, Reading, measure

from cleancut.choice import LEAD, SURE
from cleancut.matting.confidence import LEAST, OVERCONFIDENCE

# Around what can be chosen without losing a subject.
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

SURES = (0.0, 0.7, 0.8, 0.9)
LEADS = (0.0, 0.12, 0.2)


@click.command()
@click.option(
    "--readings", type=click.Path(path_type=Path), help="Where the readings are kept, and taken from if there."
)
def main(readings: Path | None) -> None:
    """Measure, fit on the odd half of every set, and report on the even half."""
    found = _readings(readings)
    photos = [each for each in found if each.iou is not None]
    nothing = [each for each in found if each.iou is None]
    power = fit_power([each for each in photos if each.half == "odd"])
    click.echo(f"OVERCONFIDENCE = {power:.2f}    (in use: {OVERCONFIDENCE})\n")
    _tell_agreement(photos, power)
    _tell_subjects(photos, nothing, power)
    _tell_second_opinion(photos, power)


def _readings(kept: Path | None) -> list[Reading]:
    if kept is not None and kept.exists():
        return [Reading(**each) for each in json.loads(kept.read_text("utf-8"))]
    datasets = os.environ.get("CLEANCUT_DATASETS")
    if not datasets:
        raise click.UsageError("set CLEANCUT_DATASETS to the folder of photographs with ground truth")
    found = []
    for each in measure(Path(datasets)):
        click.echo(f"{each.model} {each.group} {each.name}", err=True)
        found.append(each)
    if kept is not None:
        kept.write_text(json.dumps([asdict(each) for each in found], indent=0), "utf-8")
    return found


def _tell_agreement(photos: Sequence[Reading], power: float) -> None:
    head = "| model | half | photos | rank correlation | mean difference | RMSE | RMSE of a constant | ECE |"
    click.echo(f"{head}\n|---|---|---|---|---|---|---|---|")
    held_out: dict[str, Agreement] = {}
    for model in MODELS:
        for half in HALVES:
            of = agreement([each for each in photos if (each.model, each.half) == (model, half)], power)
            figures = (of.rank_correlation, of.mean_difference, of.rmse, of.constant_rmse, of.ece)
            click.echo(f"| {model} | {half} | {of.count} | " + " | ".join(f"{each:.3f}" for each in figures) + " |")
            held_out[model] = of
    click.echo("\n| even half, by confidence | " + " | ".join(("lowest", "second", "third", "highest")) + " |")
    click.echo("|---|---|---|---|---|")
    for model, of in held_out.items():
        for what in ("expected", "true"):
            click.echo(f"| {model}: {what} | " + " | ".join(f"{getattr(each, what):.2f}" for each in of.bins) + " |")


def _tell_subjects(photos: Sequence[Reading], nothing: Sequence[Reading], power: float) -> None:
    click.echo(f"\nLEAST = {LEAST} in use. Subjects lost, and pictures without subject that pass:\n")
    names = [f"{model}: {what}" for model in MODELS for what in ("lost", "drawn", "boxes")]
    click.echo(f"| threshold | {' | '.join(names)} |\n|---|" + "---|" * len(names))
    for least in THRESHOLDS:
        cells = []
        for model in MODELS:
            own = [each for each in photos if each.model == model]
            cells.append(f"{len(own) - len(passing(own, power, least))} of {len(own)}")
            for group in ("drawn", "boxes"):
                them = [each for each in nothing if (each.model, each.group) == (model, group)]
                cells.append(f"{len(passing(them, power, least))} of {len(them)}")
        click.echo(f"| {least:.2f} | {' | '.join(cells)} |")
    for model in MODELS:
        lowest = sorted(each.expected**power for each in photos if each.model == model)[:3]
        click.echo(f"\n{model}: the least certain subjects read " + ", ".join(f"{each:.2f}" for each in lowest))
        for each in passing([each for each in nothing if each.model == model], power, LEAST):
            click.echo(f"  passes: {each.group} {each.name} {each.expected**power:.2f}")


def _tell_second_opinion(photos: Sequence[Reading], power: float) -> None:
    click.echo(f"\nSURE = {SURE}, LEAD = {LEAD} in use. If {MODELS[1]} is asked as well where {MODELS[0]} is unsure:\n")
    click.echo(
        "| sure from | lead | odd: IoU | asked | taken | even: IoU | asked | taken |\n|---|---|---|---|---|---|---|---|"
    )
    for sure in SURES:
        for lead in LEADS:
            cells = []
            for half in HALVES:
                first, second = ([each for each in photos if (each.model, each.half) == (of, half)] for of in MODELS)
                mean, asked, taken = second_opinion(first, second, power, sure, lead)
                cells.append(f"{mean:.3f} | {asked} | {taken}")
            click.echo(f"| {sure:.2f} | {lead:.2f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
