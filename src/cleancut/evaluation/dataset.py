"""Photos with their ground truth, found in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from cleancut.batch.plan import PICTURE_SUFFIXES
from cleancut.errors import InputMissing, OptionError
from cleancut.evaluation.masks import about, refuse_size
from cleancut.files import read
from cleancut.options import Limits
from cleancut.steps.probe import probe

Half = Literal["odd", "even"]


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of a dataset."""

    name: str
    """The stem that its files share."""
    image: Path
    truth: Path
    colours: Path | None
    """The true colours of the foreground, where they are known."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which photos of a dataset are taken; by default all."""

    half: Half | None = None
    """By the place in the sorted order, which begins with 1."""
    images: tuple[str, ...] = ()
    """Patterns, of which a photo's name has to match one, with or without its suffix."""


def find_photos(folder: Path, selection: Selection | None = None) -> tuple[Photo, ...]:
    """The photos in ``folder/im`` with their truth in ``gt`` and, if there is one, ``fg``; sorted by name.

    Raises InputMissing (a folder or a photo's truth), OptionError (nothing to measure, names that are not unique).
    """
    for name in ("im", "gt"):
        if not (folder / name).is_dir():
            hint = "name a folder with the photos in im/ and their mattes in gt/, under the same names"
            raise InputMissing(f"there is no folder {folder / name}", hint=hint)
    images, truths = by_stem(folder / "im"), by_stem(folder / "gt")
    colours = by_stem(folder / "fg") if (folder / "fg").is_dir() else {}
    if not images:
        raise OptionError(f"there is no picture in {folder / 'im'}", hint="check the folder's name")
    chosen = _chosen(images, selection or Selection())
    if missing := [name for name in chosen if name not in truths]:
        raise InputMissing(
            f"{images[missing[0]]} has no ground truth in {folder / 'gt'}{_more(missing)}",
            hint=f"add {missing[0]}.png there, or leave the photo out with --images",
        )
    return tuple(Photo(name, images[name], truths[name], colours.get(name)) for name in chosen)


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures in a folder, by their names without suffix, sorted. Raises OptionError where two share one."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir(), key=lambda path: (path.stem, path.name)):
        if path.name.startswith(".") or path.suffix.lower() not in PICTURE_SUFFIXES or not path.is_file():
            continue
        if path.stem in found:
            raise OptionError(
                f"{found[path.stem]} and {path.name} share a name", hint="rename one of them, or take it away"
            )
        found[path.stem] = path
    return found


def check_sizes(photos: Iterable[Photo], limits: Limits) -> None:
    """Refuse truths of another size before any work is done. Raises InputError that names the file.

    A photo's header does not tell how it is turned; where only that differs, the check after decoding finds it.
    """
    for photo in photos:
        across, down = sorted(_size(photo.image, limits))
        for path in (photo.truth, photo.colours):
            if path is not None and sorted(found := _size(path, limits)) != [across, down]:
                raise refuse_size(path, found, photo.image, _size(photo.image, limits))


def _chosen(images: dict[str, Path], selection: Selection) -> list[str]:
    names = list(images)
    if selection.half is not None:
        names = names[0 if selection.half == "odd" else 1 :: 2]
    if selection.images:
        names = [name for name in names if _matches(images[name], selection.images)]
    if not names:
        raise OptionError(f"none of the {len(images)} photos is selected", hint="correct --images, or leave out --half")
    return names


def _matches(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in (path.name, path.stem) for pattern in patterns)


def _more(names: Sequence[str]) -> str:
    return f", nor have {len(names) - 1} others" if len(names) > 1 else ""


def _size(path: Path, limits: Limits) -> tuple[int, int]:
    with about(path):
        header = probe(read(path, limits.max_bytes))
    return header.width, header.height
