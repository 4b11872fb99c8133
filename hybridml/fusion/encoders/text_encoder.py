"""The encoder of texts: words and characters, or a language model's embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from hybridml.exceptions import DataError
from hybridml.fusion.encoders.text.embedding import TextModel, embed, loaded
from hybridml.fusion.encoders.text.parameters import check_parameters
from hybridml.fusion.encoders.text.texts import as_texts, match_texts
from hybridml.fusion.encoders.text.tfidf import fit_tfidf


class TextEncoder(TransformerMixin, BaseEstimator):
    """Features of texts: which words and runs of characters they have.

    Each text becomes two blocks, TF-IDF of its words and of its characters, each of
    length 1; a block without anything known from `fit` is zero. Characters see what
    words miss: spelling mistakes, endings, and scripts without spaces. Counts are
    logarithmic, accents and case are taken off. Missing texts count as empty. The
    columns of a table are encoded each by itself, side by side.

    Parameters
    ----------
    words : tuple of two int or None, default=(1, 2)
        Shortest and longest run of words; None for no words.
    characters : tuple of two int or None, default=(2, 5)
        Shortest and longest run of characters, inside words; None for none.
    max_features : int or None, default=20_000
        Keep the most frequent ones, for each block; None for all.
    min_df : int, default=2
        Keep those that are in at least so many texts; where none is, all are kept.
    model : str, object or None, default=None
        A model of the package sentence_transformers, by name or loaded, or any object
        whose ``encode`` turns a list of texts into an array of one row a text. Its
        embeddings, dense and of length 1, take the place of TF-IDF. A name needs
        ``pip install "hybridml[text]"``, is loaded once per process, and the model is
        not pickled; an object is.
    batch_size : int, default=64
        How many texts the model gets at a time.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,), str
        Their names, of a DataFrame.
    vectorizers_ : dict of {column: dict of {"word" or "char": TfidfVectorizer}}
        What encodes each block; without those of blocks that had nothing to count.
        Absent with a model.

    See Also
    --------
    TableEncoder : For columns of a few values each.

    Examples
    --------
    >>> encoder = TextEncoder(characters=None, min_df=1)
    >>> features = encoder.fit_transform(["red shoe", "blue shoe", None])
    >>> features.shape, features.nnz
    ((3, 5), 6)
    >>> encoder.get_feature_names_out().tolist()[:2]
    ['x0 word=blue', 'x0 word=blue shoe']
    """

    def __init__(
        self,
        *,
        words: tuple[int, int] | None = (1, 2),
        characters: tuple[int, int] | None = (2, 5),
        max_features: int | None = 20_000,
        min_df: int = 2,
        model: str | TextModel | None = None,
        batch_size: int = 64,
    ) -> None:
        self.words = words
        self.characters = characters
        self.max_features = max_features
        self.min_df = min_df
        self.model = model
        self.batch_size = batch_size

    def fit(self, X: Any, y: Any = None) -> TextEncoder:
        """Learn the words and characters; with a model, load it.

        Parameters
        ----------
        X : sequence of str, Series or DataFrame
            Of several columns, all are encoded.
        y : ignored

        Returns
        -------
        self : TextEncoder

        Raises
        ------
        InvalidParameterError
            If a parameter is wrong.
        DataError
            If no text has anything to count.
        """
        check_parameters(self.get_params(deep=False))
        texts = as_texts(X)
        self._columns = list(texts)
        if self.model is None:
            self.vectorizers_ = {name: self._fit_tfidf(texts[name]) for name in texts}
            if not any(self.vectorizers_.values()):
                raise DataError("Found no words in any text; expected some.")
        else:
            first = texts[self._columns[0]][:1]
            self._n_embedded = embed(loaded(self.model), first, batch_size=1).shape[1]
        self._note_columns(X)
        return self

    def transform(self, X: Any) -> sparse.csr_matrix | npt.NDArray[np.float32]:
        """Encode texts.

        Parameters
        ----------
        X : sequence of str, Series or DataFrame
            With the columns of `fit`, in any order.

        Returns
        -------
        features : csr_matrix, or ndarray with a model, (n_texts, n_features), float32

        Raises
        ------
        DataError
            If columns are missing.
        """
        check_is_fitted(self)
        texts = match_texts(X, self._columns, by_name=self._is_by_name)
        if self.model is None:
            blocks = [
                vectorizer.transform(texts[name])
                for name in self._columns
                for vectorizer in self.vectorizers_[name].values()
            ]
            return sparse.hstack(blocks, format="csr", dtype=np.float32)
        model, size = loaded(self.model), self.batch_size
        parts = [embed(model, column, batch_size=size) for column in texts.values()]
        return np.hstack(parts)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Name the features: ``title word=shoe``, ``title char=sho``, or ``title 0``.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        names : ndarray of shape (n_features,), object
        """
        check_is_fitted(self)
        if self.model is None:
            names = [
                f"{column} {kind}={term}"
                for column in self._columns
                for kind, vectorizer in self.vectorizers_[column].items()
                for term in vectorizer.get_feature_names_out()
            ]
        else:
            size = range(self._n_embedded)
            names = [f"{column} {i}" for column in self._columns for i in size]
        return np.array(names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def _fit_tfidf(self, texts: list[str]) -> dict[str, TfidfVectorizer]:
        lengths = {"word": self.words, "char": self.characters}
        found = {
            kind: fit_tfidf(
                texts,
                kind=kind,
                ngram_range=lengths_of_kind,
                max_features=self.max_features,
                min_df=self.min_df,
            )
            for kind, lengths_of_kind in lengths.items()
            if lengths_of_kind is not None
        }
        return {kind: tfidf for kind, tfidf in found.items() if tfidf is not None}

    def _note_columns(self, X: Any) -> None:
        self.n_features_in_ = len(self._columns)
        self._is_by_name = isinstance(X, pd.DataFrame)
        if self._is_by_name and all(isinstance(name, str) for name in self._columns):
            self.feature_names_in_ = np.array(self._columns, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_  # of an earlier fit
