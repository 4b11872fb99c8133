"""What is told about the estimators that take images, or other things in files."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from sklearn.utils import Tags

from hybridml.exceptions import DataError

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

    Wherever something inside of it takes files, so does the whole: the first step of a
    pipeline, a part of a union, what a search searches for.

    Raises
    ------
    DataError
        If parts of it take images and others sounds.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> kind_of_input(Ridge())
    'value'
    """
    kinds = {reader.input_kind for reader in _readers(estimator)}
    if len(kinds) > 1:
        name = type(estimator).__name__
        raise DataError(f"{name} reads images and sounds from the same column.")
    kind: InputKind = kinds.pop() if kinds else "value"
    return kind


def needs_arrays(estimator: Any) -> bool:
    """Whether an estimator takes images with so many channels that no file has them."""
    channels = {getattr(reader, "in_channels", 3) for reader in _readers(estimator)}
    return not channels <= {1, 3}


def _readers(estimator: Any) -> list[Any]:
    """List what takes files, in an estimator or any of its parameters."""
    parts = [estimator]
    if hasattr(estimator, "get_params"):
        parts += estimator.get_params(deep=True).values()
    return [part for part in parts if hasattr(part, "input_kind")]
