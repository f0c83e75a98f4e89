from __future__ import annotations

from cleancut.quantisation.plan import plan
from tests.quantisation.nets import net


def test_what_is_between_the_first_convolution_and_the_masks_is_computed_in_integers() -> None:
    assert plan(net().graph).nodes == {"one", "pooled", "two", "enlarged", "both", "three", "sum"}


def test_a_relu_and_the_convolution_before_it_are_stored_once() -> None:
    stored = plan(net().graph).tensors
    assert set(stored) == {"first.relu", "one.relu", "pooled", "two.relu", "enlarged", "both", "three.relu"}
    assert len(stored) == len(set(stored))


def test_what_is_put_side_by_side_has_one_range() -> None:
    ranges = plan(net().graph).ranges
    assert ranges["one.relu"] == ranges["enlarged"] == ranges["two.relu"] == ranges["pooled"] == ("both",)
    assert ranges["three.relu"] == ("three.relu",)
