"""Which input becomes which output; nothing is opened or written here."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from cleancut.batch.names import check_template, has_own_names, named
from cleancut.errors import OptionError

# What a folder is searched for. A file that is named is read whatever its suffix.
PICTURE_SUFFIXES = frozenset(
    (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".dib")
) | {".gif", ".heic", ".heif"}

MARK = "-cutout"
STDIN = STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to cut out."""

    input: str
    """A path, a URL, or ``-`` for standard input."""
    output: Path | None
    """None for standard output."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An input, and what its output's name is made from."""

    input: str
    below: Path
    """Its place below the folder that was searched; the bare name of a file that was named."""
    top: Path | None
    """The folder that was searched; None for what was named."""


def is_url(text: str) -> bool:
    """Whether an input is a URL rather than a path: two letters and more, since one is a drive."""
    return re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE) is not None


def is_folder(output: str) -> bool:
    """Whether ``-o`` means a folder: it is one, ends like one, or has no suffix."""
    return output.endswith(("/", os.sep)) or Path(output).is_dir() or not Path(output).suffix


def plan(
    inputs: Sequence[str], output: str | None, suffix: str, kept: Sequence[Path] = (), template: str | None = None
) -> list[Job]:
    """The jobs for ``cleancut remove INPUTS -o OUTPUT``; ``suffix`` is the output format's, such as ``.png``.

    ``template`` makes the names of outputs that are not named themselves, see names.py. No output is an input, or one
    of the files in ``kept``. Raises OptionError where several inputs would have to go into one file, or the output that
    was named is an input.
    """
    found = _search(inputs, None if output in (None, STDOUT) else Path(str(output)))
    if template is not None and output is None:
        # Whatever they are called, they lie beside their photos.
        photos = [each for each in found if not Path(each.input).stem.endswith(MARK)]
        found = photos or found
    if output == STDOUT or (output is None and inputs == (STDIN,)):
        return [Job(_only(found, "standard output").input, None)]
    if output is None:
        return _beside(found, suffix, kept, template)
    if is_folder(output):
        return _in_folder(found, Path(output), suffix, kept, template)
    only = _only(found, output)
    if Path(output).resolve() in _untouchable(found, kept):
        raise OptionError(f"{output} is an input itself", hint="choose another name with -o")
    return [Job(only.input, Path(output))]


def _only(found: list[_Found], output: str) -> _Found:
    if len(found) != 1:
        raise OptionError(f"{len(found)} inputs cannot go into {output}", hint="give a folder with -o")
    return found[0]


def _search(inputs: Sequence[str], output: Path | None) -> list[_Found]:
    found: list[_Found] = []
    for text in inputs:
        if text == STDIN or is_url(text):
            found.append(_Found(text, Path(_name(text)), None))
        elif Path(text).is_dir():
            found += _walk(Path(text), output)
        elif not Path(text).exists() and glob.has_magic(text):
            found += _matching(text, output)
        else:
            found.append(_Found(text, Path(Path(text).name), None))
    if inputs.count(STDIN) > 1:
        raise OptionError("standard input was named twice", hint="give - once")
    # The same file by two ways is one job, and a cut-out beside its photo is none.
    distinct = list({_identity(each): each for each in reversed(found)}.values())[::-1]
    beside = output is None or any(_among(output, each) for each in distinct)
    photos = {Path(each.input).with_suffix("") for each in distinct}
    return [each for each in distinct if not (beside and _is_cutout_of(each, photos))]


def _identity(each: _Found) -> str | Path:
    return Path(each.input).resolve() if _is_file(each) else each.input


def _is_cutout_of(each: _Found, photos: set[Path]) -> bool:
    path = Path(each.input).with_suffix("")
    # Where two photos share a stem, their cut-outs keep the photos' suffixes: `a.jpg-cutout.png`.
    photo = path.with_name(path.name.removesuffix(MARK))
    return path != photo and (photo in photos or photo.with_suffix("") in photos)


def _name(text: str) -> str:
    if text == STDIN:
        return "stdin"
    return PurePosixPath(unquote(urlsplit(text).path)).name or "download"


def _matching(pattern: str, output: Path | None) -> list[_Found]:
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
    files = [path for path in matches if path.is_file() and path.suffix.lower() in PICTURE_SUFFIXES]
    if not files:
        raise OptionError(f"no picture matches {pattern}", hint="check the pattern")
    # With signs in its folders, a pattern may reach wherever the outputs go.
    fixed = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    top = fixed if glob.has_magic(str(Path(pattern).parent)) else None
    return [_Found(str(path), Path(path.name), top) for path in _inputs_only(files, output, top)]


