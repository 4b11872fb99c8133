"""What is told about the estimators that take images, or other things in files."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from sklearn.pipeline import Pipeline
from sklearn.utils import Tags

InputKind = Literal["image", "sound", "value"]


class ImageInput:
    """Mixin for estimators whose X holds images, and no table of numbers.

    Attributes
    ----------
    input_kind : {"image", "sound"}
        What the elements of X are, each as a path, a URL, or the bytes of a file.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from sklearn.utils import get_tags
    >>> class Estimator(ImageInput, BaseEstimator):
    ...     pass
    >>> get_tags(Estimator()).input_tags.two_d_array
    False
    """

    input_kind: ClassVar[InputKind] = "image"

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def kind_of_input(estimator: Any) -> InputKind:
    """Tell what an estimator takes: images, sounds, or values as they are.

    Of a pipeline the first step tells, of a search the estimator that it searches for.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> kind_of_input(Ridge())
    'value'
    """
    if isinstance(estimator, Pipeline):
        return kind_of_input(estimator.steps[0][1])
    if hasattr(estimator, "input_kind"):
        kind: InputKind = estimator.input_kind
        return kind
    if hasattr(estimator, "estimator"):
        return kind_of_input(estimator.estimator)
    return "value"
