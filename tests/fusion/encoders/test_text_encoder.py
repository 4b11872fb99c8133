"""Texts become sparse words and characters, or a model's dense embeddings."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from hybridml import TextEncoder
from hybridml.exceptions import DataError, InvalidParameterError

TEXTS = ["Red leather shoe", "blue shoe", None, "Red silk scarf", "blué scarf", ""]
TABLE = pd.DataFrame({"title": TEXTS, "maker": ["Ann", "Bob", "Ann", "Ann", None, "x"]})


class LetterModel:
    def encode(self, sentences: list[str]) -> np.ndarray:
        return np.array([[1 + text.count(c) for c in "abc"] for text in sentences])


def test_features_are_sparse_and_of_length_one_by_block() -> None:
    features = TextEncoder().fit_transform(TEXTS)
    assert sparse.issparse(features)
    assert features.format == "csr"
    assert features.dtype == np.float32
    names = TextEncoder().fit(TEXTS).get_feature_names_out()
    is_word = np.char.startswith(names.astype(str), "x0 word=")
    for block in (features[:, is_word], features[:, ~is_word]):
        lengths = np.linalg.norm(block.toarray(), axis=1)
        np.testing.assert_allclose(lengths, [1, 1, 0, 1, 1, 0], atol=1e-5)


def test_names_say_column_block_and_term() -> None:
    names = set(TextEncoder().fit(TABLE).get_feature_names_out())
    assert {"title word=red", "title char=sho", "maker word=ann"} <= names
    assert len(names) == TextEncoder().fit_transform(TABLE).shape[1]


def test_columns_are_encoded_by_themselves() -> None:
    whole = TextEncoder().fit_transform(TABLE).toarray()
    parts = [TextEncoder().fit_transform(TABLE[[c]]).toarray() for c in TABLE]
    np.testing.assert_array_equal(whole, np.hstack(parts))


def test_columns_may_come_in_another_order_with_others() -> None:
    encoder = TextEncoder().fit(TABLE)
    assert encoder.n_features_in_ == 2
    assert encoder.feature_names_in_.tolist() == ["title", "maker"]
    turned = TABLE[["maker", "title"]].assign(price=3)
    assert (encoder.transform(turned) != encoder.transform(TABLE)).nnz == 0
    with pytest.raises(DataError, match=r"without the column\(s\) 'maker'"):
        encoder.transform(TABLE[["title"]])


def test_unknown_words_are_a_row_of_zeros() -> None:
    encoder = TextEncoder().fit(TEXTS)
    assert encoder.transform(["你好", "RED"]).getnnz(axis=1).astype(bool).tolist() == [
        False,
        True,
    ]


def test_characters_see_through_spelling() -> None:
    features = TextEncoder(words=None).fit(TEXTS).transform(["shoe", "shooe", "scarf"])
    likeness = (features @ features.T).toarray()
    assert likeness[0, 1] > 0.3 > likeness[0, 2]


def test_one_block_can_be_left_out() -> None:
    names = {
        kind: TextEncoder(**{left_out: None}).fit(TEXTS).get_feature_names_out()
        for kind, left_out in (("char", "words"), ("word", "characters"))
    }
    assert all(name.startswith("x0 char=") for name in names["char"])
    assert all(name.startswith("x0 word=") for name in names["word"])


def test_a_block_without_anything_to_count_has_no_columns() -> None:
    table = TABLE.assign(empty="?")
    encoder = TextEncoder().fit(table)
    assert set(encoder.vectorizers_["empty"]) == {"char"}
    nothing = TextEncoder().fit(table.assign(empty=None))
    assert nothing.vectorizers_["empty"] == {}
    assert (
        nothing.transform(table).shape[1] == TextEncoder().fit_transform(TABLE).shape[1]
    )


@pytest.mark.parametrize("texts", [["", None], [None], ["  "]])
def test_texts_without_words_cannot_be_fitted(texts: list[Any]) -> None:
    with pytest.raises(DataError, match="Found no words in any text"):
        TextEncoder().fit(texts)


@pytest.mark.parametrize("texts", [["a"], ["a", "b"], ["42"], ["你好"]])
def test_tiny_vocabularies_are_kept_whole(texts: list[str]) -> None:
    features = TextEncoder().fit_transform(texts)
    assert (features.getnnz(axis=1) > 0).all()


def test_most_frequent_terms_are_kept() -> None:
    encoder = TextEncoder(max_features=3).fit(TEXTS)
    assert len(encoder.get_feature_names_out()) == 6


def test_a_model_embeds_each_column_densely() -> None:
    encoder = TextEncoder(model=LetterModel(), batch_size=2)
    features = encoder.fit_transform(TABLE)
    assert features.shape == (6, 6)
    assert features.dtype == np.float32
    assert not features[2, :3].any()
    np.testing.assert_allclose(np.linalg.norm(features[0].reshape(2, 3), axis=1), 1)
    assert encoder.get_feature_names_out().tolist()[2:4] == ["title 2", "maker 0"]
    table = encoder.set_output(transform="pandas").transform(TABLE)
    assert list(table.columns) == list(encoder.get_feature_names_out())


def test_clone_pickle_and_a_second_fit_agree() -> None:
    fitted = TextEncoder().fit(TEXTS)
    features = fitted.transform(TEXTS)
    twins = [clone(fitted).fit(TEXTS), pickle.loads(pickle.dumps(fitted))]
    twins += [TextEncoder().fit(TABLE).fit(TEXTS)]
    for twin in twins:
        assert (twin.transform(TEXTS) != features).nnz == 0
        assert not hasattr(twin, "feature_names_in_")


def test_fit_leaves_texts_and_parameters_as_they_are() -> None:
    table, encoder = TABLE.copy(), TextEncoder()
    before = encoder.get_params()
    encoder.fit(table)
    pd.testing.assert_frame_equal(table, TABLE)
    assert encoder.get_params() == before


def test_a_model_of_the_texts_is_found_by_search() -> None:
    texts = ["red shoe", "blue shoe", "red scarf", "blue scarf"] * 6
    labels = ["shoe", "shoe", "scarf", "scarf"] * 6
    model = make_pipeline(TextEncoder(), LogisticRegression())
    grid = {"textencoder__words": [(1, 1), None]}
    assert GridSearchCV(model, grid, cv=3).fit(texts, labels).best_score_ == 1
    series = pd.Series(texts, index=range(24, 0, -1))
    assert cross_val_score(model, series, labels, cv=3).mean() == 1


def test_unfitted_encoder_says_so() -> None:
    with pytest.raises(NotFittedError):
        TextEncoder().transform(TEXTS)


def test_all_wrong_parameters_are_named_at_once() -> None:
    encoder = TextEncoder(words=(2, 1), characters=3, max_features=0, min_df=0)  # type: ignore[arg-type]
    with pytest.raises(
        InvalidParameterError,
        match=r"words=\(2, 1\).*characters=3.*max_features=0.*min_df=0",
    ):
        encoder.fit(TEXTS)
    with pytest.raises(InvalidParameterError, match=r"words=None.*nothing to count"):
        TextEncoder(words=None, characters=None).fit(TEXTS)
    with pytest.raises(InvalidParameterError, match=r"model=3.*method encode"):
        TextEncoder(model=3, batch_size=0).fit(TEXTS)  # type: ignore[arg-type]
