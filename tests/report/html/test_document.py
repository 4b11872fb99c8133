"""The report is one well-formed file that loads nothing, whatever the names in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridml.exceptions import InvalidParameterError
from hybridml.report.html import Mistake, ReportData, to_html_text, write_html

Text = Callable[[str], str]

EVIL = "<script>alert('1')</script> & \"$x$"
VOID = {"meta", "img", "col"}
SECTIONS = [
    "leaderboard",
    "differences",
    "cost",
    "layers",
    "curves",
    "predictions",
    "mistakes",
    "data",
    "environment",
    "reproduce",
]


class _Reader(HTMLParser):
    """Notes the elements, and which of them are closed wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def text_of(request: pytest.FixtureRequest) -> Text:
    """Write the report of a fixture, once for all tests."""
    return cache(lambda name: to_html_text(request.getfixturevalue(name)))


def _values(reader: _Reader, name: str) -> list[str]:
    return [value for key, value in reader.attributes if key == name]


def _sections(text: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', text)


def _with_classes(data: ReportData, n_classes: int) -> ReportData:
    classes = [f"class {i:03d}" for i in range(n_classes)]
    truth = np.arange(5 * n_classes) % n_classes
    predicted = np.where(np.arange(len(truth)) % 4, truth, (truth + 1) % n_classes)
    names = np.array(classes)
    return replace(
        data,
        classes=classes,
        truth=names[truth],
        predicted=names[predicted],
        confidence=np.full(len(truth), 0.75),
    )


def test_report_of_everything_has_all_sections_and_links_to_them(text_of: Text) -> None:
    text = text_of("full")
    assert _sections(text) == SECTIONS
    links = _values(_read(text), "href")
    assert [link[1:] for link in links if link[1:] in SECTIONS][1:] == SECTIONS


def test_report_of_little_has_the_leaderboard_alone(text_of: Text) -> None:
    text = text_of("least")
    assert _sections(text) == ["leaderboard"]
    assert "<svg" not in text


@pytest.mark.parametrize(
    ("section", "without"),
    [
        pytest.param(
            "cost",
            lambda d: {"leaderboard": d.leaderboard[["candidate", "score"]]},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "differences",
            lambda d: {"leaderboard": d.leaderboard.iloc[:1]},
            marks=pytest.mark.slow,
        ),
        ("layers", lambda d: {"layer_scores": pd.DataFrame(), "layer_curve": None}),
        pytest.param("curves", lambda d: {"histories": []}, marks=pytest.mark.slow),
        (
            "predictions",
            lambda d: {"truth": None, "predicted": None, "confidence": None},
        ),
        pytest.param("mistakes", lambda d: {"mistakes": []}, marks=pytest.mark.slow),
        ("data", lambda d: {"facts": {}, "warnings": []}),
        pytest.param(
            "environment", lambda d: {"environment": {}}, marks=pytest.mark.slow
        ),
        pytest.param(
            "reproduce", lambda d: {"reproduce": "\n"}, marks=pytest.mark.slow
        ),
    ],
)
def test_section_without_data_is_left_out(
    full: ReportData, section: str, without: Callable[[ReportData], dict[str, object]]
) -> None:
    assert section not in _sections(to_html_text(replace(full, **without(full))))


@pytest.mark.parametrize("name", ["full", "least", "numbers", "labels"])
def test_report_is_well_formed(name: str, text_of: Text) -> None:
    reader = _read(text_of(name))
    assert reader.wrong == []
    assert reader.open == []
    for tag in ("html", "head", "title", "body", "h1", "main", "header"):
        assert reader.tags[tag] == 1


@pytest.mark.parametrize("name", ["full", "numbers", "labels"])
def test_report_loads_nothing_and_runs_nothing(name: str, text_of: Text) -> None:
    text = text_of(name)
    reader = _read(text)
    assert "://" not in text
    assert {"script", "link", "iframe", "object"} & set(reader.tags) == set()
    assert [key for key, _ in reader.attributes if key.startswith("on")] == []
    assert all(value.startswith("#") for value in re.findall(r"url\(([^)]*)", text))
    loads = _values(reader, "src") + _values(reader, "href")
    assert all(value.startswith(("#", "data:image/")) for value in loads)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in _values(
        reader, "content"
    )


def test_ids_are_unique_and_references_lead_somewhere(text_of: Text) -> None:
    text = text_of("full")
    reader = _read(text)
    ids = _values(reader, "id")
    assert len(ids) == len(set(ids))
    links = [v for v in _values(reader, "href") if v.startswith("#")]
    targets = {link[1:] for link in links} | set(re.findall(r"url\(#([^)]*)\)", text))
    assert targets | set(_values(reader, "aria-labelledby")) <= set(ids)


def test_all_names_are_escaped(full: ReportData, jpeg: bytes) -> None:
    board = full.leaderboard.assign(candidate=EVIL, note=EVIL)
    evil = replace(
        full,
        title=EVIL,
        verdict=EVIL,
        created=EVIL,
        scoring=EVIL,
        leaderboard=board,
        significance=full.significance.assign(candidate=EVIL, test=EVIL),
        groups=[[EVIL, EVIL]],
        layer_scores=full.layer_scores.assign(backbone=EVIL, cut_layer=EVIL, head=EVIL),
        histories=[replace(full.histories[0], title=EVIL, findings=[EVIL])],
        classes=[EVIL, "dog"],
        truth=np.where(full.truth == "dog", "dog", EVIL),
        mistakes=[Mistake(jpeg, EVIL, EVIL, EVIL, 0.9)],
        facts={EVIL: EVIL},
        warnings=[EVIL],
        environment={EVIL: EVIL},
        reproduce=EVIL,
    )
    text = to_html_text(evil)
    reader = _read(text)
    assert reader.tags["script"] == 0
    assert reader.wrong == reader.open == []
    assert reader.words.count(EVIL) > 15


def test_names_that_no_file_can_hold_are_shown_without_it(least: ReportData) -> None:
    text = to_html_text(replace(least, title="a\x00b\udce9c"))
    assert "a\ufffdb\ufffdc" in text
    text.encode()


def test_pictures_and_tables_say_what_they_are(text_of: Text) -> None:
    text = text_of("full")
    reader = _read(text)
    assert reader.tags["caption"] == reader.tags["table"] > 1
    assert len(_values(reader, "alt")) == reader.tags["img"] > 0
    assert all(_values(reader, "alt"))
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', text)
    assert len(labels) == reader.tags["svg"] > 5
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


@pytest.mark.parametrize(
    ("n_classes", "is_drawn"),
    [(2, True), pytest.param(20, True, marks=pytest.mark.slow), (100, False)],
)
def test_confusions_are_drawn_as_long_as_they_can_be_read(
    full: ReportData, n_classes: int, is_drawn: bool
) -> None:
    text = to_html_text(_with_classes(full, n_classes))
    assert ("Confusion matrix" in text) == is_drawn
    assert ("What is confused most often" in text) == (n_classes > 2)


def test_ranks_in_the_pictures_are_those_of_the_table(full: ReportData) -> None:
    board = full.leaderboard.set_index(pd.Index(["x", "y", "z"]))
    board["candidate"] = ["case 1 (a)", "case 1 (b)", "case 1 (c)"]
    text = to_html_text(replace(full, leaderboard=board))
    assert text.count(">case 1 (#3)</text>") == 2  # predicting, training


def test_confidence_that_is_no_probability_is_not_drawn(
    full: ReportData, text_of: Text
) -> None:
    distances = replace(full, confidence=np.linspace(-3, 3, len(full.truth)))
    assert "of like confidence" in text_of("full")
    assert "of like confidence" not in to_html_text(distances)


def test_faultless_winner_has_no_confusions(full: ReportData) -> None:
    right = replace(_with_classes(full, 3), mistakes=[])
    right = replace(right, predicted=right.truth)
    text = to_html_text(right)
    assert "15 of 15 images" in text
    assert "What is confused most often" not in text


def test_numbers_have_their_errors_and_a_picture(text_of: Text) -> None:
    text = text_of("numbers")
    assert "The mean absolute error is 1, the root mean squared error 1" in text
    assert "Predicted against true values" in text
    assert "predicted 9.0" in text
    assert "The largest errors." in text


def test_labels_are_listed_one_by_one(text_of: Text) -> None:
    text = text_of("labels")
    row = re.search(r'<th scope="row">sky</th>(.*?)</tr>', text)
    assert row
    cells = re.findall(r">([^<]+)</td>", row[1])
    assert [cell.replace("\xa0", " ") for cell in cells] == ["2", "50 %", "100 %"]


def test_label_never_predicted_has_no_share(labels: ReportData) -> None:
    never = replace(labels, predicted=np.zeros_like(labels.predicted))
    assert '<td class="number">\N{EN DASH}</td>' in to_html_text(never)


def test_unknown_scores_and_intervals_are_dashes(full: ReportData) -> None:
    board = full.leaderboard.assign(score_low=np.nan, score_high=np.nan)
    board.loc[board.index[-1], ["score", "fit_time_s"]] = np.nan
    text = to_html_text(replace(full, leaderboard=board))
    assert "± 0.015" in text
    assert "nan" not in re.sub(r"base64,[\w+/=]*", "", text).lower()


def test_two_reports_of_the_same_are_equal(
    full: ReportData, tmp_path: Path, text_of: Text
) -> None:
    path = write_html(full, tmp_path / "again.html")
    assert path.read_bytes() == text_of("full").encode()


def test_file_is_replaced_and_nothing_else_is_left(
    least: ReportData, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    assert write_html(least, str(path)) == path
    assert path.read_text(encoding="utf-8") == to_html_text(least)
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder_is_named_with_its_cure(
    least: ReportData, tmp_path: Path
) -> None:
    path = tmp_path / "none" / "report.html"
    with pytest.raises(
        InvalidParameterError, match=r"Got path=.*; expected a file in "
    ):
        write_html(least, path)
    with pytest.raises(InvalidParameterError, match=r"none' first\."):
        write_html(least, path)


def test_folder_is_no_file(least: ReportData, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="expected a file, such as"):
        write_html(least, tmp_path)
