"""States of a training go through bytes unchanged, and no code with them."""

from __future__ import annotations

import pickle

import pytest
import torch

from hybridml.finetune.parallel.keeper import Keeper
from hybridml.finetune.parallel.packing import pack, unpack


def test_state_is_packed_without_loss() -> None:
    state = {"epoch": 2, "rows": [{"loss": 0.5}], "steps": {"weight": torch.rand(3)}}
    found = unpack(pack(state))
    assert torch.equal(found["steps"]["weight"], state["steps"]["weight"])
    assert (found["epoch"], found["rows"]) == (state["epoch"], state["rows"])


def test_what_is_packed_is_no_code() -> None:
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        unpack(pack({"keeper": Keeper()}))
