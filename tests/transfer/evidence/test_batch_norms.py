"""The shifts are those of the unfolded network, whatever way they are computed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from hybridml.backbones import Backbone, Preprocessing, Stage, register_backbone
from hybridml.backbones.counting import images_forwarded
from hybridml.backbones.loading import load_network
from hybridml.exceptions import ImageDecodeError
from hybridml.images.door import as_images
from hybridml.testing import make_photos
from hybridml.transfer.evidence.batch_norms import batch_norm_shifts
from hybridml.transfer.evidence.moments import Moments, equivalent_shift

SIDE = 32


def _photos(n_images: int = 20, seed: int = 0) -> npt.NDArray[np.uint8]:
    return make_photos(n_images, side=SIDE, seed=seed)[0]


def _inputs(photos: npt.NDArray[np.uint8]) -> Tensor:
    made = Preprocessing()
    pixels = torch.from_numpy(photos).permute(0, 3, 1, 2).float() / 255
    return (pixels - torch.tensor(made.mean).view(-1, 1, 1)) / torch.tensor(
        made.std
    ).view(-1, 1, 1)


def _resnet(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return models.resnet18().eval()


def _set_statistics(network: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)


def _registered(network: nn.Module, name: str) -> str:
    state = {k: v.clone() for k, v in network.state_dict().items()}
    stages = (
        Stage("stem", "relu"),
        Stage("penultimate", "flatten", "vector"),
        Stage("logits", "fc", "vector"),
    )
    declared = Backbone(
        name,
        _build,
        stages,
        Preprocessing(resize=SIDE, crop=SIDE),
        fetch_default_weights=lambda: state,
    )
    register_backbone(declared, overwrite=True)
    return name


def _build(n_classes: int) -> nn.Module:
    return models.resnet18(num_classes=n_classes)


def test_shifts_are_those_of_plain_hooks_on_the_unfolded_network() -> None:
    network, photos = _resnet(3), _photos()
    _set_statistics(network, 4)
    seen: dict[str, Tensor] = {}
    norms = {n: m for n, m in network.named_modules() if isinstance(m, nn.BatchNorm2d)}
    hooks = [m.register_forward_hook(partial(_note, seen, n)) for n, m in norms.items()]
    with torch.no_grad():
        network(_inputs(photos))
    for hook in hooks:
        hook.remove()
    expected = []
    for name, norm in norms.items():
        values = seen[name].transpose(0, 1).flatten(1)
        ours = torch.distributions.Normal(
            values.mean(1), (values.var(1, correction=0) + norm.eps).sqrt()
        )
        learned = torch.distributions.Normal(
            norm.running_mean.double(), (norm.running_var.double() + norm.eps).sqrt()
        )
        expected.append(float(np.median(_shift_by_integration(ours, learned))))
    loaded = load_network(_registered(network, "hand_set_resnet18"))
    found = batch_norm_shifts(as_images(photos), loaded)
    assert list(found["layer"]) == list(norms)
    np.testing.assert_allclose(found["shift"], expected, rtol=1e-3)


def _note(
    seen: dict[str, Tensor], name: str, _: nn.Module, inputs: tuple[Tensor], __: Tensor
) -> None:
    seen[name] = inputs[0].double()


def _shift_by_integration(
    ours: torch.distributions.Normal, learned: torch.distributions.Normal
) -> npt.NDArray[np.float64]:
    """Integrate the square root of the product of two densities numerically."""
    grid = torch.linspace(-30, 30, 4_001, dtype=torch.float64)[:, None]
    log_product = (ours.log_prob(grid) + learned.log_prob(grid)) / 2
    overlap = torch.trapezoid(log_product.exp(), grid, dim=0)
    return np.asarray((-8 * overlap.log()).clamp(min=0).sqrt())


def test_images_that_the_statistics_were_computed_from_are_at_zero() -> None:
    network, photos = _resnet(0), _photos(32)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # running statistics of the one batch
    # Behind each norm, the next one must see what it will see in evaluation mode.
    with torch.no_grad():
        network.train()(_inputs(photos))
    _use_biased_variances(network.eval(), len(photos))
    loaded = load_network(_registered(network, "own_photos_resnet18"))
    own = batch_norm_shifts(as_images(photos), loaded)["shift"].median()
    inverted = batch_norm_shifts(as_images(255 - photos), loaded)["shift"].median()
    assert own < 0.02
    assert inverted > 5 * own


def _use_biased_variances(network: nn.Module, n_images: int) -> None:
    """Take back the n / (n - 1) of running variances where n is the number of images.

    The last maps are of one pixel: there alone it matters.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d) and name.startswith("layer4"):
            module.running_var *= (n_images - 1) / n_images


def test_statistics_never_learned_do_not_count() -> None:
    loaded = load_network(_registered(_resnet(1), "unlearned_resnet18"))
    before = images_forwarded()
    assert batch_norm_shifts(as_images(_photos()), loaded).empty
    assert images_forwarded() == before


def test_channel_without_finite_statistics_does_not_count() -> None:
    network = _resnet(2)
    _set_statistics(network, 0)
    network.bn1.running_var[:3] = torch.inf
    loaded = load_network(_registered(network, "infinite_resnet18"))
    assert np.isfinite(batch_norm_shifts(as_images(_photos()), loaded)["shift"]).all()


def test_bad_image_is_named(tmp_path: Path) -> None:
    network = _resnet(2)
    _set_statistics(network, 0)
    loaded = load_network(_registered(network, "bad_image_resnet18"))
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    images = as_images([*_photos(17), str(bad)])
    with pytest.raises(ImageDecodeError, match=r"bad\.jpg' \(image 18 of 18\)"):
        batch_norm_shifts(images, loaded)


@pytest.mark.parametrize("cuts", [[], [1], [3, 4, 29]])
def test_moments_do_not_depend_on_batches(cuts: list[int]) -> None:
    values = np.random.default_rng(0).normal(100, 0.1, (30, 5))
    moments = Moments()
    for part in np.split(values, cuts):
        moments.add(len(part), part.mean(axis=0), part.var(axis=0))
    assert moments.n_values == 30
    np.testing.assert_allclose(moments.mean, values.mean(axis=0))
    np.testing.assert_allclose(moments.variance, values.var(axis=0), rtol=1e-9)


def test_shift_is_symmetric_and_free_of_the_unit() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9))
    v, w = rng.uniform(0.1, 3, (2, 9))
    shift = equivalent_shift(a, v, b, w)
    np.testing.assert_allclose(shift, equivalent_shift(b, w, a, v))
    np.testing.assert_allclose(shift, equivalent_shift(7 * a, 49 * v, 7 * b, 49 * w))
    assert (shift > np.abs(a - b) / np.sqrt((v + w) / 2)).all()
