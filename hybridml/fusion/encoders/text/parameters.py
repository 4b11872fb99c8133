"""Whether the parameters of a text encoder are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridml._checks import Problems, is_count


def check_parameters(params: Mapping[str, Any]) -> None:
    """Check the parameters of a `TextEncoder`.

    Parameters
    ----------
    params : mapping of {str: object}
        As its `get_params` returns them.

    Raises
    ------
    InvalidParameterError
        Naming all the parameters that are wrong.
    """
    problems = Problems("TextEncoder")

    def check(name: str, holds: bool, expected: str) -> None:
        problems.expect(holds, name, params[name], expected)

    runs = "None, or the shortest and the longest run, such as (1, 2)"
    check("words", _is_run(params["words"]), runs)
    check("characters", _is_run(params["characters"]), runs)
    has_some = params["words"] is not None or params["characters"] is not None
    cure = "Without both there is nothing to count."
    problems.expect(has_some, "words", None, "a run where characters=None", cure)
    most = params["max_features"]
    check("max_features", most is None or is_count(most), "None or a positive number")
    check("min_df", is_count(params["min_df"]), "a positive number of texts")
    check("batch_size", is_count(params["batch_size"]), "a positive number of texts")
    model = params["model"]
    is_model = model is None or isinstance(model, str) or hasattr(model, "encode")
    check("model", is_model, "None, a name, or an object with the method encode")
    problems.raise_all()


def _is_run(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return False
    return all(is_count(end) for end in value) and value[0] <= value[1]
