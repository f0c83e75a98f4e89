"""What clients ask for, and what they are answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cleancut.options import Limits, Options
from cleancut.server.permits import Permit

if TYPE_CHECKING:
    from cleancut.matting.edits import Edit
    from cleancut.types import Matte, Source

Found = Literal["hit", "miss", "joined"]

# The options that a matte depends on, those of them that the operator decides apart; all others are the rendering's.
OF_THE_MATTE = ("model", "quality", "refine", "roi")
OF_THE_SERVER = ("device", "precision")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of a matte."""

    model: str
    device: str
    precision: str
    subject: bool
    confidence: float
    width: int
    height: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A picture that a client wants."""

    owner: str
    photo: bytes
    """Empty where a matte is named, with which its photo is kept."""
    options: Options
    limits: Limits
    keep: bool = True
    """Whether anything may be kept, and what was kept be used."""
    edits: tuple[Edit, ...] = ()
    hard: bool = False
    """Whether the matte is made a hard mask first, as rembg can."""
    must_be_kept: bool = False
    """Whether the answer is only a name, and so of no use where there is no room to keep anything."""
    permits: tuple[Permit, ...] = ()
    """To keep it, which somebody may end by deleting it."""
    watch: Callable[[str], None] | None = field(default=None, compare=False, repr=False)
    """Told the name of each step as it begins, ``queue`` first; from any thread."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A photo and its matte in memory."""

    source: Source
    matte: Matte
    facts: Facts


@dataclass(frozen=True, slots=True)
class Placed:
    """What is told of a picture: its size, and where the subject is in it; all zero where there is none."""

    width: int
    height: int
    subject_left: int = 0
    subject_top: int = 0
    subject_width: int = 0
    subject_height: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """An answer: a picture's bytes, or a matte (which has none)."""

    name: str
    facts: Facts
    found: Found
    data: bytes = b""
    placed: Placed | None = None
    """None for a matte."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds of each step that was taken, ``queue`` first."""
    kept: bool = True
    """Whether it can be had again by its name."""
