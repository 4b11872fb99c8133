"""The module that `fuse` makes: from pixels to scores, and from images to answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.utils.metaestimators import available_if
from torch import Tensor, nn

from hybridml.backbones.counting import count_forwarded
from hybridml.backbones.normalising import normalise
from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.features.request import Request
from hybridml.fusing.linear_part import LinearPart
from hybridml.images.batch import load_batch
from hybridml.images.door import as_images
from hybridml.images.failures import raise_bad_images


def _rest_has(method: str) -> Callable[[FusedModel], bool]:
    return lambda fused: hasattr(fused.rest, method)


class FusedModel(nn.Module):
    """A cut network whose last layer is a linear head; made by `fuse`.

    As a module it takes pixels as they are, a uint8 Tensor of shape (n_images, crop,
    crop, channels), and gives scores of shape (n_images, n_scores) in float64 (float32
    on devices without it); `preprocessing` says how images are resized and cropped.

    Parameters
    ----------
    request : Request
        Of which network which features are scored.
    part : LinearPart
        The head.
    n_jobs : int or None, default=None
        Threads among which several images are divided.

    Attributes
    ----------
    preprocessing : Preprocessing
    rest : estimator
        From scores to answers.
    """

    def __init__(
        self, request: Request, part: LinearPart, *, n_jobs: int | None = None
    ) -> None:
        super().__init__()
        network = request.network
        self.preprocessing = network.preprocessing
        self.rest = part.rest
        self._device, self._n_rows, self._n_jobs = (
            network.device,
            network.n_rows,
            n_jobs,
        )
        self.pooled = network.pooled_cut(request.stages, request.pooling)
        # Means are subtracted after the scores are summed: in float32 that would cost
        # more digits than the order of the pipeline does.
        exact = torch.float32 if network.device.type == "mps" else torch.float64
        n_scores, n_features = part.weights.shape
        self.linear = nn.Linear(n_features, n_scores, device=network.device)
        self.linear.to(exact).requires_grad_(False)
        self.linear.weight.copy_(torch.from_numpy(part.weights))
        self.linear.bias.copy_(torch.from_numpy(part.bias))

    def forward(self, pixels: Tensor) -> Tensor:
        """Score resized and cropped images."""
        images = normalise(pixels.permute(0, 3, 1, 2), self.preprocessing)
        scores: Tensor = self.linear(self.pooled(images).to(self.linear.weight.dtype))
        return scores

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict as the estimator does.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.

        Returns
        -------
        predicted : ndarray of shape (n_images,) or (n_images, n_outputs)

        Raises
        ------
        ImageDecodeError
            If images cannot be decoded.
        """
        return np.asarray(self.rest.predict(self.scores(X)))

    @available_if(_rest_has("predict_proba"))
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Class probabilities of shape (n_images, n_classes)."""
        return np.asarray(self.rest.predict_proba(self.scores(X)))

    @available_if(_rest_has("decision_function"))
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Scores of the decision function."""
        return np.asarray(self.rest.decision_function(self.scores(X)))

    @property
    def classes_(self) -> Any:
        """Labels of a classifier, in the order of its probabilities."""
        return self.rest.classes_

    def scores(self, X: Any) -> npt.NDArray[Any]:
        """Decode, resize and score images.

        All threads work on a single image; several are divided among them.

        Returns
        -------
        scores : ndarray of shape (n_images, n_scores)
        """
        images = as_images(X, channels=self.preprocessing.channels)
        on_cpu = self._device.type == "cpu"
        n_workers = count_workers(self._n_jobs) if on_cpu else 1
        size = max(1, min(self._n_rows, -(-len(images) // n_workers)))
        starts = range(0, len(images) or 1, size)
        chunks = [images[start : start + size] for start in starts]
        if len(chunks) == 1:
            results = [self._chunk_scores(chunks[0])]
        else:
            with single_threaded_workers(n_workers) as workers:
                results = list(workers.map(self._chunk_scores, chunks))
        failures = {
            start + place: reason
            for start, (_, bad) in zip(starts, results, strict=True)
            for place, reason in bad.items()
        }
        raise_bad_images(failures, images)
        return np.concatenate([scores for scores, _ in results])

    def _chunk_scores(self, images: Any) -> tuple[npt.NDArray[Any], dict[int, str]]:
        how = self.preprocessing
        pixels, failures = load_batch(
            images,
            resize=how.resize,
            crop=how.crop,
            interpolation=how.interpolation,
            channels=how.channels,
        )
        with torch.inference_mode():
            scores = self(torch.from_numpy(pixels).to(self._device))
        count_forwarded(len(images))
        return scores.cpu().numpy(), failures
