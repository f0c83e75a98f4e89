from __future__ import annotations

from pathlib import Path

from cleancut.evaluation.table import aligned, table
from tests.evaluation.sets import compared


def test_it_has_a_row_for_each_candidate(tmp_path: Path) -> None:
    found = compared(tmp_path, {"theirs": 19, "closer": 20})
    first, empty, title, head, theirs, closer = table(found, "discs").splitlines()
    assert first == "discs: 3 photos; baseline: theirs"
    assert (empty, title) == ("", "all photos: 3")
    assert head.split()[:4] == ["MAE", "median", "band", "÷"]
    mean = f"{found.summaries[0][0]['mae'].mean.value:.4f}"
    # The baseline is its own measure; predictions took no time here.
    assert theirs.split()[:2] == ["theirs", mean]
    assert theirs.split()[4] == "1"
    assert theirs.split()[-2:] == ["–", "–"]
    ratio = found.summaries[0][1]["band_mae"].against
    assert ratio is not None
    assert f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]" in closer


def test_there_is_a_part_for_each_group(tmp_path: Path) -> None:
    # Radii of 18, 17.9 and 17.8, where the truth's is 21: the errors are a little above and below the bound.
    lines = table(compared(tmp_path, {"theirs": 18}), "discs").splitlines()
    assert [line for line in lines if line.endswith((": 1", ": 2", ": 3"))] == [
        "all photos: 3",
        "right (baseline's MAE ≤ 0.06): 1",
        "missed: 2",
    ]


def test_numbers_stand_below_each_other() -> None:
    assert list(aligned([("", "one"), ("long", "2")])) == ["      one", "long    2"]
