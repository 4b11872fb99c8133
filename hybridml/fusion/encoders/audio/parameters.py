"""Whether the parameters of a spectrogram are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridml._checks import Problems, is_count, is_number

_LEAST_RATE = 1_000  # samples a second: less is no sound


def check_mel_parameters(problems: Problems, params: Mapping[str, Any]) -> None:
    """Note what is wrong with the parameters of `log_mel_spectrogram`.

    Parameters
    ----------
    problems : Problems
        Is told of each.
    params : mapping of {str: object}
        Those of the function, and any others.
    """

    def check(name: str, holds: bool, expected: str) -> None:
        problems.expect(holds, name, params[name], expected)

    rate = params["sample_rate"]
    is_rate = is_count(rate, minimum=_LEAST_RATE)
    check("sample_rate", is_rate, f"a whole number >= {_LEAST_RATE} a second")
    check("n_mels", is_count(params["n_mels"], minimum=2), "a whole number >= 2")
    for name in ("window_s", "hop_s"):
        is_time = is_number(params[name], high=60) and params[name] > 0
        check(name, is_time, "seconds above 0, up to 60")
    top = params["top_db"]
    check("top_db", is_number(top, high=1_000) and top > 0, "decibels above 0")
    half = rate / 2 if is_rate else float("inf")
    low, high = params["min_frequency_hz"], params["max_frequency_hz"]
    is_high = high is None or (is_number(high, high=half) and high > 0)
    check("max_frequency_hz", is_high, f"None, or up to half the sample rate, {half:g}")
    highest = high if is_high and high is not None else half
    is_low = is_number(low) and low < highest
    check("min_frequency_hz", is_low, f"from 0 to below {highest:g}")


def check_parameters(params: Mapping[str, Any], *, owner: str) -> None:
    """Check the parameters of a `SpectrogramExtractor` that no other room checks.

    Parameters
    ----------
    params : mapping of {str: object}
        As its `get_params` returns them.
    owner : str
        Name of the estimator, for the message.

    Raises
    ------
    InvalidParameterError
        Naming all the parameters that are wrong.
    """
    problems = Problems(owner)
    check_mel_parameters(problems, params)
    size, jobs, most = (params[n] for n in ("image_size", "n_jobs", "max_duration_s"))
    for name, holds, expected in (
        ("max_duration_s", is_number(most, high=3_600) and most > 0, "seconds above 0"),
        ("time_axis", params["time_axis"] in ("stretch", "pad"), "'stretch' or 'pad'"),
        (
            "on_bad_sound",
            params["on_bad_sound"] in ("raise", "nan"),
            "'raise' or 'nan'",
        ),
        ("image_size", size is None or is_count(size), "None or a number of pixels"),
        (
            "n_jobs",
            jobs in (None, -1) or is_count(jobs),
            "None, -1 or a positive number",
        ),
    ):
        problems.expect(holds, name, params[name], expected)
    problems.raise_all()
