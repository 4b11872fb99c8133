"""A picture stands among others in a page: its own ids, text as text, no colours."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from hybridml.report.prediction_plot import plot_predictions
from hybridml.report.style import ACCENT, make_figure
from hybridml.report.svg import to_svg


def _drawn(title: str = "a title") -> Figure:
    figure, axes = make_figure(3, 2)
    axes.plot([0, 1], [0, 1], "o-", color=ACCENT)
    axes.set_title(title)
    return figure


def test_picture_is_well_formed_and_says_what_it_shows() -> None:
    svg = ET.fromstring(to_svg(_drawn(), name="one", alt='less < "more"'))
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"] == 'less < "more"'
    assert svg.attrib["viewBox"] == "0 0 216 144"


def test_ids_are_used_and_begin_with_the_name() -> None:
    svg = to_svg(_drawn(), name="one", alt="")
    ids = re.findall(r'id="([^"]*)"', svg)
    used = re.findall(r'(?:url\(|href=")#([\w-]+)', svg)
    assert set(ids) == set(used)
    assert ids
    assert all(name.startswith("one-") for name in ids)


def test_text_is_text_even_where_it_looks_like_a_formula() -> None:
    svg = to_svg(_drawn(r"$x & <b> $\frac{"), name="one", alt="")
    texts = ["".join(text.itertext()) for text in ET.fromstring(svg).iter("text")]
    assert r"$x & <b> $\frac{" in texts
    assert "DejaVu" not in svg


def test_colours_are_those_of_the_page() -> None:
    svg = to_svg(_drawn(), name="one", alt="")
    assert f"stroke: var(--accent, {ACCENT})" in svg
    assert not re.search(rf"[^,] ?{ACCENT}", svg.replace(f", {ACCENT})", ""))


def test_picture_names_no_address_and_no_date() -> None:
    svg = to_svg(_drawn(), name="one", alt="")
    assert "://" not in svg
    assert "metadata" not in svg
    assert "<style" not in svg  # it would hold for the whole page


def test_two_pictures_of_the_same_are_equal() -> None:
    pair = [to_svg(_drawn(), name="one", alt="") for _ in range(2)]
    assert pair[0] == pair[1]


def test_settings_of_matplotlib_are_left_as_they_were() -> None:
    before = dict(mpl.rcParams)
    to_svg(_drawn(), name="one", alt="")
    assert dict(mpl.rcParams) == before


def test_many_points_become_an_image_inside() -> None:
    values = np.linspace(0, 1, 2000)
    svg = to_svg(plot_predictions(values, values), name="many", alt="")
    assert 'href="data:image/png;base64,' in svg
    assert len(svg) < 200_000
