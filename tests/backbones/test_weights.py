from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hybridml import DeepFeatureExtractor
from hybridml.backbones.loading import load_network
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.weights import load_weights
from hybridml.exceptions import WeightsError
from hybridml.testing import make_photos, register_tiny_backbone


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    """Weights of the tiny backbone other than its default ones."""
    module = get_backbone(register_tiny_backbone()).build(10)
    path = tmp_path / "tiny.pth"
    torch.save(module.state_dict(), path)
    return path


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    handler = functools.partial(_QuietHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def digest(weights: str | Path | None, backbone: str = "tiny") -> str:
    return load_weights(get_backbone(backbone), weights).digest


def test_pth_and_safetensors_of_one_state_have_one_digest(tiny_file: Path) -> None:
    state = torch.load(tiny_file, weights_only=True)
    save_file(state, tiny_file.with_suffix(".safetensors"))
    assert digest(tiny_file) == digest(tiny_file.with_suffix(".safetensors"))
    assert digest(tiny_file) != digest("default")


def test_half_precision_and_wrapped_checkpoints_load(tiny_file: Path) -> None:
    state = torch.load(tiny_file, weights_only=True)
    half = {
        f"module.{k}": v.half() if v.is_floating_point() else v
        for k, v in state.items()
    }
    torch.save({"state_dict": half}, tiny_file)
    loaded = load_weights(get_backbone("tiny"), tiny_file)
    assert loaded.module.logits.weight.dtype == torch.float32


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model_state_dict": state, "optimizer": {"lr": 0.1}},
        lambda state: {"model": {"state_dict": state}},
        lambda state: {"network": state, "epoch": 3, "args": {"lr": 0.1}},
        lambda state: (
            {"state_dict": {k: 0 * v for k, v in state.items()}}
            | {"state_dict_ema": state}
        ),
        lambda state: {f"module.{k}": v for k, v in state.items()},
        lambda state: {f"_orig_mod.{k}": v for k, v in state.items()},
        lambda state: {f"module._orig_mod.{k}": v for k, v in state.items()},
        lambda state: {"state_dict": {f"net.{k}": v for k, v in state.items()}},
    ],
)
def test_checkpoints_of_every_wrapping_are_the_same_weights(
    tiny_file: Path, wrap: Callable[[object], object]
) -> None:
    expected = digest(tiny_file)
    state = torch.load(tiny_file, weights_only=True)
    torch.save(wrap(state), tiny_file)
    assert digest(tiny_file) == expected


def test_wrapped_safetensors_are_the_same_weights(tiny_file: Path) -> None:
    state = torch.load(tiny_file, weights_only=True)
    path = tiny_file.with_suffix(".safetensors")
    save_file({f"module.{k}": v for k, v in state.items()}, path)
    assert digest(path) == digest(tiny_file)


def test_classes_of_a_wrapped_checkpoint_are_inferred(tiny_file: Path) -> None:
    state = get_backbone("tiny").build(3).state_dict()
    torch.save({"state_dict": {f"net.{k}": v for k, v in state.items()}}, tiny_file)
    loaded = load_weights(get_backbone("tiny"), tiny_file)
    assert loaded.module.logits.out_features == 3


def test_a_file_with_several_states_is_told_what_is_expected(tiny_file: Path) -> None:
    state = torch.load(tiny_file, weights_only=True)
    torch.save({"generator": state, "critic": state}, tiny_file)
    message = (
        r"Its keys begin with 'generator', 'critic'; expected .* or one of 'state_dict"
    )
    with pytest.raises(WeightsError, match=message):
        digest(tiny_file)


def test_extractor_records_the_digest_of_a_file(tiny_file: Path) -> None:
    X, _ = make_photos(2)
    extractor = DeepFeatureExtractor("tiny", weights=tiny_file, store=None).fit(X)
    assert extractor.weights_digest_ == digest(tiny_file)
    state = torch.load(tiny_file, weights_only=True)
    state["logits.bias"] += 1
    torch.save(state, tiny_file)
    with pytest.raises(WeightsError, match="are not those it was fitted with"):
        extractor.transform(X)


def test_a_file_written_anew_is_read_anew(tiny_file: Path) -> None:
    before = load_network("tiny", weights=tiny_file).weights_digest
    state = torch.load(tiny_file, weights_only=True)
    state["logits.bias"] += 1
    torch.save(state, tiny_file)
    assert load_network("tiny", weights=tiny_file).weights_digest != before