def _walk(folder: Path, output: Path | None) -> list[_Found]:
    files = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [
            Path(here, name)
            for name in sorted(names)
            if not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES
        ]
    if not files:
        raise OptionError(f"there is no picture in {folder}", hint="check the folder's name")
    # Where the folder lies in the output's, cut-outs of others may come to lie in it.
    marked = _inside(output or folder, folder) or (output is not None and _inside(folder, output))
    kept = [path for path in files if not (marked and path.stem.endswith(MARK))]
    return [_Found(str(path), path.relative_to(folder), folder) for path in kept]


def _inputs_only(files: Iterable[Path], output: Path | None, top: Path | None) -> list[Path]:
    """Without the cut-outs of an earlier run, where those lie among the inputs."""
    return [
        path
        for path in files
        if not (path.stem.endswith(MARK) and (output is None or _inside(output, top or path.parent)))
    ]


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _untouchable(found: list[_Found], kept: Sequence[Path]) -> set[Path]:
    return {Path(each.input).resolve() for each in found if _is_file(each)} | {path.resolve() for path in kept}


def _beside(found: list[_Found], suffix: str, kept: Sequence[Path], template: str | None) -> list[Job]:
    places = [Path(each.input).with_name(each.below.name) if _is_file(each) else each.below for each in found]
    return _jobs(found, places, MARK + suffix, kept, template)


def _in_folder(found: list[_Found], folder: Path, suffix: str, kept: Sequence[Path], template: str | None) -> list[Job]:
    # Where the outputs lie among the inputs they are marked, so that no input is overwritten or read twice.
    tops = {each.top for each in found if each.top is not None}
    places = {folder, *((folder / each.below).parent for each in found)}
    beside = any(_inside(place, top) for place in places for top in tops) or any(_among(folder, each) for each in found)
    mark = MARK if beside else ""
    return _jobs(found, [folder / each.below for each in found], mark + suffix, kept, template)


def _jobs(
    found: list[_Found], places: list[Path], ending: str, kept: Sequence[Path], template: str | None
) -> list[Job]:
    """A job for each input; ``places`` are the outputs' but for their ending, which replaces the suffix.

    Only where two would share a name is the input's suffix kept, and where that does not tell them apart (the same
    name from different folders), or the name is an input's, they are numbered in the order of the inputs. Names are
    compared without case, since many file systems do so.
    """
    if template is not None:
        check_template(template)
        stems = [
            place.with_name(named(template, place.stem, _folder(each), number))
            for number, (each, place) in enumerate(zip(found, places, strict=True), 1)
        ]
        places = [stem.with_name(stem.name + place.suffix) for stem, place in zip(stems, places, strict=True)]
    else:
        stems = [place.with_name(place.stem) for place in places]
    count = Counter(str(stem).casefold() for stem in stems)
    wanted = [place if count[str(stem).casefold()] > 1 else stem for stem, place in zip(stems, places, strict=True)]
    taken = {str(path).casefold() for path in _untouchable(found, kept)}
    jobs = []
    own = template is None or has_own_names(template)
    if not own and len(distinct := {str(stem).casefold() for stem in wanted}) < len(wanted):
        raise OptionError(
            f"--name: {template!r} gives {len(distinct)} names to {len(wanted)} pictures", hint="use {stem}, or {index}"
        )
    for each, stem in zip(found, wanted, strict=True):
        target, number = stem.with_name(stem.name + ending), 1
        while str(target.resolve()).casefold() in taken:
            number += 1
            target = stem.with_name(f"{stem.name}-{number}{ending}")
        taken.add(str(target.resolve()).casefold())
        jobs.append(Job(each.input, target))
    return jobs


def _folder(each: _Found) -> str:
    return Path(each.input).resolve().parent.name if _is_file(each) else ""


def _is_file(each: _Found) -> bool:
    return each.input != STDIN and not is_url(each.input)


def _among(folder: Path, each: _Found) -> bool:
    """Whether outputs in ``folder`` lie among the inputs: in a tree that was searched, or beside a named file."""
    if each.top is not None:
        return _inside(folder, each.top)
    return _is_file(each) and Path(each.input).parent.resolve() == folder.resolve()
