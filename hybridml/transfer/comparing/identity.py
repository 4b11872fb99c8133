"""What a case's results depend on, beside the images and the folds."""

from __future__ import annotations

from dataclasses import fields

from hybridml.backbones.loading import load_network
from hybridml.comparing.identity import plain_text
from hybridml.transfer.cases.making import CaseOptions

_CHANGE_NO_NUMBER = {"store", "n_jobs", "verbose", "weights"}


def identify(case: int | None, variant: str, options: CaseOptions) -> list[object]:
    """List the case, all its parameters, the weights' digest, precision and device."""
    if case is None:
        return ["baseline"]
    network = load_network(
        options.backbone,
        weights=None if case == 4 else options.weights,
        image_size=options.image_size,
        device=options.device,
        precision=options.precision,
        random_state=options.random_state,
    )
    shown = {
        field.name: plain_text(getattr(options, field.name))
        for field in fields(options)
        if field.name not in _CHANGE_NO_NUMBER
    }
    where = [network.weights_digest, network.precision, str(network.device)]
    return [case, variant, shown, *where]
