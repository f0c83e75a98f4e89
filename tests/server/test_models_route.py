"""What a server can do: its models, their licences, and which of them clients may ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cleancut.engines import LOADED, model_of, store_of
from cleancut.errors import WeightsUnavailable
from cleancut.models import licences, weights
from cleancut.models.catalog import CATALOG
from cleancut.models.spec import PLAIN, LocalFile, Weights
from cleancut.settings import read_settings
from tests.fakes.tiny_model import SIDE, write_tiny_model
from tests.server.calls import cut, matte_of, refused, runs
from tests.server.conftest import Running, Start


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object) -> None:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(weights, "_fetch", fetch)


def have(monkeypatch: pytest.MonkeyPatch, name: str, file: Path) -> None:
    """A model of the catalogue, with weights of one's own."""
    here = (Weights(LocalFile(str(file)), None),)
    spec = replace(CATALOG[name], weights=here, input_size=SIDE, normalisation=PLAIN)
    monkeypatch.setitem(CATALOG, name, spec)


def listed(server: Running) -> dict[str, dict[str, Any]]:
    answer = server.http.get("/api/v1/models")
    assert answer.status_code == 200, answer.text
    return {each["name"]: each for each in answer.json()["models"]}


def test_all_models_are_listed_with_licence_and_state(server: Running) -> None:
    found = listed(server)
    assert set(found) == {*CATALOG, "tiny"}
    tiny = found["tiny"]
    assert (tiny["state"], tiny["needs"], tiny["default"], tiny["input_size"]) == ("installed", None, True, SIDE)
    assert not any(each["cloud"] for each in found.values())
    isnet = found["isnet-general"]
    assert isnet["licence"] == {
        "name": "Apache-2.0", "url": "https://github.com/xuebinqin/DIS/blob/main/LICENSE.md", "commercial": True,
    }  # fmt: skip
    assert isnet["aliases"] == ["isnet-general-use", "isnet"]
    assert isnet["summary"]
    assert (isnet["state"], isnet["needs"]) == ("not_installed", "cleancut models pull isnet-general")
    bria = found["rmbg-2.0"]
    assert bria["licence"]["commercial"] is False
    assert (bria["state"], bria["needs"]) == ("licence_needed", "cleancut models pull rmbg-2.0 --accept-licence")
    assert [each["name"] for each in found.values() if each["default"]] == ["tiny"]


def test_an_accepted_licence_is_enough_to_be_pulled(server: Running) -> None:
    licences.accept(CATALOG["rmbg-2.0"], store_of(server.service.settings.core))
    assert listed(server)["rmbg-2.0"]["state"] == "not_installed"
    assert listed(server)["rmbg-1.4"]["state"] == "licence_needed", "each has its own terms"


