from __future__ import annotations

import pytest

from cleancut.errors import UnknownModel
from cleancut.models.catalog import CATALOG
from cleancut.models.names import find
from tests.fakes.engines import fake_spec

# Every name that rembg 2.0.86 knows, and what it is here; None: refused.
REMBG = {
    "u2net": "u2net",
    "u2netp": "u2netp",
    "u2net_human_seg": "u2net-human",
    "u2net_cloth_seg": None,
    "u2net_custom": None,
    "silueta": "silueta",
    "isnet-general-use": "isnet-general",
    "isnet-anime": "isnet-anime",
    "dis_custom": None,
    "ben_custom": None,
    "sam": None,
    "birefnet-general": "birefnet-general",
    "birefnet-general-fp16": None,
    "birefnet-general-lite": "birefnet-general-lite",
    "birefnet-portrait": "birefnet-portrait",
    "birefnet-dis": "birefnet-dis",
    "birefnet-hrsod": "birefnet-hrsod",
    "birefnet-cod": "birefnet-cod",
    "birefnet-massive": "birefnet-massive",
    "bria-rmbg": "rmbg-2.0",
    "withoutbg": None,
    "atlascloud": None,
}


@pytest.mark.parametrize("name", CATALOG)
def test_a_name_is_its_model(name: str) -> None:
    assert find(name, CATALOG) is CATALOG[name]


@pytest.mark.parametrize(("name", "model"), [(name, model) for name, model in REMBG.items() if model])
def test_rembgs_names_are_understood(name: str, model: str) -> None:
    assert find(name, CATALOG) is CATALOG[model]


@pytest.mark.parametrize("name", [name for name, model in REMBG.items() if model is None])
def test_what_rembg_means_otherwise_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(UnknownModel, match=f"^{name} is not offered: it") as caught:
        find(name, CATALOG)
    assert caught.value.hint


@pytest.mark.parametrize("name", [name for name, model in REMBG.items() if model is None])
def test_what_a_refusal_recommends_is_there(name: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        find(name, CATALOG)
    words = caught.value.hint.replace(",", "").split()
    named = [word for word in words if "-" in word]
    assert all(word in CATALOG for word in named)
    assert named or "models.toml" in words or "local" in words


@pytest.mark.parametrize("spec", [spec for spec in CATALOG.values() if spec.aliases], ids=lambda spec: spec.name)
def test_an_alias_is_its_model(spec: object) -> None:
    assert all(find(alias, CATALOG) is spec for alias in spec.aliases)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("isnet-genral", "isnet-general"), ("U2NETP", "u2netp"), ("birefnet_portrait", "birefnet-portrait"),
     ("rmbg2.0", "rmbg-2.0"), ("ben2", "ben2-base")],
)  # fmt: skip
def test_a_slip_is_answered_with_the_nearest_name(typed: str, meant: str) -> None:
    with pytest.raises(UnknownModel, match=f"there is no model '{typed}'") as caught:
        find(typed, CATALOG)
    assert f"did you mean {meant}?" in caught.value.hint


@pytest.mark.parametrize("typed", ["", "???", "0"])
def test_what_is_near_nothing_is_answered_with_the_list(typed: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        find(typed, CATALOG)
    assert caught.value.hint == "see `cleancut models list`"


def test_a_model_of_ones_own_may_have_a_name_that_is_refused_otherwise() -> None:
    own = fake_spec(name="sam")
    assert find("sam", {**CATALOG, "sam": own}) is own
