"""XGBoost's trees, as the JSON that XGBoost itself documents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from hybridml.models.stand_ins.stand_in import StandIn


@dataclass
class Trees(StandIn):
    """A booster as a file.

    Attributes
    ----------
    file : str
    """

    file: str

    @classmethod
    def of(cls, booster: Any, files: MutableMapping[str, bytes]) -> Trees:
        """Write a booster as JSON among the model's files."""
        text = bytes(booster.save_raw(raw_format="json"))
        name = f"xgboost-{hashlib.sha256(text).hexdigest()[:16]}.json"
        files[name] = text
        return cls(name)

    @staticmethod
    def suits(value: Any) -> bool:
        """Whether something is a booster, without loading XGBoost."""
        kind = type(value)
        return kind.__name__ == "Booster" and kind.__module__ == "xgboost.core"

    def restore(self, files: Mapping[str, bytes]) -> Any:
        """Read the booster."""
        from xgboost import Booster

        booster = Booster()
        booster.load_model(bytearray(files[self.file]))
        return booster
