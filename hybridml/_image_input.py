"""What scikit-learn is told about the estimators that take images."""

from __future__ import annotations

from sklearn.utils import Tags


class ImageInput:
    """Mixin for estimators whose X holds images, and no table of numbers.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from sklearn.utils import get_tags
    >>> class Estimator(ImageInput, BaseEstimator):
    ...     pass
    >>> get_tags(Estimator()).input_tags.two_d_array
    False
    """

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags
