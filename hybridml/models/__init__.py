"""Fitted estimators as MLflow models without pickled code."""

from hybridml.models.loading import load_model
from hybridml.models.log_model import LoggedModel, log_model
from hybridml.models.promote import promote
from hybridml.models.promotion import Promotion
from hybridml.models.register_winner import register_winner
from hybridml.models.saving import save_model

__all__ = [
    "LoggedModel",
    "Promotion",
    "load_model",
    "log_model",
    "promote",
    "register_winner",
    "save_model",
]
