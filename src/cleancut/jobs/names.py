"""Names of files that clients send: which lead astray, and names made of them that any system can give to a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from posixpath import splitext
from unicodedata import normalize

_SLASH = re.compile(r"[/\\]")
_ROOT = re.compile(r"[/\\]|[a-z]:[/\\]", re.IGNORECASE)
_BESIDE = (".ds_store", "thumbs.db", "desktop.ini")

# Control characters (those that reverse the direction of writing, and with it a suffix, among them), halves of UTF-16,
# and what Windows forbids.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff<>:"|?*]')
# What Windows takes for a device, whatever its suffix.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)
# File systems take 255 bytes, and something may be put before or behind.
_LONGEST_PART = 200
# With their slashes below 4096 bytes, the longest path of Linux.
_MOST_PARTS = 20
# What is longer is no suffix but a dot in a name.
_LONGEST_SUFFIX = 20


def leads_outside(text: str) -> bool:
    """Whether it is no name within a folder, on some system or other."""
    return bool(_ROOT.match(text)) or ".." in (each.strip() for each in _SLASH.split(text))


def is_beside(text: str) -> bool:
    """Whether it is the name of a folder, or of a file that systems put beside pictures."""
    *folders, last = _SLASH.split(text)
    return not last or last.lower() in _BESIDE or last.startswith("._") or "__MACOSX" in folders


def clean_name(text: str) -> str:
    """A name that any system can give to a file: relative, ``/`` between its parts, none of them empty or ``..``.

    It is no longer than a path may be; of one with very many parts the last ones stay.
    """
    parts = [_cleaned(each) for each in _SLASH.split(normalize("NFC", text))]
    return "/".join([each for each in parts if each][-_MOST_PARTS:]) or "_"


def unique(names: Iterable[str]) -> list[str]:
    """Cleaned names, in their order, with ``-2``, ``-3``… before the suffix of those that one before is like.

    Alike are also names that differ only in case: for Windows and macOS they are the same.
    """
    taken: set[str] = set()
    # Where to go on counting, so that a thousand alike are not tried a million times.
    numbers: dict[str, Iterator[int]] = {}
    found = []
    for name in names:
        key, given = _folded(name), name
        while _folded(given) in taken:
            given = _fitting(name, f"-{next(numbers.setdefault(key, count(2)))}")
        taken.add(_folded(given))
        found.append(given)
    return found


def _folded(name: str) -> str:
    return normalize("NFC", name.casefold())


def _cleaned(part: str) -> str:
    """A name's part; empty if nothing of it can stay."""
    # Windows drops dots and spaces at the end. So "..", too, is gone here.
    part = _harmless(_FORBIDDEN.sub("_", part).rstrip(". "))
    # What is shortened can end in a space again, and be a device without it.
    return _fitting(_harmless(_fitting(part).rstrip(". ")))


def _harmless(part: str) -> str:
    return f"_{part}" if _DEVICE.match(part) else part


def _fitting(name: str, number: str = "") -> str:
    """A name with a number before its suffix, the stem of its last part shortened if need be."""
    folders, slash, last = name.rpartition("/")
    stem, suffix = splitext(last)
    if len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, suffix = last, ""
    room = _LONGEST_PART - len((number + suffix).encode())
    return folders + slash + stem.encode()[:room].decode(errors="ignore") + number + suffix
