"""The whole comparison: run the candidates, score every matte, sum up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cleancut.evaluation.candidates import Candidate, Entry, baseline_of, find_predictions
from cleancut.evaluation.colour_error import colour_error
from cleancut.evaluation.dataset import Photo, check_sizes
from cleancut.evaluation.masks import Mask, about, read_mask, read_truth, refuse_size
from cleancut.evaluation.process import Order, Ran
from cleancut.evaluation.run import Watch, run
from cleancut.evaluation.score import score
from cleancut.evaluation.summary import Group, Summary, groups_of, summarise
from cleancut.evaluation.thumbnails import Pictures, views_of
from cleancut.files import read
from cleancut.options import Limits
from cleancut.pipeline import load
from cleancut.settings import Settings
from cleancut.types import Alpha8, Rgb


@dataclass(frozen=True, slots=True)
class Column:
    """What was found of one candidate; scores and timings are in the order of the photos."""

    entry: Entry
    ran: Ran | None
    """None for predictions."""
    scores: tuple[Mapping[str, float], ...]
    timings: tuple[Mapping[str, float], ...]
    """Milliseconds of each step; empty for predictions."""

    @property
    def name(self) -> str:
        return self.entry.name


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found of all candidates."""

    photos: tuple[Photo, ...]
    sizes: tuple[tuple[int, int], ...]
    """Width and height of each photo."""
    columns: tuple[Column, ...]
    baseline: int
    """The place of the column that the others are compared with."""
    groups: tuple[Group, ...]
    summaries: tuple[tuple[Mapping[str, Summary], ...], ...]
    """For each group, each column's summaries by metric."""
    pictures: tuple[Pictures, ...] = ()
    """For each photo what a page shows of it, where that was asked for."""


@dataclass(frozen=True, slots=True)
class _Files:
    """Where one candidate's mattes lie, and what it took to make them."""

    paths: tuple[Path, ...]
    ran: Ran | None = None
    seconds: tuple[float, ...] = ()
    timings: tuple[Mapping[str, float], ...] = ()


def evaluate(
    photos: tuple[Photo, ...],
    entries: Sequence[Entry],
    settings: Settings,
    watch: Watch,
    *,
    baseline: str | None = None,
    pictures: bool = False,
) -> Evaluation:
    """Compare ``entries`` over ``photos``; with ``pictures``, what a page shows is kept too.

    One photo's pixels are held at a time. Raises InputError (a file that is missing, of another size or unfit),
    OptionError (names), ModelError (a candidate that cannot run).
    """
    reference = baseline_of(entries, baseline)
    check_sizes(photos, settings.limits)
    # Before the first model runs, so that a file that is missing is not found out after it.
    given = [() if isinstance(entry, Candidate) else find_predictions(entry, photos) for entry in entries]
    with TemporaryDirectory(prefix="cleancut-") as folder:
        files = []
        for place, entry in enumerate(entries):
            if isinstance(entry, Candidate):
                files.append(_made(entry, photos, Path(folder, str(place)), settings, watch, pictures))
            else:
                files.append(_Files(given[place]))
        return _scored(photos, entries, files, reference, settings.limits, watch, pictures)


def _made(
    entry: Candidate, photos: tuple[Photo, ...], folder: Path, settings: Settings, watch: Watch, pictures: bool
) -> _Files:
    folder.mkdir()
    colours = pictures or any(photo.colours is not None for photo in photos)
    # Nothing is made beside what is measured, and no photo is cut otherwise than the one before.
    order = Order(entry, photos, folder, replace(settings, make_int8=False), colours)
    done = run(order, watch)
    return _Files(
        tuple(order.file(place) for place in range(len(photos))),
        done.ran,
        tuple(cost.seconds for cost in done.costs),
        tuple(cost.timings for cost in done.costs),
    )


def _scored(
    photos: tuple[Photo, ...],
    entries: Sequence[Entry],
    files: Sequence[_Files],
    reference: int,
    limits: Limits,
    watch: Watch,
    pictures: bool,
) -> Evaluation:
    watch.begin("scores", len(photos))
    shown, sizes = [], []
    scores: list[list[Mapping[str, float]]] = [[] for _ in entries]
    for place, photo in enumerate(photos):
        rgb, truth = _read(photo, limits)
        views = []
        for at, mask in enumerate(_masks(photo, truth, [each.paths[place] for each in files], limits)):
            found = score(mask.alpha, truth) | _colour(photo, mask, truth, limits)
            if files[at].seconds:
                found["seconds"] = files[at].seconds[place]
            scores[at].append(found)
            if pictures:
                views.append(views_of(mask, truth, rgb))
        if pictures:
            shown.append(Pictures.of(rgb, truth, tuple(views)))
        sizes.append((truth.shape[1], truth.shape[0]))
        watch.advance()
    columns = tuple(
        Column(entry, each.ran, tuple(found), each.timings)
        for entry, each, found in zip(entries, files, scores, strict=True)
    )
    groups = groups_of(scores[reference])
    summaries = tuple(
        tuple(summarise(column.scores, scores[reference], group) for column in columns) for group in groups
    )
    return Evaluation(photos, tuple(sizes), columns, reference, groups, summaries, tuple(shown))


def _read(photo: Photo, limits: Limits) -> tuple[Rgb, Alpha8]:
    """A photo, upright, and its truth. Raises InputError."""
    with about(photo.image):
        rgb = load(read(photo.image, limits.max_bytes), limits).rgb
    truth = read_truth(photo.truth, limits)
    _same_size(photo.truth, truth, photo, rgb)
    return rgb, truth


def _masks(photo: Photo, truth: Alpha8, paths: Sequence[Path], limits: Limits) -> Iterator[Mask]:
    for path in paths:
        mask = read_mask(path, limits)
        _same_size(path, mask.alpha, photo, truth)
        yield mask


def _colour(photo: Photo, mask: Mask, truth: Alpha8, limits: Limits) -> dict[str, float]:
    """The colour error, where both the true colours and the cut-out's are known, and there is a soft edge."""
    if photo.colours is None or mask.rgb is None:
        return {}
    with about(photo.colours):
        colours = load(read(photo.colours, limits.max_bytes), limits).rgb
    _same_size(photo.colours, colours, photo, truth)
    # What the cut-out does not show has no colour.
    error = colour_error(mask.rgb, colours, np.where(mask.alpha > 0, truth, np.uint8(0)))
    return {} if error is None else {"colour": error}


def _same_size(path: Path, found: np.ndarray, photo: Photo, wanted: np.ndarray) -> None:
    if found.shape[:2] != wanted.shape[:2]:
        (height, width), (down, across) = found.shape[:2], wanted.shape[:2]
        raise refuse_size(path, (width, height), photo.image, (across, down))
