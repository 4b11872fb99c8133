"""A network and the linear head behind it as one torch module."""

from hybridml.fusing.fuse import fuse
from hybridml.fusing.fused_model import FusedModel

__all__ = ["FusedModel", "fuse"]
