"""Where Ray is not installed, one process trains as ever, and several are refused."""

from __future__ import annotations

import sys

import pytest

from hybridml import FineTuneClassifier, _optional
from hybridml._optional import MissingPackageError
from hybridml.testing import make_photos, register_tiny_backbone


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    version_of = _optional._version_of
    monkeypatch.setattr(
        _optional,
        "_version_of",
        lambda package: None if package == "ray" else version_of(package),
    )
    monkeypatch.setitem(sys.modules, "ray", None)  # an import would fail


def test_several_processes_ask_for_ray() -> None:
    X, y = make_photos(8)
    model = FineTuneClassifier(register_tiny_backbone(), n_workers=2, store=None)
    with pytest.raises(MissingPackageError, match=r'pip install "hybridml\[ray\]"'):
        model.fit(X, y)


def test_one_process_does_not_ask() -> None:
    X, y = make_photos(8)
    model = FineTuneClassifier(register_tiny_backbone(), epochs=1, store=None)
    assert model.fit(X, y).score(X, y) == 1
