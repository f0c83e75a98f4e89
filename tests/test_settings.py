from __future__ import annotations

from pathlib import Path

import pytest

from cleancut.errors import OptionError
from cleancut.options import Limits
from cleancut.settings import read_settings


def test_nothing_set_means_the_defaults() -> None:
    settings = read_settings({})
    assert settings.home.name == "cleancut"
    assert settings.home.is_absolute()
    assert settings.mirror is None
    assert settings.commercial_only is False
    assert settings.threads is None
    assert settings.network == {}
    assert settings.limits == Limits()


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANCUT_THREADS", "3")
    assert read_settings().threads == 3


def test_no_test_touches_the_machines_own_home() -> None:
    assert read_settings().home != read_settings({}).home
    assert not read_settings().home.exists()


def test_everything_can_be_set() -> None:
    settings = read_settings(
        {
            "CLEANCUT_HOME": "/srv/weights",
            "CLEANCUT_MODEL_MIRROR": "https://mirror.invalid/models",
            "CLEANCUT_COMMERCIAL_ONLY": "1",
            "CLEANCUT_THREADS": "4",
            "CLEANCUT_MAX_PIXELS": "1000000",
            "CLEANCUT_MAX_BYTES": "2000",
            "CLEANCUT_MAX_SIDE": "4000",
            "CLEANCUT_MIN_SIDE": "8",
        }
    )
    assert settings.home == Path("/srv/weights")
    assert settings.mirror == "https://mirror.invalid/models"
    assert settings.commercial_only is True
    assert settings.threads == 4
    assert settings.limits == Limits(max_pixels=1_000_000, max_bytes=2000, max_side=4000, min_side=8)


def test_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert read_settings({"CLEANCUT_HOME": "~/cut"}).home == Path("/home/me/cut")
    monkeypatch.chdir(tmp_path)
    assert read_settings({"CLEANCUT_HOME": "here"}).home == tmp_path / "here"


def test_empty_is_as_good_as_unset() -> None:
    names = ("HOME", "MODEL_MIRROR", "COMMERCIAL_ONLY", "THREADS", "MAX_PIXELS", "MAX_BYTES", "MAX_SIDE", "MIN_SIDE")
    assert read_settings({f"CLEANCUT_{name}": "" for name in names}) == read_settings({})


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "yes", "On", " 1 "])
def test_yes(value: str) -> None:
    assert read_settings({"CLEANCUT_COMMERCIAL_ONLY": value}).commercial_only


@pytest.mark.parametrize("value", ["0", "false", "No", "off", " "])
def test_no(value: str) -> None:
    assert not read_settings({"CLEANCUT_COMMERCIAL_ONLY": value}).commercial_only


@pytest.mark.parametrize("value", ["maybe", "2", "y e s"])
def test_neither_yes_nor_no(value: str) -> None:
    with pytest.raises(OptionError, match=r"CLEANCUT_COMMERCIAL_ONLY=.*neither yes nor no") as caught:
        read_settings({"CLEANCUT_COMMERCIAL_ONLY": value})
    assert caught.value.hint == "set CLEANCUT_COMMERCIAL_ONLY to 1 or 0"


@pytest.mark.parametrize("name", ["THREADS", "MAX_PIXELS", "MAX_BYTES", "MAX_SIDE", "MIN_SIDE"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "1e6", "nan"])
def test_a_number_that_is_none_is_told_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(OptionError, match=f"CLEANCUT_{name}='{value}' is no whole number above 0") as caught:
        read_settings({f"CLEANCUT_{name}": value})
    assert f"CLEANCUT_{name}" in caught.value.hint


@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_what_leads_to_the_network_is_kept_for_the_doctor(spelling: type[str]) -> None:
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE")
    environment = {spelling(name): f"value of {name}" for name in names}
    assert read_settings(environment).network == {name: f"value of {name}" for name in names}
    assert read_settings({"HTTPS_PROXY": "", "no_proxy": "a"}).network == {"NO_PROXY": "a"}


@pytest.mark.parametrize(
    ("environment", "kept"),
    [
        ({}, True),
        ({"MALLOC_ARENA_MAX": "1"}, False),
        ({"GLIBC_TUNABLES": "glibc.malloc.check=3"}, False),
        ({"MALLOC_ARENA_MAX": "1", "CLEANCUT_KEEP_MEMORY": "1"}, True),
        ({"CLEANCUT_KEEP_MEMORY": "off"}, False),
    ],
)
def test_freed_memory_is_kept_unless_somebody_tunes_it(environment: dict[str, str], kept: bool) -> None:
    assert read_settings(environment).keep_memory is kept
