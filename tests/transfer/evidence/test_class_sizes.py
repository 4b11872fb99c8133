from __future__ import annotations

import pytest

from hybridml.exceptions import DataError
from hybridml.transfer.evidence.class_sizes import ClassSizes, images_per_class


def test_smallest_and_median_are_counted() -> None:
    assert images_per_class(list("aaabbbbbc")) == ClassSizes(9, 3, 1, 3.0)


@pytest.mark.parametrize("y", [None, [], ["a", "a"]])
def test_labels_of_no_classes_are_refused(y: object) -> None:
    with pytest.raises(DataError):
        images_per_class(y)
