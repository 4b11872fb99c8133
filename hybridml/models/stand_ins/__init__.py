"""What takes the place of things that a model's file cannot hold as they are."""

from hybridml.models.stand_ins.placing import put_back, take_out, take_out_settings

__all__ = ["put_back", "take_out", "take_out_settings"]
