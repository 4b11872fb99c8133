"""A backbone ready to run: cut, on its device, in its precision."""

from __future__ import annotations

import copy
import threading
import warnings
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hybridml.backbones.counting import count_forwarded
from hybridml.backbones.cutting import (
    cut_at,
    find_stage,
    for_inference,
    names_before,
    without_batch_norms,
)
from hybridml.backbones.exact_start import exact_layers
from hybridml.backbones.hooks import HookedCut
from hybridml.backbones.normalising import normalise
from hybridml.backbones.pooled_cut import pool_inside
from hybridml.backbones.pooling import pool
from hybridml.backbones.precision import dtype_of
from hybridml.backbones.spec import Backbone, Preprocessing, Stage
from hybridml.backbones.weights import LoadedNetwork
from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.exceptions import PrecisionWarning, WeightsError

# The network always sees this many rows at a time, the last ones padded: kernels are
# chosen by shape, so that rows would otherwise differ in their last bits by batch size.
_ROWS = {"cpu": 8, "mps": 32, "cuda": 64}
_MIN_COSINE = 0.99

_lock = threading.RLock()


class Network:
    """A cut backbone in evaluation mode on its device.

    Made by `load_network`. Attributes: `backbone`, `weights_digest`, `preprocessing`,
    `device`, `precision` ("bf16" or "fp32", as it really runs) and `stages` (the
    declared ones that the weights cover).
    """

    def __init__(
        self,
        backbone: Backbone,
        loaded: LoadedNetwork,
        preprocessing: Preprocessing,
        device: torch.device,
        precision: str,
    ) -> None:
        self.backbone = backbone
        self.weights_digest = loaded.digest
        self.preprocessing = preprocessing
        self.device = device
        self._n_rows = _ROWS.get(device.type, 32)
        self._loaded = loaded
        self._cuts: dict[tuple[Stage, ...], nn.Module] = {}
        self._pooled_cuts: dict[tuple[tuple[Stage, ...], str], nn.Module] = {}
        self._widths: dict[tuple[Stage, str], int] = {}
        self._shapes: dict[Stage, tuple[int, ...]] = {}
        self._exact = self._exact_layers()
        self.stages = tuple(s for s in backbone.stages if not self._uncovered(s))
        self.precision = self._checked(precision)

    def find(self, cut_layer: str) -> Stage:
        """Look up a cut layer and make sure that the weights reach it."""
        stage = find_stage(self.backbone, cut_layer)
        uncovered = self._uncovered(stage)
        if uncovered:
            deepest = self.stages[-1].name if self.stages else None
            raise WeightsError(
                f"The weights end before cut_layer={cut_layer!r} of "
                f"{self.backbone.name!r}: {sorted(uncovered)[0]!r} is not in them. "
                f"The deepest stage that they cover is {deepest!r}."
            )
        return stage

    def shape(self, stage: Stage) -> tuple[int, ...]:
        """Shape of one image's output at a stage, without the batch axis."""
        if stage not in self._shapes:
            stages = self.stages if stage in self.stages else (stage,)
            outputs = self._outputs(self._synthetic_images(self.n_rows), stages)
            for found, output in outputs.items():
                self._shapes[found] = tuple(output.shape[1:])
        return self._shapes[stage]

    def n_features(self, stage: Stage, pooling: str) -> int:
        """Length of one image's features at a stage."""
        key = (stage, pooling)
        if key not in self._widths:
            output = torch.zeros(1, *self.shape(stage))
            self._widths[key] = pool(output, stage, pooling).shape[1]
        return self._widths[key]

    def n_numbers(self, stage: Stage) -> int:
        """How many weights the network has from the input to a stage."""
        cut = cut_at(self._loaded.module, (stage,))
        tensors = [*cut.parameters(), *cut.buffers()]
        return sum(tensor.numel() for tensor in tensors)

    @property
    def n_rows(self) -> int:
        """How many images make a full chunk, which the network always sees at once."""
        return self._n_rows

    def halve_rows(self) -> bool:
        """Go on with chunks of half the size; False if they hold but one image.

        For a device whose memory ran out. Kernels are chosen by shape, so that the last
        bits of features may differ from those of full chunks.
        """
        if self._n_rows == 1:
            return False
        self._n_rows //= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        message = (
            f"The memory of {str(self.device)!r} ran out; {self.backbone.name!r} goes "
            f"on with {self._n_rows} images at a time: last bits may change."
        )
        warnings.warn(message, PrecisionWarning, stacklevel=2)
        return True

    def features(
        self, images: npt.NDArray[np.uint8], stages: tuple[Stage, ...], pooling: str
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Run images through the network once and pool the output of each stage.

        Parameters
        ----------
        images : ndarray of shape (n_images, crop, crop, channels), uint8
        stages : tuple of Stage
        pooling : str

        Returns
        -------
        features : dict of {stage name: ndarray of shape (n_images, n_features)}
            float32.
        """
        starts = range(0, len(images) or 1, self.n_rows)
        chunks = [images[start : start + self.n_rows] for start in starts]
        n_workers = count_workers(None) if self.device.type == "cpu" else 1
        with single_threaded_workers(n_workers) as workers:
            run = partial(self.chunk_features, stages=stages, pooling=pooling)
            rows = np.concatenate(list(workers.map(run, chunks)))
        widths = [self.n_features(stage, pooling) for stage in stages]
        parts = np.split(rows, np.cumsum(widths)[:-1], axis=1)
        return {stage.name: part for stage, part in zip(stages, parts, strict=True)}

    def chunk_features(
        self, images: npt.NDArray[np.uint8], stages: tuple[Stage, ...], pooling: str
    ) -> npt.NDArray[np.float32]:
        """Run at most `n_rows` images through the network, in this thread.

        On a CPU, call it in a thread of `single_threaded_workers`: operations that are
        divided among several threads round some values otherwise.

        Returns
        -------
        rows : ndarray of shape (n_images, sum of n_features), float32
            The stages side by side.
        """
        chunk = np.zeros((self.n_rows, *images.shape[1:]), dtype=np.uint8)
        chunk[: len(images)] = images
        with torch.inference_mode():
            pooled = self.pooled_cut(stages, pooling)(self._input(chunk))
        count_forwarded(len(images))
        rows: npt.NDArray[np.float32] = pooled.cpu().numpy()
        return rows[: len(images)]

    def pooled_cut(self, stages: tuple[Stage, ...], pooling: str) -> nn.Module:
        """Give the part that computes features; it is made once, and shared.

        Returns
        -------
        cut : nn.Module
            From the network's input to a Tensor of shape (n_images, n_features).
        """
        with _lock:
            key = (stages, pooling)
            if key not in self._pooled_cuts:
                self._pooled_cuts[key] = pool_inside(self._cut(stages), *key)
            return self._pooled_cuts[key]

    def make_ready(self, cut: nn.Module) -> nn.Module:
        """Bring a part of this network into the form in which features are computed.

        Parameters
        ----------
        cut : nn.Module
            As `cut_at` or `separate` return it; it takes the network's input.

        Returns
        -------
        ready : nn.Module
            A fused copy on the network's device, in its precision.
        """
        images = self._normalised(torch.from_numpy(self._synthetic_images(2)))
        # In one thread: what is rounded how must not depend on their number.
        with single_threaded_workers(1) as alone:
            return alone.submit(
                for_inference,
                cut,
                dtype_of(self.precision),
                self.device,
                images=images,
                exact=self._exact,
            ).result()

    def trainable_copy(self) -> nn.Module:
        """Return the whole network in float32 on the CPU, free to be changed."""
        return copy.deepcopy(self._loaded.module)

    @torch.inference_mode()
    def _outputs(
        self, images: npt.NDArray[np.uint8], stages: tuple[Stage, ...]
    ) -> dict[Stage, Tensor]:
        outputs = self._cut(stages)(self._input(images))
        return {stage: outputs[stage.node] for stage in stages}

    def _input(self, images: npt.NDArray[np.uint8]) -> Tensor:
        pixels = torch.from_numpy(images)
        if self.device.type == "cuda":  # from pinned memory a copy need not be awaited
            pixels = pixels.pin_memory()
        return self._normalised(pixels.to(self.device, non_blocking=True))

    def _cut(self, stages: tuple[Stage, ...]) -> nn.Module:
        with _lock:
            if stages not in self._cuts:
                self._cuts[stages] = self.make_ready(
                    cut_at(self._loaded.module, stages)
                )
            return self._cuts[stages]

    def _exact_layers(self) -> frozenset[str]:
        whole = cut_at(self._loaded.module, self.backbone.stages[-1:])
        if isinstance(whole, HookedCut):
            return frozenset()
        return exact_layers(without_batch_norms(copy.deepcopy(whole).eval()))

    def _normalised(self, pixels: Tensor) -> Tensor:
        return normalise(pixels.permute(0, 3, 1, 2), self.preprocessing)

    def _uncovered(self, stage: Stage) -> set[str]:
        if not self._loaded.missing:
            return set()
        return names_before(self._loaded.module, stage) & self._loaded.missing

    def _synthetic_images(self, n_images: int) -> npt.NDArray[np.uint8]:
        """Smooth random images of the network's own input size, always the same."""
        generator = torch.Generator().manual_seed(0)
        channels = self.preprocessing.channels
        coarse = torch.rand(n_images, channels, 8, 8, generator=generator) * 255
        size = self.preprocessing.crop
        smooth = nn.functional.interpolate(coarse, size=size, mode="bilinear")
        return smooth.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()

    def _checked(self, precision: str) -> str:
        """Keep bf16 only where the deepest features agree with those of float32.

        The check runs on two fixed images, so that the answer, which is part of the
        feature store's key, depends on the network alone.
        """
        if precision == "fp32" or not self.stages:
            return "fp32"
        deepest = self.stages[-2] if len(self.stages) > 1 else self.stages[-1]
        results: list[Tensor] = []
        for tried in ("fp32", "bf16"):
            self.precision = tried
            try:
                output = self._outputs(self._synthetic_images(2), (deepest,))[deepest]
            except RuntimeError as exc:  # an operation without a bf16 kernel
                return self._fall_back(f"it fails in bfloat16 ({exc})")
            results.append(output.float().flatten(1))
            self._cuts.clear()
        exact, rounded = results
        cosine = float(nn.functional.cosine_similarity(exact, rounded).min())
        if not cosine >= _MIN_COSINE:
            return self._fall_back(f"bfloat16 features are off (cosine {cosine:.3f})")
        return "bf16"

    def _fall_back(self, reason: str) -> str:
        self._cuts.clear()
        message = f"{self.backbone.name!r} runs in float32: {reason}."
        warnings.warn(message, PrecisionWarning, stacklevel=2)
        return "fp32"