def test_weights_come_from_a_server_once(
    tiny_file: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{server}/tiny.pth"
    assert digest(url) == digest(tiny_file)
    tiny_file.unlink()
    assert digest(url)


def test_weights_come_from_a_file_url(tiny_file: Path, server: str) -> None:
    assert digest(tiny_file.as_uri()) == digest(tiny_file)


def test_a_server_without_the_file_is_named(server: str) -> None:
    register_tiny_backbone()
    with pytest.raises(WeightsError, match=r"Cannot fetch weights from .*404"):
        digest(f"{server}/absent.pth")


def test_published_weights_that_cannot_be_fetched_name_the_cure(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models import ResNet18_Weights

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("torch.hub.download_url_to_file", fail)
    assert ResNet18_Weights.DEFAULT
    with pytest.raises(WeightsError, match=r"of 'resnet18': .*weights=None for random"):
        digest("default", "resnet18")


def test_weights_of_another_network_are_refused(tiny_file: Path) -> None:
    with pytest.raises(WeightsError, match=r"fit 'lenet5': .*not in the network"):
        digest(tiny_file, "lenet5")


def test_misshapen_weights_name_the_shapes(tiny_file: Path) -> None:
    state = torch.load(tiny_file, weights_only=True)
    state["stem.0.weight"] = torch.zeros(8, 4, 3, 3)
    torch.save(state, tiny_file)
    expected = r"stem.0.weight: \(8, 4, 3, 3\) in the file, \(8, 3, 3, 3\) expected"
    with pytest.raises(WeightsError, match=expected):
        digest(tiny_file)


def test_a_checkpoint_of_other_classes_keeps_its_own(tiny_file: Path) -> None:
    state = get_backbone("tiny").build(3).state_dict()
    torch.save(state, tiny_file)
    network = load_network("tiny", weights=tiny_file)
    assert network.n_features(network.find("logits"), "mean") == 3


def test_a_file_without_the_top_serves_the_layers_that_it_covers(
    tiny_file: Path,
) -> None:
    state = torch.load(tiny_file, weights_only=True)
    torch.save({k: v for k, v in state.items() if "logits" not in k}, tiny_file)
    network = load_network("tiny", weights=tiny_file)
    assert [stage.name for stage in network.stages] == ["stem", "stage1", "penultimate"]
    with pytest.raises(WeightsError, match="deepest stage that they cover is 'penul"):
        network.find("logits")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "Cannot read weights"), (b"no weights", "Cannot read weights")],
)
def test_files_that_hold_no_weights_are_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    register_tiny_backbone()
    path = tmp_path / "bad.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        digest(path)


def test_pickled_code_is_refused(tmp_path: Path) -> None:
    register_tiny_backbone()
    torch.save(get_backbone("tiny").build(10), tmp_path / "code.pth")
    with pytest.raises(WeightsError, match="Cannot read weights"):
        digest(tmp_path / "code.pth")
    torch.save({"epoch": 3}, tmp_path / "number.pth")
    with pytest.raises(WeightsError, match="'epoch' is no tensor"):
        digest(tmp_path / "number.pth")


def test_an_unknown_name_is_told_what_is_known() -> None:
    register_tiny_backbone()
    with pytest.raises(WeightsError, match="Did you mean 'default'"):
        digest("defualt")
    with pytest.raises(WeightsError, match=r"There is no file nowhere.pth"):
        digest("nowhere.pth")
    with pytest.raises(WeightsError, match="'lenet5' has no published weights"):
        digest("default", "lenet5")


@pytest.mark.slow
def test_real_weights_are_recognised_by_their_file_name(shared_weights: Path) -> None:
    path = shared_weights / "mobilenet_v2-b0353104.pth"
    loaded = load_weights(get_backbone("mobilenet_v2"), path)
    assert loaded.preprocessing.resize == 256  # the first version's, not the default's
    assert get_backbone("mobilenet_v2").preprocessing.resize == 232


@pytest.mark.slow
def test_conv_only_vgg_serves_its_blocks(shared_weights: Path) -> None:
    path = shared_weights / "vgg16_features_fp16.pth"
    network = load_network("vgg16", weights=path.with_suffix(".pt"), image_size=150)
    assert network.stages[-1].name == "block5"


@pytest.mark.slow
def test_a_vision_transformer_takes_weights_of_another_image_size(
    tmp_path: Path,
) -> None:
    declared = get_backbone("vit_b_16")
    state = declared.build(1000).state_dict()
    positions = "encoder.pos_embedding"
    state[positions] = torch.zeros(1, 1 + 24 * 24, state[positions].shape[2])
    torch.save(state, tmp_path / "vit_384.pth")
    loaded = load_weights(declared, tmp_path / "vit_384.pth")
    assert not loaded.missing


def test_refusing_pickled_code_does_not_recommend_to_run_it(tmp_path: Path) -> None:
    register_tiny_backbone()
    (tmp_path / "photo.pth").write_bytes(b"\xff\xd8\xff no weights")
    with pytest.raises(WeightsError, match="not a state dict of tensors") as error:
        digest(tmp_path / "photo.pth")
    assert "weights_only" not in str(error.value)
