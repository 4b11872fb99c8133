from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.figure import Figure
from torchvision.transforms import v2

from hybridml.exceptions import (
    ImageDecodeError,
    InvalidParameterError,
    UnknownNameError,
)
from hybridml.finetune import plot_augmentations
from hybridml.finetune.augmentation_plot import make_views
from hybridml.images import AugmentationPolicy
from hybridml.testing import make_photos


def _pictures(figure: Figure) -> list[npt.NDArray[Any]]:
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes]


def _title(figure: Figure) -> str:
    return figure.texts[0].get_text()


def test_each_photo_is_shown_before_its_views() -> None:
    X, _ = make_photos(6)
    figure = plot_augmentations(X, augmentation="none", n_views=3, image_size=32)
    pictures = _pictures(figure)
    assert len(pictures) == 4 * (1 + 3)
    assert {picture.shape for picture in pictures} == {(32, 32, 3)}
    for i in range(0, 16, 4):
        for view in pictures[i + 1 : i + 4]:
            assert np.array_equal(view, pictures[i])
    assert not np.array_equal(pictures[0], pictures[4])


def test_views_differ_from_one_another_and_from_the_photo() -> None:
    X, _ = make_photos(2)
    pictures = _pictures(plot_augmentations(X, n_images=1, n_views=4, image_size=32))
    for i, picture in enumerate(pictures):
        assert not any(np.array_equal(picture, other) for other in pictures[:i])


def test_one_seed_shows_the_same_views_and_another_others() -> None:
    X, _ = make_photos(2)
    first, again, other = (
        _pictures(plot_augmentations(X, image_size=32, random_state=seed))
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))


def test_views_of_a_photo_do_not_depend_on_the_photos_behind_it() -> None:
    pixels = make_photos(3)[0]
    few, many = (
        make_views(part, augmentation="strong", n_views=2, crop=24, random_state=0)
        for part in (pixels[:1], pixels)
    )
    assert np.array_equal(few[0], many[0])


def test_fewer_photos_than_asked_for_are_all_shown() -> None:
    X, _ = make_photos(2)
    assert len(plot_augmentations(X, image_size=32, n_views=1).axes) == 4


@pytest.mark.parametrize(
    ("augmentation", "title", "details"),
    [
        ("strong", 'Augmentation "strong"', "shear ±10°"),
        (AugmentationPolicy(noise=9), "Augmentation by a policy", "noise up to 9"),
        (v2.RandomRotation(30), "Augmentation by RandomRotation", "degrees=[-30.0"),
        (lambda images: images, "Augmentation by <lambda>", ""),
    ],
)
def test_the_title_says_what_is_shown(
    augmentation: Any, title: str, details: str
) -> None:
    X, _ = make_photos(1)
    figure = plot_augmentations(X, augmentation=augmentation, image_size=32)
    assert _title(figure) == title
    assert details in " ".join(text.get_text() for text in figure.texts)


def test_the_picture_can_be_stored(tmp_path: Path) -> None:
    X, _ = make_photos(2)
    path = tmp_path / "views.png"
    plot_augmentations(X, image_size=32).savefig(path)
    assert path.stat().st_size > 1000


def test_an_unknown_augmentation_is_refused_before_images_are_read() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'strong'"):
        plot_augmentations(["nowhere.jpg"], augmentation="strng")


def test_bad_photos_are_named_only_if_they_would_be_shown() -> None:
    X = [*make_photos(1)[0], b"no image"]
    assert plot_augmentations(X, n_images=1, image_size=32).axes
    with pytest.raises(ImageDecodeError, match=r"image 2 of 2"):
        plot_augmentations(X, n_images=2, image_size=32)


def test_all_wrong_numbers_are_named_at_once() -> None:
    message = r"Got X=\[\]; expected at least one image.*n_images=0.*n_views=1\.5.*-1"
    with pytest.raises(InvalidParameterError, match=message):
        plot_augmentations([], n_images=0, n_views=1.5, random_state=-1)  # type: ignore[arg-type]
