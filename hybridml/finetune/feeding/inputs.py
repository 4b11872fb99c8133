"""What the learning part of a network is given: pixels, or what a frozen part made."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hybridml.backbones.counting import count_forwarded
from hybridml.backbones.normalising import normalise
from hybridml.backbones.separating import OUTPUT
from hybridml.backbones.spec import Preprocessing
from hybridml.exceptions import CacheWarning
from hybridml.finetune.feeding.kept_maps import KeptMaps, lack_of_room
from hybridml.finetune.feeding.pixels import Pixels
from hybridml.finetune.training.seeding import generator_for
from hybridml.images.augment import augment_batch, draw_numbers
from hybridml.images.policies import Augmentation

Positions = npt.NDArray[np.intp]

PLAIN = -1  # the view of every image that nothing varies
_ABSENT = -1


class Inputs:
    """Batches for the learning part of a network, by position and view.

    View k of an image is its k-th random variation, always the same one; where nothing
    is to be varied, each is the plain one.

    Parameters
    ----------
    pixels : Pixels
    preprocessing : Preprocessing
    device : torch.device
    augmentation : name, AugmentationPolicy or transform
    seed : int
        Of the views.
    frozen : nn.Module or None
        Part of the network that the images go through first, ready to run.
    n_rows : int
        How many images the frozen part sees at once, the last ones padded: a row does
        not depend on its company.
    workers : ThreadPoolExecutor
        Threads that run the frozen part, each with one OpenMP thread.
    """

    def __init__(
        self,
        pixels: Pixels,
        preprocessing: Preprocessing,
        device: torch.device,
        *,
        augmentation: Augmentation,
        seed: int,
        frozen: nn.Module | None,
        n_rows: int,
        workers: ThreadPoolExecutor,
    ) -> None:
        self._pixels = pixels
        self._preprocessing = preprocessing
        self._device = device
        self._augmentation = augmentation
        self._seed = seed
        self._frozen = frozen
        self._n_rows = n_rows
        self._workers = workers
        self._drawn = (PLAIN, torch.empty(0))
        self._kept: KeptMaps | None = None
        self._n_views: int | None = None
        self._places: dict[int, Positions] = {}
        self._n_kept = 0

    def keep(self, n_train: int, n_held_out: int, n_views: int, folder: Path) -> None:
        """Compute the frozen part's output but once from now on, and keep it on disk.

        Where the disk has no room, or the folder cannot be used, a `CacheWarning` says
        so and nothing is kept.

        Parameters
        ----------
        n_train, n_held_out : int
            Number of images that are learned from, and of those that are not.
        n_views : int
            Of each image that is learned from. The next view is the first one again.
        folder : Path
            On which disk; made if absent.
        """
        if self._frozen is None:
            return
        n_plain = 0 if self._augmentation == "none" else n_held_out
        n_views = 1 if self._augmentation == "none" else n_views
        self._n_views = n_views  # even if there is no room, for the same result
        n_rows = n_views * (n_train + n_held_out) + n_plain
        row = self._run_frozen(self._pixels.chosen[:1], PLAIN)[0]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lack = lack_of_room(folder, n_rows, row)
            if lack is None:
                self._kept = KeptMaps(folder, n_rows, row)
        except OSError as exc:
            lack = str(exc)
        if lack:
            message = (
                "The frozen layers are run again in every epoch: their output cannot "
                f"be kept in {str(folder)!r} ({lack}). Pass store='another/folder'."
            )
            warnings.warn(message, CacheWarning, stacklevel=7)  # at the call of fit

    def take(self, positions: Positions, view: int) -> Tensor:
        """Return the inputs of some images, (n, ...), on the device.

        Parameters
        ----------
        positions : ndarray of int
        view : int
            Number of the view, or `PLAIN`.
        """
        if self._augmentation == "none":
            view = PLAIN
        if self._frozen is None:
            count_forwarded(len(positions))
            images = self._vary(self._pixels.take(positions), positions, view)
            return images.contiguous(memory_format=torch.channels_last)
        if view != PLAIN and self._n_views is not None:
            view %= self._n_views
        if self._kept is None:
            return self._frozen_output(positions, view).to(self._device)
        return self._kept_output(self._kept, positions, view).to(self._device)

    def _kept_output(self, kept: KeptMaps, positions: Positions, view: int) -> Tensor:
        if view not in self._places:
            self._places[view] = np.full(len(self._pixels), _ABSENT)
        places = self._places[view]
        absent = positions[places[positions] == _ABSENT]
        if len(absent):
            rows = np.arange(self._n_kept, self._n_kept + len(absent))
            kept.write(rows, self._frozen_output(absent, view))
            places[absent] = rows
            self._n_kept += len(absent)
        return kept.read(places[positions])

    def _frozen_output(self, positions: Positions, view: int) -> Tensor:
        count_forwarded(len(positions))
        return self._run_frozen(positions, view)

    def _run_frozen(self, positions: Positions, view: int) -> Tensor:
        """Run the frozen part, in chunks of always the same size."""
        frozen = self._frozen or nn.Identity()
        pixels = self._pixels.take(positions)
        self._draw(view)

        def run(start: int) -> Tensor:
            part = slice(start, start + self._n_rows)
            images = self._vary(pixels[part], positions[part], view)
            padding = images.new_zeros(self._n_rows - len(images), *images.shape[1:])
            padded = torch.cat([images, padding])
            padded = padded.contiguous(memory_format=torch.channels_last)
            with torch.inference_mode():
                output: Tensor = frozen(padded)[OUTPUT][: len(images)]
            return output.cpu()

        starts = range(0, len(positions), self._n_rows)
        return torch.cat(list(self._workers.map(run, starts)))

    def _vary(self, pixels: Tensor, positions: Positions, view: int) -> Tensor:
        images = augment_batch(
            pixels.to(self._device),
            policy="none" if view == PLAIN else self._augmentation,
            crop=self._preprocessing.crop,
            drawn=None if view == PLAIN else self._draw(view)[positions],
        )
        return normalise(images, self._preprocessing)

    def _draw(self, view: int) -> Tensor:
        """Random numbers of a view, a row for each image."""
        if view != PLAIN and self._drawn[0] != view:
            generator = generator_for(self._seed, "view", view)
            n_images, policy = len(self._pixels), self._augmentation
            self._drawn = view, draw_numbers(n_images, policy, generator)
        return self._drawn[1]
