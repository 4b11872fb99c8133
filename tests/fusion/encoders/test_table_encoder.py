"""Tables of any columns become dense numbers, whatever comes at transform."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from hybridml import TableEncoder
from hybridml.exceptions import DataError, InvalidParameterError

RANDOM = np.random.default_rng(0)
N = 40
TABLE = pd.DataFrame(
    {
        "price": RANDOM.normal(50, 20, N),
        "year": RANDOM.integers(2010, 2018, N),
        "hue": RANDOM.choice(["red", "blue", "grey"], N),
        "is_new": RANDOM.random(N) > 0.5,
        "size": pd.Categorical(RANDOM.choice(["S", "M"], N)),
        "sold": pd.date_range("2023-01-01", periods=N, freq="31h"),
        "made": pd.date_range("2020-01-31", periods=N).strftime("%d.%m.%Y"),
        "lasts": pd.to_timedelta(RANDOM.integers(1, 999, N), unit="h"),
    }
)


def holed(table: pd.DataFrame) -> pd.DataFrame:
    """Take a value away from each column, each in a row of its own."""
    table = table.astype({"year": "Int64", "is_new": "boolean"})
    for i, name in enumerate(table.columns):
        table.loc[i, name] = None
    return table


def encode(
    train: pd.DataFrame, test: pd.DataFrame | None = None, **parameters: Any
) -> pd.DataFrame:
    encoder = TableEncoder(**parameters).set_output(transform="pandas").fit(train)
    return encoder.transform(train if test is None else test)


@parametrize_with_checks([TableEncoder(), TableEncoder(scaling="standard")])
@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings on purpose
def test_table_encoder_keeps_the_rules_of_scikit_learn(estimator, check) -> None:
    check(estimator)


def test_each_column_is_taken_for_what_it_is() -> None:
    for table in (TABLE, holed(TABLE), holed(TABLE).astype(object)):
        assert TableEncoder().fit(table).kinds_ == {
            "price": "number",
            "year": "number",
            "hue": "category",
            "is_new": "category",
            "size": "category",
            "sold": "date",
            "made": "date",
            "lasts": "duration",
        }


def test_features_are_dense_finite_and_small() -> None:
    for table in (TABLE, holed(TABLE)):
        features = TableEncoder().fit_transform(table)
        assert isinstance(features, np.ndarray)
        assert features.dtype == np.float32
        assert np.isfinite(features).all()
        assert np.abs(features).max() <= 3


def test_missing_values_have_columns_of_their_own() -> None:
    features = encode(holed(TABLE))
    marks = features.loc[:, features.columns.str.endswith("=(missing)")]
    rows = {name.split("=")[0].split(".")[0]: i for i, name in enumerate(TABLE.columns)}
    assert len(marks.columns) == len(rows)
    for name, mark in marks.items():
        row = rows[str(name).split("=")[0].split(".")[0]]
        assert np.flatnonzero(mark).tolist() == [row]


def test_missing_numbers_become_the_median() -> None:
    train = pd.DataFrame({"price": [1.0, 2.0, 9.0, None]})
    features = encode(train)
    assert features["price"][3] == features["price"][1]


def test_rare_and_new_categories_share_a_column() -> None:
    train = pd.DataFrame({"hue": ["red", "red", "blue", "blue", "pink", "teal", None]})
    assert set(encode(train)) == {"hue=red", "hue=blue", "hue=(other)", "hue=(missing)"}
    new = encode(train, pd.DataFrame({"hue": ["mauve", "pink", None, "red"]}))
    assert new.idxmax(axis=1).tolist() == [
        "hue=(other)",
        "hue=(other)",
        "hue=(missing)",
        "hue=red",
    ]


def test_only_the_most_frequent_of_many_categories_have_columns() -> None:
    ids = [f"id{i}" for i in range(99) for _ in range(2)] + ["top"] * 9 + [None]
    train = pd.DataFrame({"id": ids})
    features = encode(train, max_categories=10)
    assert features.shape[1] == 10 + 1
    assert {"id=top", "id=(other)", "id=(missing)"} <= set(features)
    assert (features.sum(axis=1) == 1).all()


def test_new_values_where_there_were_no_others_are_zeros() -> None:
    train = pd.DataFrame({"hue": ["red", "blue"] * 2})
    new = encode(train, pd.DataFrame({"hue": ["pink", None]}))
    assert not new.to_numpy().any()


def test_few_whole_numbers_are_categories_too() -> None:
    years = pd.DataFrame({"year": [2011, 2012, 2013, 2014] * 3})
    assert set(encode(years)) == {"year"} | {f"year={y}" for y in range(2011, 2015)}
    as_floats = encode(years.astype(float))
    pd.testing.assert_frame_equal(as_floats, encode(years))
    assert set(encode(years, max_whole_numbers=3)) == {"year"}
    assert set(encode(years + 0.5)) == {"year"}
    assert set(encode(years % 2)) == {"year"}
    assert set(encode(pd.DataFrame({"year": range(9)}))) == {"year"}


def test_dates_are_taken_apart_as_far_as_they_vary() -> None:
    noons = pd.date_range("2024-02-28 12:00", periods=3, freq="D")
    features = encode(pd.DataFrame({"day": noons}), max_whole_numbers=0)
    assert set(features) == {"day.month", "day.day", "day.weekday", "day.total_days"}
    assert features["day.total_days"].is_monotonic_increasing
    hours = pd.DataFrame({"t": pd.date_range("2024-02-28", periods=30, freq="h")})
    assert {"t.hour", "t.day"} <= set(encode(hours, max_whole_numbers=0))


def test_strings_are_dates_if_all_are() -> None:
    dates = pd.DataFrame({"day": ["24.12.2023", None, "31.12.2023", "01.01.2024"]})
    assert "day.weekday" in encode(dates)
    mixed = pd.DataFrame({"day": ["24.12.2023", "24.12.2023", "soon", "soon"]})
    assert set(encode(mixed)) == {"day=24.12.2023", "day=soon"}
    later = encode(dates, pd.DataFrame({"day": ["25.12.2023", "soon"]}))
    assert later["day.total_days=(missing)"].tolist() == [0, 1]


@pytest.mark.parametrize("value", [0.0, 7.0, 1e100, 1e-300, float("nan")])
@pytest.mark.parametrize("scaling", ["robust", "standard"])
def test_constant_columns_do_not_blow_up(value: float, scaling: str) -> None:
    train = pd.DataFrame({"same": [value] * 9, "x": np.arange(9.0) + 0.5})
    features = encode(
        train, pd.DataFrame({"same": [value, 8.0], "x": 1.5}), scaling=scaling
    )
    assert np.isfinite(features.to_numpy()).all()
    assert abs(features["same"][0]) < 1e-6


def test_one_wild_value_does_not_flatten_the_others() -> None:
    prices = pd.DataFrame({"price": [*np.arange(0.5, 99), 1e12]})
    robust = encode(prices)["price"]
    assert robust.max() <= 3
    assert robust[80] - robust[20] > 1
    assert encode(prices, scaling="standard")["price"].max() > 9


def test_columns_may_come_in_another_order_with_others() -> None:
    encoder = TableEncoder().fit(TABLE)
    expected = encoder.transform(TABLE)
    turned = TABLE[TABLE.columns[::-1]].assign(more="x")
    np.testing.assert_array_equal(encoder.transform(turned), expected)


def test_missing_columns_are_named() -> None:
    encoder = TableEncoder().fit(TABLE)
    with pytest.raises(
        DataError, match=r"without the column\(s\) 'price', 'size'; expected those"
    ):
        encoder.transform(TABLE.drop(columns=["price", "size"]))


def test_rows_do_not_depend_on_others_or_their_index() -> None:
    encoder = TableEncoder().fit(holed(TABLE))
    expected = encoder.transform(TABLE)
    shuffled = TABLE.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(encoder.transform(shuffled), expected[shuffled.index])
    np.testing.assert_array_equal(encoder.transform(TABLE.iloc[5:6]), expected[5:6])


def test_table_is_left_as_it_is_and_a_second_fit_forgets() -> None:
    table = holed(TABLE)
    before = table.copy()
    encoder = TableEncoder().fit(table)
    encoder.transform(table)
    pd.testing.assert_frame_equal(table, before)
    again = encoder.fit(TABLE[["price"]])
    assert again.get_feature_names_out().tolist() == ["price"]


def test_columns_of_an_array_are_numbered() -> None:
    array = RANDOM.normal(size=(9, 2))
    encoder = TableEncoder().fit(array)
    assert encoder.n_features_in_ == 2
    assert not hasattr(encoder, "feature_names_in_")
    assert encoder.get_feature_names_out().tolist() == ["x0", "x1"]
    mixed = np.array([["red", 1.0], ["red", 2.0], [None, 3.0]], dtype=object)
    assert TableEncoder().fit(mixed).kinds_ == {"x0": "category", "x1": "number"}


def test_arrays_and_tables_go_by_position_where_one_has_no_names() -> None:
    table = TABLE[["price", "year"]].astype(float)
    encoder = TableEncoder().fit(table)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        by_position = encoder.transform(table.to_numpy())
    np.testing.assert_array_equal(by_position, encoder.transform(table))


def test_names_that_are_no_strings_are_kept() -> None:
    table = TABLE[["price", "hue"]].set_axis([3, 7], axis=1)
    encoder = TableEncoder().fit(table)
    assert encoder.kinds_ == {3: "number", 7: "category"}
    assert {"3", "7=red"} <= set(encoder.get_feature_names_out())
    assert encoder.transform(table[[7, 3]]).shape == (N, 4)


def test_clone_and_pickle_agree() -> None:
    fitted = TableEncoder().fit(TABLE)
    expected = fitted.transform(TABLE)
    for twin in (clone(fitted).fit(TABLE), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(twin.transform(TABLE), expected)
        assert list(twin.get_feature_names_out()) == list(
            fitted.get_feature_names_out()
        )


def test_parameters_are_found_by_search() -> None:
    model = make_pipeline(TableEncoder(), LogisticRegression())
    grid = {"tableencoder__max_categories": [2, 9]}
    table = TABLE[["hue", "price"]]
    search = GridSearchCV(model, grid, cv=3).fit(table, TABLE["hue"])
    assert search.best_params_ == {"tableencoder__max_categories": 9}
    assert search.best_score_ == 1


@pytest.mark.parametrize("value", ["many", "12 pieces"])
def test_text_among_numbers_at_transform_is_named(value: str) -> None:
    encoder = TableEncoder().fit(TABLE[["price"]])
    with pytest.raises(DataError, match=rf"Got '{value}' in the column 'price'"):
        encoder.transform(pd.DataFrame({"price": [1.0, value]}))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": [1.0, np.inf]}), r"infinity in the column 'a'.*NaN"),
        (pd.DataFrame({"a": [1j]}), r"complex numbers in the column 'a'"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"the column 'a' twice"),
        (pd.DataFrame({"a": []}), r"a table of 0 row\(s\) and 1 column"),
        (pd.DataFrame(index=[1, 2]), r"a table of 2 row\(s\) and 0 column"),
    ],
)
def test_unusable_tables_are_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        TableEncoder().fit(table)


def test_all_wrong_parameters_are_named_at_once() -> None:
    encoder = TableEncoder(
        max_categories=1, min_frequency=0, max_whole_numbers=-1, scaling="log"
    )
    with pytest.raises(
        InvalidParameterError,
        match=r"TableEncoder: .*max_categories=1.*min_frequency=0.*"
        r"max_whole_numbers=-1.*scaling='log'; expected 'robust' or 'standard'",
    ):
        encoder.fit(TABLE)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_infinity=False, width=32),
    st.text(max_size=3),
    st.datetimes(),
    st.timedeltas(),
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(train=st.lists(VALUES, min_size=1, max_size=8))
def test_any_column_is_encoded_without_nan(train: list[Any]) -> None:
    table = pd.DataFrame({"any": pd.Series(train, dtype=object)})
    features = TableEncoder().fit_transform(table)
    assert features.shape[0] == len(train)
    assert np.isfinite(features).all()
