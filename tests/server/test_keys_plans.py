"""Keys with plans of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cleancut.errors import OptionError
from cleancut.server.keys import Keys, listed, make


def test_a_plan_is_kept_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    plain, planned = make(path, "plain")[0], make(path, "planned", 0)[0]
    assert (plain.credits, planned.credits) == (None, 0)
    assert listed(path) == (plain, planned)
    assert Keys(path).of(planned.id) == planned
    content = json.loads(path.read_bytes())
    assert ["credits" in each for each in content["keys"]] == [False, True]
    for wrong in (-1, "many", True, 1.5, None):
        content["keys"][1]["credits"] = wrong
        path.write_text(json.dumps(content))
        with pytest.raises(OptionError):
            listed(path)
