"""scikit-learn is told that X holds images."""

from __future__ import annotations

import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, is_classifier
from sklearn.utils import get_tags

from hybridml import FineTuneClassifier, PretrainedClassifier, TransferClassifier
from hybridml._image_input import ImageInput


class _Estimator(ImageInput, ClassifierMixin, BaseEstimator):
    pass


@pytest.mark.parametrize(
    "kind",
    [_Estimator, FineTuneClassifier, PretrainedClassifier, TransferClassifier],
)
def test_estimators_take_images_and_stay_classifiers(kind: type[BaseEstimator]) -> None:
    tags = get_tags(kind()).input_tags
    assert (tags.two_d_array, tags.three_d_array, tags.string) == (False, True, True)
    assert is_classifier(kind())
