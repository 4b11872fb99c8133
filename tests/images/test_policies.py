from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from torchvision.transforms import v2

from hybridml.exceptions import InvalidParameterError, UnknownNameError
from hybridml.images import POLICIES, AugmentationPolicy, check_augmentation
from hybridml.images.policies import is_augmentation

LIMITS = [
    field.name
    for field in dataclasses.fields(AugmentationPolicy)
    if field.name not in ("scale", "erased_area")
]


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
        for limit in LIMITS:
            assert getattr(before, limit) <= getattr(after, limit)


def test_strong_varies_everything_but_what_is_up() -> None:
    assert [name for name in LIMITS if not getattr(POLICIES["strong"], name)] == [
        "vertical_flip"
    ]


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="shift"):
        POLICIES["none"].shift = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", [-0.1, 256.0, float("nan"), "1", None])
def test_a_limit_out_of_range_is_refused(name: str, value: Any) -> None:
    with pytest.raises(
        InvalidParameterError,
        match=f"Policy: Got {name}=.* a number from 0",
    ):
        AugmentationPolicy(**{name: value})


@pytest.mark.parametrize("name", ["scale", "erased_area"])
@pytest.mark.parametrize("value", [0.5, (0.5,), (0.9, 0.2), (0.5, 11), (-1, 0.5)])
def test_a_span_out_of_range_is_refused(name: str, value: Any) -> None:
    with pytest.raises(
        InvalidParameterError, match=rf"Got {name}=.* expected \(smallest, largest\)"
    ):
        AugmentationPolicy(**{name: value})


def test_all_wrong_limits_are_named_at_once() -> None:
    with pytest.raises(InvalidParameterError, match=r"Got shift=2.* Got noise=-1"):
        AugmentationPolicy(shift=2, noise=-1)


def test_a_policy_says_in_words_what_it_varies() -> None:
    assert POLICIES["none"].in_words() == "nothing"
    assert POLICIES["standard"].in_words() == (
        "shift ±8 % of the side, scale 0.9 to 1.1, flip in 50 %, "
        "brightness ±20 %, contrast ±20 %"
    )


@pytest.mark.parametrize("name", LIMITS)
def test_words_name_every_limit(name: str) -> None:
    assert AugmentationPolicy(**{name: 0.1}).in_words() != "nothing"


@pytest.mark.parametrize(
    "value", [*POLICIES, AugmentationPolicy(flip=1.0), v2.RandAugment(), lambda x: x]
)
def test_names_policies_and_transforms_are_augmentations(value: Any) -> None:
    check_augmentation(value)
    assert is_augmentation(value)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    assert not is_augmentation("standart")
    with pytest.raises(
        UnknownNameError,
        match=r"Got augmentation='standart'; .* Did you mean 'standard'\?",
    ):
        check_augmentation("standart")


@pytest.mark.parametrize("value", [None, 0, ["light"], {"flip": 0.5}])
def test_other_kinds_are_refused(value: Any) -> None:
    assert not is_augmentation(value)
    with pytest.raises(
        TypeError, match=r"Got policy=.*'strong', an AugmentationPolicy or a transform"
    ):
        check_augmentation(value, "policy")


def test_a_class_of_transforms_is_refused_for_an_instance() -> None:
    assert not is_augmentation(v2.RandomRotation)
    with pytest.raises(TypeError, match=r"Pass an instance: RandomRotation\(\.\.\.\)"):
        check_augmentation(v2.RandomRotation)
