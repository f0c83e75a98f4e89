"""``cleancut keys``."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cleancut.server.keys import Keys, keys_file
from tests.cli.conftest import Run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where ``run`` keeps the keys."""
    return keys_file(tmp_path / "home")


def test_the_secret_alone_is_on_standard_output(run: Run, path: Path) -> None:
    ran = run("keys", "make", "shop")
    assert ran.code == 0
    assert re.fullmatch(r"cc_[A-Za-z0-9_-]{43}\n", ran.out)
    key = Keys(path).find(ran.out.strip())
    assert key is not None
    assert key.name == "shop"
    for part in (key.id, "once", "X-Api-Key: …", "Authorization: Bearer …"):
        assert part in ran.err
    assert ran.out.strip() not in ran.err


def test_list_shows_what_is_public(run: Run, path: Path) -> None:
    secrets = [run("keys", "make", name).out.strip() for name in ("shop", "Kühlhaus 3")]
    ran = run("keys", "list")
    assert ran.code == 0
    keys = [Keys(path).find(secret) for secret in secrets]
    assert ran.out.splitlines() == [f"{key.id}  {key.made}  {key.name}" for key in keys if key]
    as_json = run("keys", "list", "--json")
    assert [(each["id"], each["name"], each["made"]) for each in json.loads(as_json.out)] == [
        (key.id, key.name, key.made) for key in keys if key
    ]
    stored = json.loads(path.read_text("utf-8"))["keys"]
    for text in (ran.out + ran.err, as_json.out + as_json.err):
        assert not any(word in text for word in [*secrets, *(each["sha256"] for each in stored), "sha256"])


def test_list_without_keys(run: Run) -> None:
    ran = run("keys", "list")
    assert (ran.code, ran.out) == (0, "")
    assert "cleancut keys make NAME" in ran.err
    ran = run("keys", "list", "--json")
    assert (ran.code, json.loads(ran.out), ran.err) == (0, [], "")


@pytest.mark.parametrize("by", ["id", "name"])
def test_revoke_by_id_or_name(run: Run, path: Path, by: str) -> None:
    secret = run("keys", "make", "shop").out.strip()
    run("keys", "make", "till")
    keys = Keys(path)
    key = keys.find(secret)
    ran = run("keys", "revoke", getattr(key, by))
    assert (ran.code, ran.out) == (0, "")
    assert "shop" in ran.err
    assert "note" not in ran.err
    assert keys.find(secret) is None
    assert len(keys) == 1


def test_who_revokes_the_last_key_is_told_what_that_means(run: Run) -> None:
    run("keys", "make", "shop")
    assert "no key is left" in run("keys", "revoke", "shop").err


def test_a_name_with_a_leading_dash_comes_after_two(run: Run, path: Path) -> None:
    assert run("keys", "make", "-x").code == 2
    assert not path.exists()
    assert run("keys", "make", "--", "-x").code == 0
    assert [each["name"] for each in json.loads(run("keys", "list", "--json").out)] == ["-x"]
    assert run("keys", "revoke", "--", "-x").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "nobody"),
        ("revoke",),
        ("revoke", "shop", "till"),
        ("make",),
        ("make", "shop"),
        ("make", ""),
        ("make", "a\nb"),
        ("make", "x" * 65),
        ("list", "shop"),
        ("show",),
    ],
)
def test_wrong_usage(run: Run, path: Path, arguments: tuple[str, ...]) -> None:
    run("keys", "make", "shop")
    before = path.read_bytes()
    ran = run("keys", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err
    assert path.read_bytes() == before


@pytest.mark.parametrize("arguments", [("list",), ("make", "till"), ("revoke", "shop")])
def test_a_damaged_file_is_named_and_kept(run: Run, path: Path, arguments: tuple[str, ...]) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"keys": ')
    ran = run("keys", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert str(path) in ran.err
    assert path.read_bytes() == b'{"keys": '


def test_a_home_that_cannot_be_written(run: Run, path: Path) -> None:
    path.parent.write_text("in the way")
    ran = run("keys", "make", "shop")
    assert (ran.code, ran.out) == (1, "")
    assert "CLEANCUT_HOME" in ran.err


def test_it_works_as_people_call_it(spawn: Callable[..., subprocess.CompletedProcess[bytes]], path: Path) -> None:
    ran = spawn("keys", "make", "Kühlhaus 3")
    assert ran.returncode == 0
    key = Keys(path).find(ran.stdout.decode().strip())
    assert key is not None
    assert key.name == "Kühlhaus 3"
