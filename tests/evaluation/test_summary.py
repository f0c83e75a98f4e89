from __future__ import annotations

import pytest

from cleancut.evaluation.summary import MISSED, groups_of, summarise

BASELINE = [
    {"mae": 0.01, "band_mae": 0.2, "s_measure": 0.9},
    {"mae": MISSED, "band_mae": 0.4, "s_measure": 0.7},
    {"mae": 0.3, "band_mae": 0.8, "s_measure": 0.5},
]


def test_photos_are_grouped_by_whether_the_baseline_got_them() -> None:
    assert [(group.name, group.photos) for group in groups_of(BASELINE)] == [
        ("all", (0, 1, 2)), ("right", (0, 1)), ("missed", (2,)),
    ]  # fmt: skip


@pytest.mark.parametrize("scores", [BASELINE[:2], BASELINE[2:]])
def test_there_are_no_empty_groups(scores: list[dict[str, float]]) -> None:
    assert [group.name for group in groups_of(scores)] == ["all"]


def test_errors_are_compared_by_ratios_and_likenesses_by_differences() -> None:
    better = [
        {"mae": each["mae"], "band_mae": each["band_mae"] / 2, "s_measure": each["s_measure"] + 0.05}
        for each in BASELINE
    ]
    everything, right, _ = groups_of(BASELINE)
    found = summarise(better, BASELINE, everything)
    assert found["mae"].against is not None
    assert found["mae"].against.value == 1
    assert found["band_mae"].against is not None
    assert found["band_mae"].against.value == pytest.approx(0.5, rel=1e-4)
    assert found["band_mae"].against.high < 1
    assert found["band_mae"].median == pytest.approx(0.2)
    assert found["s_measure"].against is not None
    assert found["s_measure"].against.value == pytest.approx(0.05)
    assert summarise(better, BASELINE, right)["band_mae"].mean.value == pytest.approx(0.15)


def test_what_some_photos_lack_is_summed_up_over_the_others() -> None:
    some = [{**BASELINE[0], "colour": 3.0}, {**BASELINE[1]}, {**BASELINE[2], "colour": 5.0}]
    found = summarise(some, BASELINE, groups_of(BASELINE)[0])
    assert (found["colour"].photos, found["colour"].mean.value, found["colour"].against) == (2, 4, None)
    assert "seconds" not in found