def test_what_allows_no_commercial_use_can_be_ruled_out(
    start: Start, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANCUT_COMMERCIAL_ONLY", "1")
    server = start()
    found = listed(server)
    assert {name for name, each in found.items() if each["state"] == "ruled_out"} == {
        name for name, spec in CATALOG.items() if not spec.licence.commercial
    }
    assert "commercial" in found["rmbg-2.0"]["needs"]
    refused(cut(server, picture, model="rmbg-2.0"), 403, "licence_not_accepted")


def test_damaged_weights_are_told_from_missing_ones(server: Running, home: Path, picture: bytes) -> None:
    folder = home / "models"
    folder.mkdir(exist_ok=True)
    (folder / "u2netp.onnx").write_bytes(b"half a file")
    found = listed(server)["u2netp"]
    assert found["state"] == "damaged"
    assert "cleancut models remove u2netp" in found["needs"]
    refused(cut(server, picture, model="u2netp"), 503, "wrong_checksum")


def test_a_model_that_is_not_here_is_refused_and_not_fetched(server: Running, home: Path, picture: bytes) -> None:
    asked: tuple[httpx.Response, ...] = (
        cut(server, picture, model="isnet-general"),
        matte_of(server, picture, model="isnet-general-use"),
        server.http.post("/api/remove-background", files={"image": picture}, data={"model": "isnet"}),
    )
    for answer in asked:
        assert "isnet-general" in refused(answer, 409, "model_not_installed")
        assert "cleancut models pull isnet-general" in answer.json()["hint"]
    refused(cut(server, picture, model="bria-rmbg"), 403, "licence_not_accepted")
    refused(cut(server, picture, model="sam"), 400, "unknown_model")
    assert runs(server) == 0
    assert all(each.name.startswith("tiny") for each in (home / "models").iterdir())


def test_what_was_pulled_or_removed_meanwhile_counts_at_once(
    server: Running, home: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(cut(server, picture, model="late"), 400, "unknown_model")
    write_tiny_model(home, "late")
    assert cut(server, picture, model="late").headers["X-Cleancut-Model"] == "late"
    assert listed(server)["late"]["state"] == "installed"
    (home / "late.onnx").unlink()
    refused(cut(server, picture, model="late", quality="fast"), 409, "model_not_installed")


def test_auto_asks_the_models_at_hand_and_fetches_none(
    start: Start, home: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    assert cut(server, picture, model="auto").headers["X-Cleancut-Model"] == "tiny"
    have(monkeypatch, "u2netp", home / "tiny.onnx")
    assert cut(server, picture, model="auto", quality="fast").headers["X-Cleancut-Model"] == "u2netp"


def test_where_there_is_none_for_auto_it_is_refused(
    start: Start, home: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the models here, auto asks only those that are free for commercial use.
    (home / "models.toml").write_text('[tiny]\nfile = "tiny.onnx"\ninput_size = 32\ncommercial = false\n')
    core = read_settings({"CLEANCUT_HOME": str(home)})
    licences.accept(model_of("tiny", core), store_of(core))
    server = start()
    assert cut(server, picture).status_code == 200
    refused(cut(server, picture, model="auto"), 409, "model_not_installed")


def test_a_default_by_another_name_is_the_default(
    start: Start, home: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(monkeypatch, "isnet-general", home / "tiny.onnx")
    server = start(model="isnet-general-use")
    assert [name for name, each in listed(server).items() if each["default"]] == ["isnet-general"]
    first, second = cut(server, picture), cut(server, picture, model="isnet-general")
    assert first.headers["X-Cleancut-Model"] == "isnet-general"
    assert second.headers["X-Cleancut-Cache"] == "hit", "one model has one matte, by whatever name it is asked for"


def test_the_default_is_fetched_if_need_be_for_it_is_the_operators_own_wish(
    start: Start, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*_: object) -> None:
        raise WeightsUnavailable("the network is down", hint="plug it in")

    monkeypatch.setattr(weights, "_fetch", fetch)
    server = start(ready=False, model="isnet-general-use")
    for model in ("isnet-general", "isnet", ""):
        refused(cut(server, picture, model=model), 503, "weights_unavailable")
    refused(cut(server, picture, model="u2net"), 409, "model_not_installed")


def test_a_default_that_there_is_not_does_not_stand_in_the_way_of_the_others(start: Start, picture: bytes) -> None:
    server = start(ready=False, model="isnet-colonel")
    refused(cut(server, picture), 400, "unknown_model")
    assert cut(server, picture, model="tiny").status_code == 200
    assert listed(server)["tiny"]["state"] == "installed"


def test_the_default_may_be_auto(start: Start, picture: bytes) -> None:
    server = start(model="auto")
    assert cut(server, picture).headers["X-Cleancut-Model"] == "tiny"
    assert not any(each["default"] for each in listed(server).values())


def test_no_more_models_stay_loaded_than_the_operator_allows(start: Start, home: Path, picture: bytes) -> None:
    for name in ("second", "third"):
        write_tiny_model(home, name)
    server = start(loaded_models=2)
    for name in ("tiny", "second", "third", "second", "tiny"):
        answer = cut(server, picture, {"Cache-Control": "no-store"}, model=name)
        assert answer.headers["X-Cleancut-Model"] == name
        assert len(LOADED.loaded) <= 2
    assert [engine.spec.name for engine in LOADED.loaded] == ["second", "tiny"]


def test_a_client_can_find_out_what_the_server_accepts(start: Start) -> None:
    said = start(rate_limits=("10/minute",), keep_seconds=60).http.get("/api/v1/server").json()
    assert said["ready"] is True
    assert (said["device"], said["default_model"]) == ("cpu", "tiny")
    assert said["formats"] == ["png", "webp", "avif", "jpg", "tiff", "zip"]
    assert said["qualities"] == ["fast", "balanced", "best"]
    assert (said["keys_needed"], said["urls_allowed"], said["keeps_seconds"]) == (False, False, 60)
    assert said["rates"] == ["10/minute"]
    assert said["jobs"] == {"files": 100, "pictures": 1000, "bytes": 1_000_000_000, "keeps_seconds": 86_400}
    assert said["guides"] == {"max_bytes": 10_000_000, "max_pixels": None, "max_side": 4000, "min_side": 100}
    assert said["v1"] == {"max_bytes": 64_000_000, "max_pixels": 52_000_000, "max_side": None, "min_side": 2}


def test_a_server_that_keeps_nothing_or_fetches_urls_says_so(start: Start) -> None:
    said = start(store=False, allow_url=True).http.get("/api/v1/server").json()
    assert said["keeps_seconds"] is None
    assert said["urls_allowed"] is True
