"""Words and characters are counted in every script, also where few are repeated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.fusion.encoders.text.tfidf import fit_tfidf


def fit(texts: list[str], kind: str = "word", **changed: Any) -> Any:
    options: dict[str, Any] = {"ngram_range": (1, 1), "max_features": None, "min_df": 1}
    return fit_tfidf(texts, kind=kind, **options | changed)


def words(*texts: str) -> set[str]:
    return set(fit(list(texts)).get_feature_names_out())


def test_rare_words_are_left_unless_all_are_rare() -> None:
    assert set(fit(["a b", "b c"], min_df=2).vocabulary_) == {"b"}
    assert set(fit(["a b", "c d"], min_df=2).vocabulary_) == {"a", "b", "c", "d"}


@pytest.mark.parametrize("texts", [[""], ["", "  "], ["?!", "..."]])
def test_texts_without_words_give_nothing(texts: list[str]) -> None:
    assert fit(texts, min_df=2) is None


def test_a_wrong_option_is_not_taken_for_an_empty_vocabulary() -> None:
    with pytest.raises(ValueError, match="ngram_range"):
        fit(["a b"], ngram_range=(2, 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Café CAFE", {"cafe"}),
        ("size 42, 1 m", {"size", "42", "1", "m"}),
        ("Красный шарф", {"красныи", "шарф"}),
        ("紅色 鞋子。", {"紅色", "鞋子"}),
    ],
)
def test_words_lose_case_accents_and_punctuation(text: str, expected: set[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("text", ["लाल जूता।", "รองเท้า สีแดง", "حذاء أحمر", "נעל אדומה"])
def test_words_of_all_scripts_stay_whole(text: str) -> None:
    assert len(words(text)) == 2


def test_rows_have_length_one_and_counts_grow_slowly() -> None:
    found = fit(["a b", "a a a a a a b"])
    row = found.transform(["a b", "a a a a a a b", "x"]).toarray()
    np.testing.assert_allclose(np.linalg.norm(row, axis=1), [1, 1, 0], atol=1e-6)
    a, b = row[1]
    assert a / b == pytest.approx(1 + np.log(6), rel=1e-5)
    assert row.dtype == np.float32


def test_characters_stay_within_words() -> None:
    found = fit(["ab cd"], kind="char", ngram_range=(2, 2))
    assert set(found.vocabulary_) == {" a", "ab", "b ", " c", "cd", "d "}
