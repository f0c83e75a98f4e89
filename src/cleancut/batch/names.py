"""Names of outputs by a template: ``{stem}-{index:04}``."""

from __future__ import annotations

import re
from string import Formatter

from cleancut.errors import OptionError

FIELDS = {"stem": "the photo's name without its suffix", "index": "its number, from 1", "folder": "its folder's name"}

_HINT = "use " + ", ".join(f"{{{name}}} ({what})" for name, what in FIELDS.items())

# What no file's name may hold, on any system; a folder of its own for each picture is not what a name is for.
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


def check_template(template: str) -> None:
    """Raises OptionError for a template that names what is not known, or that makes no names."""
    try:
        parts = list(Formatter().parse(template))
        made = template.format(stem="photo", index=1, folder="folder")
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise OptionError(f"--name: {template!r} is no template: {error}", hint=_HINT) from None
    if any(field is not None and field not in FIELDS for _, field, _, _ in parts):
        raise OptionError(f"--name: {template!r} asks for more than is known", hint=_HINT)
    if _FORBIDDEN.search(made) or made.strip(". ") == "" or made.startswith("."):
        raise OptionError(f"--name: {template!r} makes no names of files", hint=_HINT)


def named(template: str, stem: str, folder: str, index: int) -> str:
    """The name of an output, without its suffix."""
    # A picture from standard input lies in no folder.
    return template.format(stem=stem, folder=folder, index=index) or stem


def has_own_names(template: str) -> bool:
    """Whether each photo of a folder has a name of its own, whatever others there are: by its whole stem."""
    fields = [(field, form, conversion) for _, field, form, conversion in Formatter().parse(template) if field]
    return ("stem", "", None) in fields and all(field != "index" for field, _, _ in fields)
