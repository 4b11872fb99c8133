from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Typed

QUICK = ("--backbone", "lenet5", "--weights", "none", "--cv", "2", "--no-store")


@pytest.mark.slow
def test_winners_are_registered_tested_and_promoted(typed: Typed, photos: Path) -> None:
    compare = ("compare", photos, *QUICK, "--case", "1", "--register", "pets")
    first = typed(*compare)
    assert first.code == 0
    assert "pets version 1 is the champion." in first.err
    second = typed(*compare)
    assert "pets version 2 is the challenger." in second.err
    assert "not shown to be better" in second.err
    tested = typed("promote", "pets", photos)
    assert tested.code == 0
    assert "pets version 2 is the challenger." in tested.err
    told = typed("promote", "pets", "--reason", "because")
    assert "pets version 2 is the champion." in told.err
    assert "Promoted without a test: because" in told.err
    again = typed("promote", "pets", "--version", 2, "--reason", "because")
    assert again.code == 5
    assert "Version 2 of 'pets' is the champion already" in again.err
    predicted = typed("predict", "models:/pets@champion", photos / "dark")
    assert predicted.code == 0
    assert predicted.out.startswith("image,label,p_dark,p_light")
