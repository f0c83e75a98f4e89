"""What is compared: option sets that are run here, and folders of what others made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from cleancut.errors import InputMissing, OptionError
from cleancut.evaluation.dataset import Photo, by_stem
from cleancut.options import Options, flag

# With these a matte no longer lies on its photo.
_MOVING = ("crop", "canvas", "padding", "position", "max_size")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A set of options, to be run."""

    name: str
    options: Options


@dataclass(frozen=True, slots=True)
class Predictions:
    """Somebody's mattes or cut-outs, in files named like the photos."""

    name: str
    folder: Path


Entry: TypeAlias = Candidate | Predictions


def candidate(name: str, options: Options) -> Candidate:
    """A candidate whose matte is what ``--channels alpha`` gives. Raises OptionError where that is of another size."""
    default = Options()
    for each in _MOVING:
        if getattr(options, each) != getattr(default, each):
            raise OptionError(
                f"{name}: with {flag(each)} the matte is not of the photo's size", hint=f"leave out {flag(each)}"
            )
    # What only the file is concerned with has no part in it, and a photo without subject counts like all others.
    plain = replace(options, channels="alpha", format="png", background="transparent", require_subject=False)
    return Candidate(name, plain)


def find_predictions(predictions: Predictions, photos: Sequence[Photo]) -> tuple[Path, ...]:
    """The file for each photo. Raises InputMissing that names the first one without."""
    if not predictions.folder.is_dir():
        raise InputMissing(f"there is no folder {predictions.folder}", hint="check what --predictions names")
    found = by_stem(predictions.folder)
    for photo in photos:
        if photo.name not in found:
            raise InputMissing(
                f"{predictions.folder} has no prediction for {photo.image.name}",
                hint=f"add {photo.name}.png there, or leave the photo out with --images",
            )
    return tuple(found[photo.name] for photo in photos)


def baseline_of(entries: Sequence[Entry], name: str | None) -> int:
    """The place of the baseline: the one of that name; else the first predictions, else the first of all.

    Raises OptionError where names are not unique, or there is none of that name.
    """
    names = [entry.name for entry in entries]
    if double := next((each for each in names if names.count(each) > 1), None):
        raise OptionError(f"two candidates are called {double}", hint="name one of them: --candidate 'NAME: FLAGS'")
    if name is None:
        return next((at for at, entry in enumerate(entries) if isinstance(entry, Predictions)), 0)
    if name not in names:
        raise OptionError(f"--baseline {name}: no candidate has that name", hint=f"choose one of {', '.join(names)}")
    return names.index(name)
