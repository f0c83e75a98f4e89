from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit

import pytest

from cleancut.models.catalog import CATALOG, DEFAULT
from cleancut.models.spec import CENTRED, IMAGENET, PLAIN, ModelSpec, NpmChunks, Url, Weights, WheelMember
from cleancut.options import Options

REQUIRED = [
    "isnet-general", "u2netp", "u2net", "u2net-human", "silueta", "isnet-anime", "birefnet-general",
    "birefnet-general-lite", "birefnet-portrait", "birefnet-matting", "birefnet-hr", "rmbg-1.4", "rmbg-2.0",
    "ben2-base",
]  # fmt: skip

every_model = pytest.mark.parametrize("spec", CATALOG.values(), ids=CATALOG)
every_file = pytest.mark.parametrize(
    ("spec", "weights"),
    [
        pytest.param(spec, weights, id=f"{spec.name}-{number}")
        for spec in CATALOG.values()
        for number, weights in enumerate(spec.weights)
    ],
)


@pytest.mark.parametrize("name", REQUIRED)
def test_the_promised_models_are_there(name: str) -> None:
    assert name in CATALOG


def test_the_default_is_one_of_them_and_the_options_default() -> None:
    assert DEFAULT in CATALOG
    assert Options().model == DEFAULT
    assert not CATALOG[DEFAULT].licence.gated


def test_no_name_or_alias_means_two_models() -> None:
    names = Counter([*CATALOG, *(alias for spec in CATALOG.values() for alias in spec.aliases)])
    assert [name for name, count in names.items() if count > 1] == []


@every_model
def test_a_name_is_short_and_plain(spec: ModelSpec) -> None:
    assert CATALOG[spec.name] is spec
    # It is a file's name, and typed by people.
    assert re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", spec.name)
    for alias in spec.aliases:
        assert re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", alias)


@every_model
def test_an_entry_says_everything(spec: ModelSpec) -> None:
    for text in (spec.summary, spec.training_data, spec.citation, spec.licence.name):
        assert text == text.strip() != ""
    assert spec.summary.endswith(".")
    assert len(spec.summary) <= 80  # a line of `cleancut models list`
    assert spec.weights
    assert spec.input_size in (320, 1024, 2048)
    assert spec.normalisation in (IMAGENET, CENTRED, PLAIN)
    assert spec.activation in ("none", "sigmoid")
    assert spec.resize in ("squeeze", "letterbox")
    assert spec.resample in ("lanczos", "bilinear")
    assert spec.output_index == 0


@every_model
def test_the_family_decides_how_a_model_is_fed_and_read(spec: ModelSpec) -> None:
    # As the authors' own code feeds and reads them.
    fed = {
        "u2net": (IMAGENET, "none"),
        "u2netp": (IMAGENET, "none"),
        "silueta": (IMAGENET, "none"),
        "isnet-general": (CENTRED, "none"),
        "isnet-anime": (PLAIN, "none"),
        "birefnet": (IMAGENET, "sigmoid"),
        "rmbg-1.4": (CENTRED, "none"),
        "rmbg-2.0": (IMAGENET, "none"),
        "ben2": (PLAIN, "none"),
    }
    family = max((name for name in fed if spec.name.startswith(name)), key=len)
    assert (spec.normalisation, spec.activation) == fed[family]


@every_model
def test_who_may_not_sell_with_it_must_agree_first(spec: ModelSpec) -> None:
    assert spec.licence.url.startswith("https://")
    if not spec.licence.commercial:
        assert spec.licence.gated
    assert spec.licence.commercial == (not spec.name.startswith("rmbg"))


@every_file
def test_a_file_can_be_verified(spec: ModelSpec, weights: Weights) -> None:
    assert weights.checksum is not None
    assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", weights.checksum)
    assert weights.size is not None
    assert 1_000_000 < weights.size < 2_000_000_000
    assert weights.precision in ("fp32", "fp16")


@every_file
def test_a_file_comes_from_a_place_that_is_pinned(spec: ModelSpec, weights: Weights) -> None:
    origin = weights.origin
    if isinstance(origin, Url):
        parts = urlsplit(origin.url)
        assert parts.scheme == "https"
        assert parts.hostname in ("github.com", "huggingface.co")
        assert parts.path.endswith(".onnx")
        assert not parts.query
    else:
        assert isinstance(origin, (WheelMember, NpmChunks))
        assert origin.package
        assert re.fullmatch(r"\d+(\.\d+)+", origin.version)


def test_files_with_one_checksum_are_one_file() -> None:
    seen: dict[str | None, tuple[str, int | None, str]] = {}
    for spec in CATALOG.values():
        for weights in spec.weights:
            told = spec.name, weights.size, weights.precision
            assert seen.setdefault(weights.checksum, told) == told


@every_model
def test_no_place_is_asked_twice(spec: ModelSpec) -> None:
    origins = [weights.origin for weights in spec.weights]
    assert len(set(origins)) == len(origins)
