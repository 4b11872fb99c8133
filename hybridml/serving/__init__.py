"""Models that answer requests: what is asked, what is refused, and the server."""

from hybridml.models.limits import Limits
from hybridml.serving.served_model import ServedModel

__all__ = ["Limits", "ServedModel"]
