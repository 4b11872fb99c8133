"""Networks are traced beside others that run, and nothing is left behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn
from torchvision.models import feature_extraction

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.spec import Stage
from hybridml.backbones.tracing import tracing


def _network() -> nn.Module:
    return nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(12))).eval()


def test_a_network_at_work_in_another_thread_is_left_alone() -> None:
    network, images = _network(), torch.rand(2, 3, 8, 8)
    with torch.inference_mode():
        expected = network(images)
    is_over = threading.Event()

    def compute() -> int:
        n_runs = 0
        while not is_over.is_set():
            with torch.inference_mode():
                assert torch.equal(network(images), expected)
            n_runs += 1
        return n_runs

    with ThreadPoolExecutor(1) as other:
        computing = other.submit(compute)
        for traced in [network, _network()] * 15:
            cut = cut_at(traced, (Stage("end", "11"),))
            assert len(list(cut.graph.nodes)) == 14
        is_over.set()
        assert computing.result() > 0


def test_threads_may_trace_one_network_at_once() -> None:
    network = _network()

    def trace(node: int) -> int:
        return len(list(cut_at(network, (Stage("end", str(node)),)).graph.nodes))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(trace, range(12))) == list(range(3, 15))


def test_torchvision_has_its_own_tracer_back() -> None:
    usual = feature_extraction.NodePathTracer
    with tracing():
        assert feature_extraction.NodePathTracer is not usual
    assert feature_extraction.NodePathTracer is usual
