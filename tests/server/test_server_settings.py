"""What holds for a server: from the environment, and from flags before it."""

from __future__ import annotations

import ipaddress
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from cleancut.cli.main import main
from cleancut.errors import OptionError
from cleancut.options import Limits
from cleancut.server.settings import (
    EXPOSED_RATES,
    ServerSettings,
    is_loopback,
    read_server_settings,
    variable,
)

# Of each field: what the environment says, and what then holds.
SAID: dict[str, tuple[str, Any]] = {
    "host": ("192.0.2.1", "192.0.2.1"),
    "port": ("9001", 9001),
    "workers": ("7", 7),
    "waiting": ("8", 8),
    "deadline": ("9", 9),
    "patience": ("10", 10),
    "drain": ("11", 11),
    "allow_url": ("1", True),
    "url_networks": ("10.1.0.0/16, fd00::/8", (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00::/8"))),
    "without_keys": ("yes", True),
    "allowed_hosts": ("Cut.example other.example,[2001:db8::1]", ("cut.example", "other.example", "[2001:db8::1]")),
    "origins": ("https://Shop.example/; http://a.example:81", ("https://shop.example", "http://a.example:81")),
    "trusted_proxies": ("127.0.0.1, 10.0.0.0/8", ("127.0.0.1", "10.0.0.0/8")),
    "rate_limits": ("1/second; 20 per 5 minute,3/day", ("1/second", "20 per 5 minute", "3/day")),
    "address_limits": ("4/minute", ("4/minute",)),
    "failure_limits": ("none", ()),
    "build_page": ("0", False),
    "session_seconds": ("60", 60),
    "store": ("0", False),
    "store_folder": ("/srv/kept", Path("/srv/kept")),
    "store_bytes": ("1000", 1000),
    "keep_seconds": ("61", 61),
    "connections": ("7", 7),
    "model": ("u2net", "u2net"),
    "device": ("cpu", "cpu"),
    "precision": ("int8", "int8"),
    "loaded_models": ("2", 2),
    "recent_bytes": ("112", 112),
    "guides_max_bytes": ("100", 100),
    "guides_min_side": ("101", 101),
    "guides_max_side": ("102", 102),
    "removebg_limits": ("90/minute", ("90/minute",)),
    "credits": ("0", 0),
    "removebg_max_bytes": ("105", 105),
    "removebg_max_pixels": ("106", 106),
    "feedback_seconds": ("62", 62),
    "v1_max_bytes": ("103", 103),
    "v1_max_pixels": ("104", 104),
    "database": ("postgresql://u:p@h/d", "postgresql://u:p@h/d"),
    "jobs_folder": ("/srv/jobs", Path("/srv/jobs")),
    "job_workers": ("0", 0),
    "metrics_port": ("9101", 9101),
    "job_pictures": ("105", 105),
    "job_bytes": ("106", 106),
    "job_upload_seconds": ("107", 107),
    "job_picture_seconds": ("108", 108),
    "job_seconds": ("109", 109),
    "job_longest_seconds": ("110", 110),
    "jobs_pictures": ("111", 111),
    "jobs_bytes": ("112", 112),
    "webhook_networks": ("10.1.0.0/16", (ipaddress.ip_network("10.1.0.0/16"),)),
    "log_format": ("json", "json"),
}

FIELDS = [each for each in fields(ServerSettings) if each.name != "core"]
NUMBERS = [each.name for each in FIELDS if each.metadata["parse"].__name__ == "number_in"]


@pytest.mark.parametrize("name", [each.name for each in FIELDS])
def test_each_field_is_read_from_its_variable(name: str) -> None:
    text, value = SAID[name]
    plain, said = read_server_settings({}), read_server_settings({variable(name): f" {text} "})
    assert getattr(said, name) == value
    assert getattr(plain, name) != value
    others = [each.name for each in FIELDS if each.name != name]
    assert [getattr(said, each) for each in others] == [getattr(plain, each) for each in others]


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_variable_is_an_unset_one(text: str) -> None:
    assert read_server_settings({variable(each.name): text for each in FIELDS}) == read_server_settings({})


def test_defaults_are_those_of_the_fields() -> None:
    settings = read_server_settings({})
    for each in FIELDS:
        assert each.default is not MISSING
        assert getattr(settings, each.name) == each.default


BAD: list[tuple[str, str]] = [
    *((name, text) for name in NUMBERS for text in ("0", "-1", "1.5", "many", "1" * 5000)),
    ("port", "65536"),
    ("port", "-1"),
    ("port", "http"),
    ("port", "8000.0"),
    ("port", "\u00b2"),
    *((name, "maybe") for name in ("allow_url", "without_keys", "store")),
    ("url_networks", "10.1.0.0/33"),
    ("url_networks", "10.1.2.3/16"),
    ("url_networks", "inside"),
    ("trusted_proxies", "*"),
    ("trusted_proxies", "nginx"),
    ("trusted_proxies", "10.1.2.3/8"),
    ("trusted_proxies", "127.0.0.1 and others"),
    ("allowed_hosts", "*"),
    ("allowed_hosts", "*.example"),
    ("allowed_hosts", "cut.example:8000"),
    ("allowed_hosts", "https://cut.example"),
    ("allowed_hosts", "2001:db8::1"),
    ("allowed_hosts", "user@cut.example"),
    ("origins", "*"),
    ("origins", "null"),
    ("origins", "shop.example"),
    ("origins", "https://shop.example/path"),
    ("origins", "https://*.shop.example"),
    ("origins", "ftp://shop.example"),
    ("origins", "https://shop.example https://"),
    *((name, text)
      for name in ("rate_limits", "address_limits", "failure_limits")
      for text in ("10", "ten/minute", "10/fortnight", "0/minute", "-1/minute", "10/minute|5/hour", "10/minute;x", ";",
                   "10/minute junk", "none;10/minute")),
    ("precision", "fp64"),
    ("log_format", "xml"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), BAD, ids=lambda value: value[:30])
def test_a_value_that_cannot_be_used_names_its_variable(name: str, text: str) -> None:
    with pytest.raises(OptionError, match=variable(name)) as raised:
        read_server_settings({variable(name): text})
    assert raised.value.hint


def test_port_0_is_any_that_is_free() -> None:
    assert read_server_settings({"CLEANCUT_PORT": "0"}).port == 0


def test_no_limit_is_not_the_same_as_nothing_said() -> None:
    assert read_server_settings({"CLEANCUT_RATE_LIMITS": "none"}).rate_limits == ()
    assert read_server_settings({}).rate_limits is None


def test_flags_go_before_the_environment() -> None:
    env = {"CLEANCUT_PORT": "9001", "CLEANCUT_MODEL": "u2net", "CLEANCUT_STORE": "1", "CLEANCUT_WORKERS": "7"}
    settings = read_server_settings(env, port=9002, store=False, workers=None)
    assert (settings.port, settings.store, settings.workers, settings.model) == (9002, False, 7, "u2net")


@pytest.mark.parametrize(("flag", "value"), [("port", 65_536), ("port", -1), ("workers", 0)])
def test_a_flag_that_cannot_be_used_is_named(flag: str, value: int) -> None:
    with pytest.raises(OptionError, match=f"--{flag}"):
        read_server_settings({}, **{flag: value})


def test_the_command_says_what_is_wrong_before_it_listens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLEANCUT_HOME", str(tmp_path))
    assert main(["serve", "--port", "0", "--host", "0.0.0.0"]) == 2
    assert "no key has been made" in capsys.readouterr().err
    monkeypatch.setenv("CLEANCUT_RATE_LIMITS", "often")
    assert main(["serve", "--port", "0"]) == 2
    assert "CLEANCUT_RATE_LIMITS='often'" in capsys.readouterr().err


def test_the_folder_of_what_is_kept_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert read_server_settings({"CLEANCUT_STORE_FOLDER": "kept"}).store_folder == tmp_path / "kept"
    assert read_server_settings({"CLEANCUT_STORE_FOLDER": "~/kept"}).store_folder == tmp_path / "me" / "kept"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "localhost", "::1", "[::1]"])
