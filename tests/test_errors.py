from __future__ import annotations

import inspect
import pickle
import re
from typing import get_args

import pytest

from cleancut import errors
from cleancut.cli.main import EXIT_CODES
from cleancut.errors import CleancutError, Kind

CLASSES = [
    value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, CleancutError)
]  # fmt: skip
LEAVES = [each for each in CLASSES if each is not CleancutError]


def drawn() -> dict[str, tuple[str | None, str | None, str]]:
    """The docstring's tree: name → (parent, kind, meaning)."""
    tree: dict[str, tuple[str | None, str | None, str]] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(
            r"^[\s│├└─]*(?P<name>[A-Z][A-Za-z]+)(?:\s{2,}(?:(?P<kind>[a-z]+)\s{2,})?(?P<says>\S.*))?$", line
        )
        if not found or not line.startswith("    "):
            continue
        depth = found.start("name")
        above = [(at, name) for at, name in above if at < depth]
        tree[found["name"]] = above[-1][1] if above else None, found["kind"], found["says"] or ""
        above.append((depth, found["name"]))
    return tree


def test_the_drawn_tree_is_the_tree() -> None:
    real = {each.__name__: None if each is CleancutError else each.__bases__[0].__name__ for each in CLASSES}
    assert {name: parent for name, (parent, _, _) in drawn().items()} == real


def test_the_drawn_kinds_and_meanings_are_those_of_the_classes() -> None:
    for name, (parent, kind, says) in drawn().items():
        cls = getattr(errors, name)
        if parent is None:
            continue
        expected = kind or getattr(errors, parent).kind
        assert cls.kind == expected, name
        assert says, name
        assert cls.__doc__, name


def test_codes_are_stable_words_and_no_two_are_alike() -> None:
    codes = [each.code for each in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)
    # A class without a code of its own would show its parent's.
    assert all("code" in vars(each) for each in CLASSES)


def test_every_kind_has_an_exit_code() -> None:
    assert set(EXIT_CODES) == set(get_args(Kind))
    assert {each.kind for each in LEAVES} == set(get_args(Kind))
    assert all(0 < code < 126 for code in EXIT_CODES.values())  # what shells leave to programs
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)


@pytest.mark.parametrize("each", LEAVES)
def test_an_error_has_a_message_and_a_hint(each: type[CleancutError]) -> None:
    error = each("what is wrong", hint="what to do")
    assert str(error) == "what is wrong"
    assert error.hint == "what to do"
    with pytest.raises(TypeError):
        each("no remedy")  # type: ignore[call-arg]


@pytest.mark.parametrize("each", [errors.NotAnImage, errors.OptionError, errors.NoSubject])
def test_an_error_goes_to_another_process_whole(each: type[CleancutError]) -> None:
    copy = pickle.loads(pickle.dumps(each("what is wrong", hint="what to do")))
    assert (type(copy), str(copy), copy.hint) == (each, "what is wrong", "what to do")
