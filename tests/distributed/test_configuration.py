"""What a dataset was computed with, and how a difference is worded."""

from __future__ import annotations

import pytest

from hybridml.backbones.loading import load_network
from hybridml.distributed.configuration import Configuration
from hybridml.exceptions import InvalidParameterError
from hybridml.features.request import Request, make_request


def request_of(tiny: str, image_size: int | None = None) -> Request:
    network = load_network(tiny, image_size=image_size, device="cpu", precision="fp32")
    return make_request(network, "stem", "mean")


def test_keys_and_widths_are_those_of_the_store(tiny: str) -> None:
    request = request_of(tiny)
    configuration = Configuration(request.identity)
    assert configuration.key == request.key
    assert configuration.widths == request.widths
    assert list(configuration.widths) == [stage.name for stage in request.fields]


def test_difference_is_named_and_nothing_else(tiny: str) -> None:
    ours = Configuration(request_of(tiny).identity)
    ours.check_same(Configuration(request_of(tiny).identity), "that")
    other = Configuration(request_of(tiny, image_size=48).identity)
    with pytest.raises(InvalidParameterError) as raised:
        ours.check_same(other, "that")
    message = str(raised.value)
    assert message.startswith("Got preprocessing=32 px, ")
    assert "(there 48 px, " in message
    assert "expected what that was computed with" in message
    assert "backbone=" not in message
