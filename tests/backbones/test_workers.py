from __future__ import annotations

import joblib
import pytest
import torch

from hybridml.backbones.workers import count_workers, single_threaded_workers


def test_each_worker_computes_alone_and_the_caller_as_before() -> None:
    before = torch.get_num_threads()
    with single_threaded_workers(2) as workers:
        seen = list(workers.map(lambda _: torch.get_num_threads(), range(8)))
    assert seen == [1] * 8
    assert torch.get_num_threads() == before


def test_linear_algebra_in_a_worker_uses_one_thread() -> None:
    left = torch.randn(64, 64)
    with single_threaded_workers(1) as workers:
        product = workers.submit(lambda: left @ left).result()
    torch.testing.assert_close(product, left @ left)


@pytest.mark.parametrize("n_jobs", [None, -1])
def test_by_default_there_is_a_worker_for_every_usable_core(n_jobs: int | None) -> None:
    assert count_workers(n_jobs) == joblib.cpu_count()
    assert count_workers(3) == 3
