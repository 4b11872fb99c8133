"""A progress bar is for people: on stderr, and only where it is asked for."""

from __future__ import annotations

import pytest

from hybridml._progress import image_progress


def test_nothing_is_shown_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with image_progress(10, "resnet18", shown=False) as tick:
        tick(10)
    assert capsys.readouterr() == ("", "")


def test_bar_is_shown_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with image_progress(10, "resnet18", shown=True) as tick:
        tick(4)
        tick(6)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "resnet18" in captured.err
    assert "10/10 images" in captured.err


def test_error_within_goes_on() -> None:
    def work() -> None:
        with image_progress(10, "resnet18", shown=True) as tick:
            tick(1)
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        work()
