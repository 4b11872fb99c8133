"""What was measured of how similar images are to those a network was trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from scipy.stats import norm

_MOST_SHIFT = 0.5
_MOST_ENTROPY = 0.5


@dataclass(frozen=True)
class Similarity:
    """How similar images are to those that a network was trained on.

    `measure_similarity` makes it. Evidence that there is none of is NaN.

    Attributes
    ----------
    backbone : str
    n_images : int
        How many images were looked at.
    image_size : int
        Side of the network's input in pixels.
    batch_norm_distance : float
        By how many standard deviations the activations of a typical channel are moved
        from those of the training images; 0 is no difference. NaN without batch norms.
    batch_norms : DataFrame
        The same for every batch norm, from the input to the output: layer, n_channels,
        shift.
    output_entropy : float
        Of the network's own outputs; 0 where it is sure, 1 where it has no idea.
    top_probability : float
        Mean probability of the output that it holds most likely.
    early_layer, late_layer : str
        The layers whose neighbours were asked; empty without targets.
    early_knn, late_knn : float
        Score of the five nearest neighbours in each: accuracy, macro F1 or R2.

    Notes
    -----
    The images are called similar where `batch_norm_distance` is at most 0.5: half a
    standard deviation is what Cohen calls a medium effect. Photos of ImageNet itself
    are at 0.05 to 0.2, at the network's own image size. Outputs are weaker evidence,
    since networks may be sure of images unlike any they have seen; they decide only
    where there are no batch norms, and the line is again at 0.5.

    References
    ----------
    Cohen, "Statistical Power Analysis for the Behavioral Sciences", 2nd edition, 1988,
    section 2.2. Li, Wang, Shi, Liu & Hou, "Revisiting Batch Normalization For Practical
    Domain Adaptation", 2017, section 3: batch norms tell domains apart.
    Hendrycks & Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution
    Examples in Neural Networks", 2017: the outputs.
    """

    backbone: str
    n_images: int
    image_size: int
    batch_norm_distance: float
    batch_norms: pd.DataFrame
    output_entropy: float = math.nan
    top_probability: float = math.nan
    early_layer: str = ""
    late_layer: str = ""
    early_knn: float = math.nan
    late_knn: float = math.nan

    @property
    def decided_by(self) -> str:
        """What decides: "batch_norms", else "outputs", or "" where neither is known."""
        if not math.isnan(self.batch_norm_distance):
            return "batch_norms"
        return "" if math.isnan(self.output_entropy) else "outputs"

    @property
    def score(self) -> float:
        """Similarity from 0 to 1.

        By batch norms, the share that two normal distributions so far apart have in
        common; 0.80 is the line. By outputs, 1 less the entropy; 0.5 is the line.
        """
        if self.decided_by == "batch_norms":
            return float(2 * norm.cdf(-self.batch_norm_distance / 2))
        return 1 - self.output_entropy

    @property
    def is_similar(self) -> bool | None:
        """Whether they are similar; None where nothing could be measured."""
        if self.decided_by == "batch_norms":
            return self.batch_norm_distance <= _MOST_SHIFT
        return self.output_entropy <= _MOST_ENTROPY if self.decided_by else None

    @property
    def early_late_knn(self) -> float:
        """How much better late features serve than early ones; NaN without targets."""
        return self.late_knn - self.early_knn

    @property
    def verdict(self) -> str:
        """Say in words what was found, and by what."""
        return " ".join(part for part in (self._of_images(), self._of_layers()) if part)

    def _of_images(self) -> str:
        trained_on = f"what {self.backbone} was trained on"
        if not self.decided_by:
            return (
                f"How similar the images are to {trained_on} cannot be said: it has "
                "neither batch norms nor outputs."
            )
        said = f"The images are {'similar to' if self.is_similar else 'unlike'}"
        if self.decided_by == "outputs":
            return (
                f"{said} {trained_on}, as far as its outputs tell (entropy "
                f"{self.output_entropy:.2f}, similar up to {_MOST_ENTROPY}): weak "
                "evidence, but there are no batch norms."
            )
        return (
            f"{said} {trained_on}: they move the activations of a typical channel by "
            f"{self.batch_norm_distance:.2f} standard deviations (similar up to "
            f"{_MOST_SHIFT})."
        )

    def _of_layers(self) -> str:
        gain = self.early_late_knn
        if math.isnan(gain):
            return ""
        which = "better than" if gain > 0 else "no better than"
        return (
            f"Its late features serve {which} early ones (neighbours at "
            f"{self.late_layer!r} score {self.late_knn:.2f}, at {self.early_layer!r} "
            f"{self.early_knn:.2f})."
        )
