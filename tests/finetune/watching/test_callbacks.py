"""A callback does nothing but what it overrides."""

from __future__ import annotations

from hybridml.finetune import Callback


def test_every_hook_does_nothing_by_itself() -> None:
    callback, estimator = Callback(), object()
    callback.on_fit_begin(estimator)
    callback.on_step_end(estimator, 1, 2)
    callback.on_epoch_end(estimator, {"epoch": 0})
    callback.on_fit_end(estimator)
    callback.on_fit_failed(estimator, KeyboardInterrupt())
    assert vars(callback) == {}
