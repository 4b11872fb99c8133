"""The picture shows every photo and view where it belongs, and nothing cut off."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from hybridml.report.views_plot import plot_views


def _figure(
    n_images: int = 2, n_views: int = 3, channels: int = 3, details: str = ""
) -> Figure:
    """Every picture has its own grey: ten times its row, plus its column."""
    rows, columns = np.indices((n_images, n_views + 1))
    greys = (10 * rows + columns).astype(np.uint8)[:, :, None, None, None]
    pictures = np.broadcast_to(greys, (n_images, n_views + 1, 8, 8, channels))
    return plot_views(pictures[:, 0], pictures[:, 1:], title="strong", details=details)


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_photos_stand_left_of_their_views() -> None:
    figure = _figure(n_images=3, n_views=4)
    greys = [int(axes.images[0].get_array().max()) for axes in figure.axes]
    places = [axes.get_position() for axes in figure.axes]
    tops = sorted({round(place.y1, 6) for place in places}, reverse=True)
    lefts = sorted({round(place.x0, 6) for place in places})
    found = [
        10 * tops.index(round(place.y1, 6)) + lefts.index(round(place.x0, 6))
        for place in places
    ]
    assert (len(tops), len(lefts)) == (3, 5)
    assert greys == found


def test_pictures_are_square_and_do_not_overlap() -> None:
    figure = _figure()
    width, height = figure.get_size_inches()
    places = [axes.get_position() for axes in figure.axes]
    for place in places:
        assert place.width * width == pytest.approx(place.height * height)
    for i, one in enumerate(places):
        for other in places[:i]:
            apart = one.x0 >= other.x1 or other.x0 >= one.x1
            assert apart or one.y0 >= other.y1 or other.y0 >= one.y1


@pytest.mark.parametrize("channels", [1, 3])
def test_values_are_drawn_as_they_are(channels: int) -> None:
    for axes in _figure(channels=channels).axes:
        (image,) = axes.images
        assert image.get_clim() == (0, 255)
        assert image.get_array().ndim == (2 if channels == 1 else 3)


def test_title_and_details_are_written_out() -> None:
    texts = set(_texts(_figure(details="Varied: noise.")))
    assert {"strong", "Varied: noise.", "the photo", "as training sees it"} <= set(
        texts
    )


@pytest.mark.parametrize("n_views", [1, 6])
@pytest.mark.parametrize("details", ["", "many words " * 20, "many words " * 500])
def test_words_stay_within_the_picture_and_above_the_photos(
    n_views: int, details: str
) -> None:
    figure = _figure(n_images=1, n_views=n_views, details=details)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    highest = max(axes.get_position().y1 for axes in figure.axes) * height
    boxes = [t.get_window_extent() for t in figure.texts if t.get_text()]
    for box in boxes:
        assert 0 < box.x0 < box.x1 < width
        assert highest < box.y0 < box.y1 < height
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