def test_loopback_is_not_exposed(host: str) -> None:
    assert is_loopback(host)
    settings = read_server_settings({}, host=host)
    assert settings.on_loopback
    assert not settings.exposed
    assert settings.rates == ()


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.0.1", "", "localhost.example", "128.0.0.1", "::ffff:8.8.8.8"]
)
def test_all_other_addresses_are(host: str) -> None:
    assert not is_loopback(host)
    settings = read_server_settings({}, host=host)
    assert settings.exposed
    assert settings.rates == EXPOSED_RATES
    assert read_server_settings({}, host=host, rate_limits=()).rates == ()
    assert read_server_settings({}, host=host, rate_limits=("1/day",)).rates == ("1/day",)


@pytest.mark.parametrize("reached", [{"trusted_proxies": ("127.0.0.1",)}, {"allowed_hosts": ("cut.example",)}])
def test_a_server_behind_a_proxy_is_exposed_although_it_is_on_loopback(reached: dict[str, Any]) -> None:
    settings = read_server_settings({}, **reached)
    assert settings.on_loopback
    assert settings.exposed
    assert settings.rates == EXPOSED_RATES


def test_the_two_groups_of_routes_have_limits_of_their_own() -> None:
    settings = read_server_settings({"CLEANCUT_GUIDES_MAX_SIDE": "500", "CLEANCUT_V1_MAX_PIXELS": "600"})
    assert settings.guides_limits == Limits(None, 10_000_000, 500, 100)
    assert settings.v1_limits == Limits(600, 64_000_000)


def test_all_of_it_is_in_one_folder() -> None:
    assert read_server_settings({"CLEANCUT_HOME": "/srv/home"}).folder == Path("/srv/home/server")
