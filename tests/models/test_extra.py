from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cleancut.errors import ModelError
from cleancut.models.catalog import CATALOG
from cleancut.models.extra import all_models
from cleancut.models.spec import LocalFile, ModelSpec, Normalisation, Url, Weights

SHA = "sha256:" + "ab" * 32
LEAST = 'file = "my.onnx"\ninput_size = 512'


def told(home: Path, text: str) -> dict[str, ModelSpec]:
    """What ``models.toml`` adds to the catalogue."""
    (home / "models.toml").write_text(text, "utf-8")
    models = all_models(home)
    assert list(models)[: len(CATALOG)] == list(CATALOG)
    return {name: spec for name, spec in models.items() if name not in CATALOG}


def test_without_a_file_there_is_the_catalogue(tmp_path: Path) -> None:
    assert all_models(tmp_path) == CATALOG
    assert told(tmp_path, "# nothing yet\n") == {}


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    (spec,) = told(tmp_path, f"[my-model]\n{LEAST}").values()
    assert spec.name == "my-model"
    assert spec.input_size == 512
    assert spec.normalisation == Normalisation((0, 0, 0), (1, 1, 1))
    assert (spec.activation, spec.resize, spec.output_index) == ("none", "squeeze", 0)
    assert spec.weights == (Weights(LocalFile(str(tmp_path / "my.onnx")), None),)
    assert spec.licence.commercial
    assert not spec.licence.gated


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    text = f"""
        [all]
        url = "https://example.invalid/all.onnx"
        checksum = "{SHA}"
        input_size = 1024
        mean = [0.5, 0.4, 0]
        std = [1, 0.5, 0.25]
        activation = "sigmoid"
        output_index = 2
        resize = "letterbox"
        summary = "For birds."
        licence = "proprietary"
        commercial = false
    """
    spec = told(tmp_path, text)["all"]
    assert spec.weights == (Weights(Url("https://example.invalid/all.onnx"), SHA),)
    assert spec.normalisation == Normalisation((0.5, 0.4, 0), (1, 0.5, 0.25))
    assert (spec.activation, spec.resize, spec.output_index) == ("sigmoid", "letterbox", 2)
    assert (spec.summary, spec.licence.name, spec.licence.commercial) == ("For birds.", "proprietary", False)


def test_a_file_is_looked_for_beside_models_toml_or_where_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    models = told(
        tmp_path,
        '[a]\nfile = "weights/a.onnx"\ninput_size = 64\n[b]\nfile = "/srv/b.onnx"\ninput_size = 64\n'
        '[c]\nfile = "~/c.onnx"\ninput_size = 64',
    )
    paths = [spec.weights[0].origin for spec in models.values()]
    expected = [tmp_path / "weights" / "a.onnx", "/srv/b.onnx", "/home/me/c.onnx"]
    assert paths == [LocalFile(str(path)) for path in expected]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("input_size = 512", "give either file or url"),
        (f'{LEAST}\nurl = "https://a.invalid/a.onnx"', "give either file or url"),
        ('url = "https://a.invalid/a.onnx"\ninput_size = 512', "a url needs a checksum"),
        ('file = "a.onnx"', "input_size is a whole number from 32 to 4096"),
        ('file = "a.onnx"\ninput_size = 31', "input_size"),
        ('file = "a.onnx"\ninput_size = 4097', "input_size"),
        ('file = "a.onnx"\ninput_size = 512.0', "input_size"),
        ('file = "a.onnx"\ninput_size = "512"', "input_size"),
        ('file = "a.onnx"\ninput_size = true', "input_size"),
        (f"{LEAST}\nnormalise = true", "unknown key 'normalise'"),
        (f'{LEAST}\nactivation = "softmax"', "activation is one of none, sigmoid"),
        (f'{LEAST}\nresize = "crop"', "resize is one of squeeze, letterbox"),
        (f"{LEAST}\nmean = 0.5", "mean is a list of three numbers"),
        (f"{LEAST}\nmean = [0.5, 0.5]", "mean is a list of three numbers"),
        (f"{LEAST}\nmean = [0.5, 0.5, nan]", "mean is a list of three numbers"),
        (f"{LEAST}\nstd = [1, 1, inf]", "std is a list of three numbers"),
        (f"{LEAST}\nstd = [1, 1, 0]", "std is above 0"),
        (f"{LEAST}\nstd = [1, -1, 1]", "std is above 0"),
        (f'{LEAST}\nmean = ["a", "b", "c"]', "could not convert"),
        (f"{LEAST}\noutput_index = -1", "output_index is a whole number from 0"),
        (f"{LEAST}\noutput_index = 1.5", "output_index is a whole number from 0"),
        (f'{LEAST}\noutput_index = "first"', "output_index is a whole number from 0"),
        (f"{LEAST}\noutput_index = true", "output_index is a whole number from 0"),
        # bool("no") would be true.
        (f'{LEAST}\ncommercial = "no"', "commercial is true or false"),
        (f"{LEAST}\ncommercial = 0", "commercial is true or false"),
        (f"{LEAST}\nlicence = 3", "licence is text in quotes"),
        (f"{LEAST}\nsummary = []", "summary is text in quotes"),
        ("file = 3\ninput_size = 512", "file is text in quotes"),
        (f'url = 3\ninput_size = 512\nchecksum = "{SHA}"', "url is text in quotes"),
        (f'{LEAST}\nchecksum = "abcd"', "checksum is sha256:"),
        (f'{LEAST}\nchecksum = "sha256:abcd"', "checksum is sha256:"),
        (f'{LEAST}\nchecksum = "{SHA}ff"', "checksum is sha256:"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_name(tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(ModelError) as caught:
        told(tmp_path, f"[good]\n{LEAST}\n[wrong]\n{body}\n")
    assert str(caught.value).startswith(f"[wrong] in {tmp_path / 'models.toml'}: ")
    assert reason in str(caught.value)
    assert "docs/models.md" in caught.value.hint


def test_an_entry_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"\[input_size\] .*is no table"):
        told(tmp_path, "input_size = 512")


@pytest.mark.parametrize("name", ["../../escape", "a/b", "", ".hidden", "a b", "c:\\\\d"])
def test_a_name_that_is_no_files_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="a name is made of"):
        told(tmp_path, f'["{name}"]\n{LEAST}')


