"""What makes training on a CPU fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from hybridml.finetune.training.faster_layers import faster_layers
from hybridml.finetune.training.kept_memory import keep_freed_memory
from hybridml.finetune.training.settings import Settings


@contextmanager
def fast_on_cpu(model: nn.Module, settings: Settings) -> Iterator[None]:
    """Let a model train faster for a while, if it is on a CPU, with the same result.

    Parameters
    ----------
    model : nn.Module
        On the device of the settings.
    settings : Settings
    """
    on_cpu = settings.device.type == "cpu"
    with (
        faster_layers(model, applies=on_cpu, autocast=settings.autocast),
        keep_freed_memory(applies=on_cpu),
    ):
        yield
