from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cleancut
from cleancut import engines, remover
from cleancut.choice import GENERAL, LEAD, LOOKS, SURE, best_of, choices
from cleancut.errors import InferenceFailed, ModelError, NoSubject, WeightsUnavailable
from cleancut.matting.confidence import confidence
from cleancut.models import licences
from cleancut.models.catalog import CATALOG, DEFAULT
from cleancut.models.spec import Licence
from cleancut.models.store import Store
from cleancut.options import Options
from cleancut.runtime.session import Engine
from cleancut.settings import read_settings
from cleancut.types import Raw
from tests.fakes import weights
from tests.fakes.engines import Failing, block, fake_engine, fake_spec, full
from tests.fakes.tiny_model import photo, write_tiny_model


@dataclass(frozen=True)
class Seen:
    subject: bool
    confidence: float


def looking(**answers: Seen | Exception) -> tuple[Callable[[str], Seen], list[str]]:
    """A look with known answers, and the models that were asked."""
    asked: list[str] = []

    def look(name: str) -> Seen:
        asked.append(name)
        answer = answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return look, asked


class TestBestOf:
    def test_a_first_model_that_is_sure_is_the_only_one_asked(self) -> None:
        look, asked = looking(large=Seen(True, SURE), small=Seen(True, 1.0))
        assert best_of(["large", "small"], look) == ("large", Seen(True, SURE), "auto: large, confidence 0.80")
        assert asked == ["large"]

    def test_one_that_is_not_is_held_against_the_second(self) -> None:
        look, _ = looking(large=Seen(True, 0.42), small=Seen(True, 0.81))
        assert best_of(["large", "small"], look) == ("small", Seen(True, 0.81), "auto: small 0.81 before large 0.42")

    def test_and_kept_where_it_is_the_more_confident(self) -> None:
        look, asked = looking(large=Seen(True, 0.7), small=Seen(True, 0.6))
        assert best_of(["large", "small"], look) == ("large", Seen(True, 0.7), "auto: large 0.70 before small 0.60")
        assert asked == ["large", "small"]

    def test_a_subject_goes_before_none(self) -> None:
        look, _ = looking(large=Seen(False, 0.5), small=Seen(True, 0.3))
        assert best_of(["large", "small"], look)[1].subject

    @pytest.mark.parametrize(("second", "taken"), [(0.6 + LEAD + 0.01, "small"), (0.6 + LEAD - 0.01, "large")])
    def test_a_lead_within_the_error_of_both_says_nothing(self, second: float, taken: str) -> None:
        look, _ = looking(large=Seen(True, 0.6), small=Seen(True, second))
        reason = best_of(["large", "small"], look)[2]
        assert reason.startswith(f"auto: {taken} ")
        assert reason.endswith(" 0.60" if taken == "small" else ", which leads by too little")

    def test_between_equals_the_first_is_taken(self) -> None:
        look, _ = looking(large=Seen(False, 0.0), small=Seen(False, 0.0))
        assert best_of(["large", "small"], look)[2] == "auto: large 0.00 before small 0.00"

    def test_no_more_than_two_are_asked(self) -> None:
        names = ["a", "b", "c", "d"]
        look, asked = looking(**dict.fromkeys(names, Seen(False, 0.0)))
        best_of(names, look)
        assert asked == names[:LOOKS] == ["a", "b"]

    def test_a_single_one_answers_however_unsure_it_is(self) -> None:
        look, _ = looking(only=Seen(True, 0.3))
        assert best_of(["only"], look) == ("only", Seen(True, 0.3), "auto: only, confidence 0.30")

    def test_one_that_fails_at_the_picture_is_passed_over_and_named(self) -> None:
        failure = InferenceFailed("large failed: out of memory", hint="free some memory")
        look, _ = looking(large=failure, small=Seen(True, 0.3))
        reason = "auto: small, confidence 0.30; large failed: out of memory"
        assert best_of(["large", "small"], look) == ("small", Seen(True, 0.3), reason)

    def test_if_none_answers_the_first_says_why(self) -> None:
        look, _ = looking(large=InferenceFailed("first", hint=""), small=InferenceFailed("second", hint=""))
        with pytest.raises(InferenceFailed, match="first"):
            best_of(["large", "small"], look)

    def test_weights_that_cannot_be_had_are_no_matter_of_the_picture(self) -> None:
        look, asked = looking(large=WeightsUnavailable("gone", hint="pull"), small=Seen(True, 1.0))
        with pytest.raises(WeightsUnavailable):
            best_of(["large", "small"], look)
        assert asked == ["large"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The catalogue's names with made-up weights, so that they can be put into the store."""

    def catalogue(store: Store, *present: str, damaged: str = "", licence: Licence = weights.FREE) -> None:
        for name in present:
            spec = weights.model(weights.weights(CATALOG[name].weights[0].origin), name=name, licence=licence)
            monkeypatch.setitem(CATALOG, name, spec)
            weights.by_hand(spec, store, weights.OTHER if name == damaged else weights.BYTES)

    return catalogue


class TestChoices:
    def test_the_default_is_fetched_where_nothing_is(self, store: Store) -> None:
        assert choices(store) == (DEFAULT,)

    def test_the_best_comes_first(self, store: Store, catalogue: Callable[..., None]) -> None:
        catalogue(store, "u2netp", "isnet-general", "birefnet-general")
        assert choices(store) == ("birefnet-general", "isnet-general", "u2netp")

    def test_those_for_one_kind_of_subject_only_where_nothing_else_is(
        self, store: Store, catalogue: Callable[..., None]
    ) -> None:
        catalogue(store, "u2net-human", "isnet-anime")
        assert choices(store) == ("u2net-human", "isnet-anime")
        catalogue(store, "u2netp")
        assert choices(store) == ("u2netp",)

    def test_so_with_those_of_the_users_own(self, store: Store, catalogue: Callable[..., None]) -> None:
        write_tiny_model(store.home)
        assert choices(store) == ("tiny",)
        catalogue(store, "u2netp")
        assert choices(store) == ("u2netp",)

    def test_the_one_that_needs_22_gb_is_for_those_who_ask(self, store: Store, catalogue: Callable[..., None]) -> None:
        catalogue(store, "birefnet-hr")
        assert choices(store) == (DEFAULT,)

    def test_one_that_is_damaged_is_left_out(self, store: Store, catalogue: Callable[..., None]) -> None:
        catalogue(store, "isnet-general", "u2netp", damaged="isnet-general")
        assert choices(store) == ("u2netp",)

    @pytest.mark.parametrize("name", ["rmbg-1.4", "birefnet-general"])
    @pytest.mark.parametrize("accepted", [False, True])
    def test_a_non_commercial_one_is_never_chosen(
        self, store: Store, catalogue: Callable[..., None], name: str, accepted: bool
    ) -> None:
        catalogue(store, name, licence=Licence("CC-BY-NC-4.0", commercial=False, url="https://licences.invalid/nc"))
        if accepted:
            licences.accept(CATALOG[name], store)
        assert choices(store) == (DEFAULT,)
        catalogue(store, "u2netp")
        assert choices(store) == ("u2netp",)

    def test_one_whose_terms_have_to_be_accepted_once_they_are(
        self, store: Store, catalogue: Callable[..., None]
    ) -> None:
        gated = Licence("Gated", commercial=True, url="https://licences.invalid/gated", gated=True)
        catalogue(store, "ben2-base", licence=gated)
        assert choices(store) == (DEFAULT,)
        licences.accept(CATALOG["ben2-base"], store)
        assert choices(store) == ("ben2-base",)

    def test_a_models_toml_that_cannot_be_read_is_no_reason_to_stop(self, store: Store) -> None:
        store.home.mkdir(parents=True)
        (store.home / "models.toml").write_text("[", "utf-8")
        assert choices(store) == (DEFAULT,)

    def test_all_that_are_for_general_use_may_be_used_by_anyone(self) -> None:
        for name in GENERAL:
            assert CATALOG[name].licence.commercial
            assert not CATALOG[name].licence.gated
        assert DEFAULT in GENERAL


UNSURE = full(0.7)


class TestRemover:
    @pytest.fixture
    def models(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        """Have auto choose among these answers, by name."""

        def models(**answers: Raw | Failing) -> None:
            ready: dict[str, Engine] = {
                name: fake_engine(answer, fake_spec(name=name)) for name, answer in answers.items()
            }
            monkeypatch.setattr(remover, "choices", lambda store: tuple(ready))
            monkeypatch.setattr(remover, "engine_of", lambda options, *rest: ready[options.model])

        return models

    def test_the_result_tells_which_and_why(self, models: Callable[..., None]) -> None:
        models(large=block(), small=block())
        result = cleancut.Remover(model="auto").cut(photo())
        assert result.model == "large"
        assert result.notes == ("auto: large, confidence 1.00",)

    def test_the_second_is_used_where_it_knows_better(self, models: Callable[..., None]) -> None:
        assert confidence(UNSURE) < SURE
        models(large=UNSURE, small=block())
        result = cleancut.Remover(model="auto").cut(photo())
        assert result.model == "small"
        assert result.notes == (f"auto: small 1.00 before large {confidence(UNSURE):.2f}",)
        assert cleancut.estimate_matte(photo(), model="auto").confidence == result.confidence

    def test_where_nobody_finds_anything_both_are_told(self, models: Callable[..., None]) -> None:
        models(large=full(0), small=full(0))
        result = cleancut.Remover(model="auto").cut(photo())
        assert not result.subject
        assert result.notes[-1] == "auto: large 0.00 before small 0.00"
        with pytest.raises(NoSubject):
            cleancut.Remover(model="auto", require_subject=True).cut(photo())

    def test_a_required_subject_may_be_found_by_the_second(self, models: Callable[..., None]) -> None:
        models(large=full(0), small=block())
        assert cleancut.Remover(model="auto", require_subject=True).cut(photo()).model == "small"

    def test_one_that_fails_does_not_spoil_the_other(self, models: Callable[..., None]) -> None:
        models(large=Failing(), small=block())
        assert cleancut.Remover(model="auto").cut(photo()).model == "small"

    def test_a_model_that_is_named_is_used_without_a_word(self, models: Callable[..., None]) -> None:
        models(large=UNSURE, small=block())
        result = cleancut.Remover(model="large").cut(photo())
        assert (result.model, result.notes) == ("large", ())


def preload() -> None:
    """Preload for auto, and wait until that has ended."""
    engines.preload(Options(model="auto"), read_settings())
    for thread in threading.enumerate():
        if thread.name == "preload":
            thread.join(10)


class TestRealEngines:
    """With the tiny model, as the only one there is."""

    @pytest.fixture(autouse=True)
    def _tiny(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLEANCUT_HOME", str(tmp_path / "home"))
        write_tiny_model(tmp_path / "home")

    def test_it_is_loaded_once_for_many_photos(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from cleancut.runtime import onnx

        loads: list[str] = []
        open_engine = onnx.open_engine

        def counted(*arguments: Any, **keywords: Any) -> Engine:
            loads.append(str(arguments[0]))
            return open_engine(*arguments, **keywords)

        monkeypatch.setattr(onnx, "open_engine", counted)
        remover = cleancut.Remover(model="auto")
        results = [remover.cut(photo()) for _ in range(3)]
        assert {result.model for result in results} == {"tiny"}
        assert len(loads) == 1
        assert np.array_equal(results[0].picture.pixels, results[2].picture.pixels)

    def test_it_is_loaded_before_the_first_photo(self) -> None:
        preload()
        assert "tiny" in {engine.spec.name for engine in engines.LOADED.loaded}


def test_preloading_with_nothing_installed_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(spec: object, *rest: object) -> None:
        asked.append(spec)
        raise ModelError("fetched", hint="")

    monkeypatch.setattr(engines, "ensure", refuse)
    preload()
    assert not asked
