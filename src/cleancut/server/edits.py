"""Changes of a matte by hand, as clients send them: a form's field of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, WithJsonSchema
from pydantic_core import from_json

from cleancut.matting.edits import Edit
from cleancut.matting.grow import Grow
from cleancut.matting.lasso import Lasso
from cleancut.matting.strokes import Stroke
from cleancut.server.problems import Refused

# An hour of a patient hand's. The bytes are twenty a point, as pointers send them, and a frame for each stroke's.
STROKES = 10_000
STROKES_POINTS = 100_000
STROKES_BYTES = 2_000_000

# Of JSON, where a number is a number: true is none.
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]

Pair = tuple[Number, Number]
Share = Annotated[Number, Field(ge=0, le=1)]


class _Form(BaseModel):
    """What all kinds have."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["add", "remove"] = Field(description="add: this is subject; remove: this is not.")
    group: Number = Field(0, description="A note of the client's own, not looked at.")


class StrokeForm(_Form):
    """One touch of a round brush, in pixels of the photo."""

    kind: Literal["brush"] = "brush"
    points: Annotated[list[Pair], FailFast()] = Field(
        min_length=1, max_length=10_000, description="(x, y); the brush goes straight from one to the next."
    )
    radius: Number = Field(gt=0, le=10_000, description="In pixels.")
    hardness: Share = Field(1.0, description="Share of the radius painted fully.")
    opacity: Share = 1.0

    def edit(self) -> Edit:
        """As the matting functions take it. Raises OptionError."""
        return Stroke(self.action, _pairs(self.points), self.radius, self.hardness, self.opacity)


class LassoForm(_Form):
    """All that lies within a closed line, even-odd where it crosses itself."""

    kind: Literal["lasso"]
    points: Annotated[list[Pair], FailFast()] = Field(
        min_length=3, max_length=10_000, description="(x, y); the last is joined to the first."
    )
    opacity: Share = 1.0

    def edit(self) -> Edit:
        """As above."""
        return Lasso(self.action, _pairs(self.points), self.opacity)


class GrowForm(_Form):
    """A point that grows on the photo to the next edge."""

    kind: Literal["grow"]
    point: Pair = Field(description="(x, y)")
    reach: Share = Field(0.5, description="How large a difference of colour it passes.")

    def edit(self) -> Edit:
        """As above."""
        return Grow(self.action, (self.point[0], self.point[1]), self.reach)


_KINDS: Mapping[Any, type[StrokeForm | LassoForm | GrowForm]] = {
    "brush": StrokeForm, "lasso": LassoForm, "grow": GrowForm,
}  # fmt: skip

# All as one array in the schema, each kind written out: there is nothing in a form that could refer to another place.
Strokes = Annotated[
    str,
    Field(
        max_length=STROKES_BYTES,
        description="Changes of the matte by hand, in their order: a JSON array of strokes of a brush, lassos, and "
        f"points that grow to the next edge; at most {STROKES:,}, with {STROKES_POINTS:,} points in all.",
    ),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"anyOf": [each.model_json_schema() for each in _KINDS.values()]},
            "maxItems": STROKES,
        }
    ),
]


def edits_of(text: str) -> tuple[Edit, ...]:
    """The edits that a form's text says. Ends at the first that is wrong; blocks. Raises Refused, OptionError."""
    if not text:
        return ()
    try:
        found = from_json(text)
    except ValueError as error:
        raise _refused(f"strokes: it is no JSON: {error}") from None
    if not isinstance(found, list):
        raise _refused("strokes: it is no array")
    # Before each of them is looked at.
    if len(found) > STROKES:
        raise _refused(f"strokes: it has more than {STROKES:,} strokes")
    points = (each.get("points") for each in found if isinstance(each, dict))
    if sum(len(each) for each in points if isinstance(each, list)) > STROKES_POINTS:
        raise _refused(f"strokes: it has more than {STROKES_POINTS:,} points in all")
    return tuple(_edit(each, f"strokes.{number}") for number, each in enumerate(found))


def _edit(found: Any, place: str) -> Edit:
    if not isinstance(found, dict):
        raise _refused(f"{place}: it is no object")
    kind = found.get("kind", "brush")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _refused(f"{place}: there is no kind {str(kind)[:40]!r}: give brush, lasso or grow")
    try:
        form = _KINDS[kind].model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _refused(f"{'.'.join(map(str, (place, *first['loc'])))}: {first['msg']}") from None
    return form.edit()


def _refused(said: str) -> Refused:
    # What was sent may be repeated in it.
    return Refused("invalid_value", said[:300], hint="send a JSON array of strokes; /docs says of what")


def _pairs(points: list[Pair]) -> tuple[tuple[float, float], ...]:
    return tuple((x, y) for x, y in points)