@pytest.mark.parametrize("content", [b"[unclosed", b"a = ", b"\xff\xfe", b"[a]\nb = 1\n[a]\n"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "models.toml").write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot read .*models\.toml") as caught:
        all_models(tmp_path)
    assert "docs/models.md" in caught.value.hint


@pytest.mark.parametrize("name", ["isnet-general", "u2net", "isnet-general-use", "u2net_human_seg"])
def test_nobody_takes_a_name_of_the_catalogue(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"the model name '{name}' is taken by the catalogue"):
        told(tmp_path, f"[{name}]\n{LEAST}")


# ─ Entry points ─

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package on the path whose module has the given text and whose entry point is ``models``."""
    module = "toy_models_of_a_test"

    def put(text: str) -> None:
        site = tmp_path / "site"
        site.mkdir()
        (site / f"{module}.py").write_text(f"from tests.fakes.engines import fake_spec\n{text}", "utf-8")
        told = site / f"{module}-1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", "utf-8")
        (told / "entry_points.txt").write_text(f"[cleancut.models]\ntoy = {module}:models\n", "utf-8")
        monkeypatch.syspath_prepend(site)

    yield put
    sys.modules.pop(module, None)


def test_another_package_adds_one_model_or_several(tmp_path: Path, install: Install) -> None:
    install("models = [fake_spec(name='toy-a'), fake_spec(name='toy-b')]")
    models = all_models(tmp_path)
    assert {"toy-a", "toy-b"} == set(models) - set(CATALOG)
    assert isinstance(models["toy-a"], ModelSpec)


def test_one_model_needs_no_list(tmp_path: Path, install: Install) -> None:
    install("models = fake_spec(name='toy')")
    assert all_models(tmp_path)["toy"].name == "toy"


def test_ones_own_file_wins_over_a_package(tmp_path: Path, install: Install) -> None:
    install("models = fake_spec(name='toy', size=64)")
    assert told(tmp_path, f"[toy]\n{LEAST}")["toy"].input_size == 512


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise RuntimeError('out of order')", "toy .* cannot be loaded: out of order"),
        ("import no_such_module_at_all", "toy .* cannot be loaded: No module named"),
        ("", "toy .* cannot be loaded"),
        ("models = 'a text'", "toy .* is no ModelSpec"),
        ("models = [fake_spec(name='toy'), None]", "toy .* is no ModelSpec"),
        ("models = fake_spec(name='u2net')", "'u2net' is taken by the catalogue"),
    ],
)
def test_a_package_in_disorder_is_named(tmp_path: Path, install: Install, text: str, reason: str) -> None:
    install(text)
    with pytest.raises(ModelError, match=reason) as caught:
        all_models(tmp_path)
    assert caught.value.hint
