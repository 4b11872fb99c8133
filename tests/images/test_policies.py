from __future__ import annotations

import dataclasses
import itertools

import pytest

from hybridml.images import POLICIES, AugmentationPolicy


def test_policies_are_those_documented() -> None:
    assert list(POLICIES) == ["none", "light", "standard", "strong"]
    assert POLICIES["none"] == AugmentationPolicy()
    assert POLICIES["light"].flip == 0.0
    assert POLICIES["standard"].flip == 0.5
    assert POLICIES["strong"].rotation_deg == 15.0


def test_each_policy_varies_at_least_as_much_as_the_one_before() -> None:
    for before, after in itertools.pairwise(POLICIES.values()):
        assert before != after
        assert after.scale[0] <= before.scale[0]
        assert before.scale[1] <= after.scale[1]
        for limit in (
            "shift",
            "rotation_deg",
            "flip",
            "brightness",
            "contrast",
            "erase",
        ):
            assert getattr(before, limit) <= getattr(after, limit)


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="shift"):
        POLICIES["none"].shift = 1.0  # type: ignore[misc]
