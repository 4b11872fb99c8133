"""Whether the parameters of an extractor are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridml._checks import Problems, is_count
from hybridml.backbones.pooling import check_pooling


def check_parameters(params: Mapping[str, Any], *, owner: str) -> None:
    """Check the parameters of a `DeepFeatureExtractor` that no other room checks.

    Parameters
    ----------
    params : mapping of {str: object}
        As the extractor's `get_params` returns them.
    owner : str
        Name of the estimator, for the message.

    Raises
    ------
    InvalidParameterError
        Naming all the parameters that are wrong.
    """
    check_pooling(params["pooling"])
    problems = Problems(owner)

    def check(name: str, holds: bool, expected: str) -> None:
        problems.expect(holds, name, params[name], expected)

    size, batch, jobs = (params[n] for n in ("image_size", "batch_size", "n_jobs"))
    is_size = size is None or is_count(size)
    check("image_size", is_size, "None or a positive number of pixels")
    check(
        "in_channels", is_count(params["in_channels"]), "a positive number of channels"
    )
    is_batch = batch == "auto" or is_count(batch)
    check("batch_size", is_batch, "'auto' or a positive whole number")
    is_jobs = jobs is None or is_count(jobs) or jobs == -1
    check("n_jobs", is_jobs, "None, -1 or a positive whole number")
    is_choice = params["on_bad_image"] in ("raise", "nan")
    check("on_bad_image", is_choice, "'raise' or 'nan'")
    is_seed = is_count(params["random_state"], minimum=0)
    check("random_state", is_seed, "a whole number >= 0")
    problems.raise_all()
