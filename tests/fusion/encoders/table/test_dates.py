"""Dates are recognised in one format, and taken apart on one clock."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml.fusion.encoders.table.dates import choose_dates

MOMENTS = [dt.datetime(2024, 2, 29, 18, 30), dt.datetime(2023, 12, 31, 6, 5)]


def fields(column: pd.Series, train: pd.Series | None = None) -> dict[str, list[float]]:
    dates = choose_dates(column if train is None else train)
    assert dates is not None
    return {end: values.tolist() for end, values in dates.read(column).items()}


EXPECTED = {
    ".year": [2024, 2023],
    ".month": [2, 12],
    ".day": [29, 31],
    ".weekday": [3, 6],
    ".hour": [18, 6],
    ".minute": [30, 5],
    ".total_days": [
        (moment - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1) for moment in MOMENTS
    ],
}


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(MOMENTS),
        pd.Series(MOMENTS, dtype=object),
        pd.Series(MOMENTS).astype("datetime64[s]"),
        pd.Series(MOMENTS).astype("timestamp[ns][pyarrow]"),
        pd.Series(MOMENTS).dt.tz_localize("Europe/Berlin"),
        pd.Series([m.isoformat() for m in MOMENTS]),
        pd.Series([m.isoformat(" ") for m in MOMENTS], dtype=object),
        pd.Series([m.isoformat() + "Z" for m in MOMENTS]),
        pd.Series([m.strftime("%d.%m.%Y %H:%M") for m in MOMENTS]),
        pd.Series([m.strftime("%m/%d/%Y %I:%M %p") for m in MOMENTS]),
        pd.Series([m.strftime("%a, %d %b %Y %H:%M:%S") for m in MOMENTS]),
        pd.Series([m.strftime("%B %d, %Y %H:%M") for m in MOMENTS]),
    ],
)
def test_every_form_of_a_date_gives_the_same_numbers(column: pd.Series) -> None:
    read = fields(column)
    assert list(read) == list(EXPECTED)
    for end, values in EXPECTED.items():
        np.testing.assert_allclose(read[end], values, rtol=1e-12)


def test_date_objects_have_no_hours() -> None:
    read = fields(pd.Series([m.date() for m in MOMENTS]))
    assert ".hour" not in read
    assert read[".day"] == [29, 31]


@pytest.mark.parametrize(
    ("strings", "day"),
    [
        (["03/04/2020", "13/04/2020"], [3, 13]),
        (["03/04/2020", "04/13/2020"], [4, 13]),
        (["03.04.2020", "13.04.2020"], [3, 13]),
        (["2020-04-03", "2020-04-13 10:00"], [3, 13]),
    ],
)
def test_the_format_is_one_that_fits_all(strings: list[str], day: list[int]) -> None:
    assert fields(pd.Series(strings))[".day"] == day


@pytest.mark.parametrize(
    "strings",
    [
        ["2019", "2020"],
        ["20200105", "20200106"],
        ["10-12", "12-14"],
        ["1.5", "2.5"],
        ["May", "June"],
        ["10:30", "11:00"],
        ["12 days", "13 days"],
        ["size 3-4", "size 5-6"],
        ["2020-01-05", "2020-99-05"],
        ["03/04/2020", "03.04.2020"],
        ["", "2020-01-05"],
    ],
)
def test_other_strings_are_no_dates(strings: list[str]) -> None:
    assert choose_dates(pd.Series(strings)) is None


def test_missing_and_unreadable_dates_are_nan() -> None:
    train = pd.Series(["24.12.2023", None, "31.01.2024"])
    read = fields(pd.Series(["25.12.2023", None, "soon", "2023-12-25"]), train)
    assert np.isnan(read[".month"]).tolist() == [False, True, True, True]
    assert np.isnan(read[".total_days"]).tolist() == [False, True, True, True]


def test_another_zone_is_brought_to_that_of_fit() -> None:
    train = pd.Series(MOMENTS).dt.tz_localize("Europe/Berlin")
    assert fields(train.dt.tz_convert("Asia/Tokyo"), train) == fields(train)


def test_new_dates_may_come_as_another_type() -> None:
    train = pd.Series(MOMENTS)
    strings = pd.Series([m.isoformat() for m in MOMENTS])
    assert fields(strings, train) == fields(train) == fields(train, strings)


@pytest.mark.parametrize("year", [1, 1677, 2263, 9999])
def test_distant_years_have_room(year: int) -> None:
    moments = [dt.datetime(year, 1, 1), dt.datetime(year, 12, 31)]
    read = fields(pd.Series(moments, dtype="datetime64[us]"))
    assert read[".total_days"][1] - read[".total_days"][0] in (364, 365)


def test_dates_that_do_not_vary_have_no_parts() -> None:
    read: Any = fields(pd.Series(["24.12.2023"] * 3))
    assert list(read) == [".total_days"]
