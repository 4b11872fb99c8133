"""TF-IDF of the words and of the characters of texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

# Python counts the vowel signs of Indian and South-East Asian scripts as no letters,
# and would break words at each of them: their blocks count as letters, less the dandas.
_SIGNS = "\u0900-\u0963\u0966-\u0fff\u1000-\u109f\u1780-\u17ff"
_WORD = rf"(?u)[\w{_SIGNS}]+"
_NOTHING_LEFT = re.compile("empty vocabulary|no terms remain")


def fit_tfidf(
    texts: Sequence[str],
    *,
    kind: str,
    ngram_range: tuple[int, int],
    max_features: int | None,
    min_df: int,
) -> TfidfVectorizer | None:
    """Learn the words, or runs of characters, of texts, and their weights.

    Parameters
    ----------
    texts : sequence of str
    kind : {"word", "char"}
        What is counted; runs of characters do not go beyond a word.
    ngram_range : tuple of int
        Shortest and longest run.
    max_features : int or None
        Keep the most frequent ones.
    min_df : int
        Keep those in at least so many texts; all of them where none would be left.

    Returns
    -------
    vectorizer : TfidfVectorizer or None
        None if the texts have nothing to count.

    Examples
    --------
    >>> options = dict(ngram_range=(1, 1), max_features=None, min_df=2)
    >>> found = fit_tfidf(["red shoe", "blue shoe"], kind="word", **options)
    >>> found.get_feature_names_out()
    array(['shoe'], dtype=object)
    >>> fit_tfidf(["", "?"], kind="word", **options)
    """
    for least in sorted({1, min(min_df, len(texts))}, reverse=True):
        vectorizer = TfidfVectorizer(
            analyzer="word" if kind == "word" else "char_wb",
            ngram_range=ngram_range,
            max_features=max_features,
            min_df=least,
            token_pattern=_WORD if kind == "word" else None,
            strip_accents="unicode",
            sublinear_tf=True,
            dtype=np.float32,
        )
        if _can_fit(vectorizer, texts):
            return vectorizer
    return None


def _can_fit(vectorizer: Any, texts: Sequence[str]) -> bool:
    try:
        vectorizer.fit(texts)
    except ValueError as exc:  # its only way to say that nothing is left
        if _NOTHING_LEFT.search(str(exc)):
            return False
        raise
    return True
