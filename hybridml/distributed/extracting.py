"""Features of very many images into a parquet dataset, here or on a Ray cluster."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridml._checks import Problems, check_name, is_count, is_number
from hybridml._progress import image_progress
from hybridml.backbones.cut_layer import CutLayer
from hybridml.backbones.own_network import network_name
from hybridml.backbones.registry import find_registered, get_backbone
from hybridml.backbones.workers import count_workers
from hybridml.distributed.dataset import FeatureDataset
from hybridml.distributed.finishing import find_rows, finish
from hybridml.distributed.folder import Folder
from hybridml.distributed.ledger import Ledger, choose_block_size
from hybridml.distributed.local_engine import run_here
from hybridml.distributed.run import Run
from hybridml.distributed.settings import Settings
from hybridml.exceptions import DataError
from hybridml.features.parameters import check_parameters
from hybridml.images.door import as_images
from hybridml.images.failures import raise_bad_images
from hybridml.images.source import is_url

if TYPE_CHECKING:
    from torch import nn

ENGINES = ("local", "ray")


def extract_features(
    images: Any,
    *,
    output: str | Path,
    backbone: str | nn.Module = "efficientnet_lite0",
    cut_layer: CutLayer = "penultimate",
    pooling: str = "mean",
    weights: str | Path | None = "default",
    image_size: int | None = None,
    in_channels: int = 3,
    precision: str = "auto",
    random_state: int = 0,
    on_bad_image: str = "raise",
    engine: str = "local",
    address: str | None = None,
    n_workers: int | None = None,
    cpus_per_worker: int = 1,
    gpus_per_worker: float = 0,
    verbose: int = 0,
) -> FeatureDataset:
    """Compute the features of images into a folder of parquet files.

    A row belongs to the content of an image: equal images are computed once, and rows
    that the folder holds already are not computed again, whether an earlier call was
    interrupted or had fewer images. At the end it is checked that every image has its
    row. The values are those of `DeepFeatureExtractor` with the same parameters.

    With ``engine="ray"`` the work is done by processes on any number of machines. One
    that dies costs what it was computing, which another one then computes. They read
    the images and write the rows: both have to be where all machines find them, in a
    folder that they share or at a URL.

    Parameters
    ----------
    images : sequence of n_images images
        As `DeepFeatureExtractor.transform` takes them.
    output : str or Path
        Folder of the dataset, or a URL that fsspec can write.
    backbone, cut_layer, pooling, weights, image_size, in_channels, precision
        As `DeepFeatureExtractor` takes them. Rows hold all the declared stages of the
        backbone, whichever is the cut layer, where its poolings can be stored together.
    random_state : int, default=0
        Seed of the random weights of ``weights=None``.
    on_bad_image : {"raise", "nan"}, default="raise"
        What becomes of images that cannot be decoded: an error that names them, when
        all others have rows, or a finished dataset that tells of them and gives NaN.
    engine : {"local", "ray"}, default="local"
        "local" is this process, with a thread a core. "ray" needs
        ``pip install "hybridml[ray]"``, here and on all machines of the cluster.
    address : str or None, default=None
        Of a Ray cluster ("HEAD:6379"; "auto" finds one that runs on this machine).
        None takes the one this process is connected to, or that of RAY_ADDRESS, else
        starts Ray on this machine, which nobody else can reach, until all is done.
    n_workers : int or None, default=None
        Processes on the cluster; None is as many as have room. Of the engine "local",
        threads.
    cpus_per_worker : int, default=1
        Cores that Ray sets aside for a worker, and threads that it uses.
    gpus_per_worker : float, default=0
        GPUs that Ray sets aside for a worker; 0.5 lets two share one. With 0, workers
        compute on the CPU.
    verbose : int, default=0
        Above 0, a progress bar on stderr.

    Returns
    -------
    dataset : FeatureDataset
        Its `features` are in the order of the images; its `copy_to` fills a
        `FeatureStore`, so that a search on one machine goes on from there.

    Raises
    ------
    InvalidParameterError, UnknownBackboneError, UnknownCutLayerError, WeightsError
        If a parameter is wrong, or the folder holds rows of another configuration.
    DataError
        If there are no images, rows are lost, or workers die of the same images.
    ImageDecodeError
        If images cannot be decoded and ``on_bad_image="raise"``.
    MissingPackageError
        If Ray is asked for and not installed.

    Examples
    --------
    >>> import tempfile
    >>> from hybridml import DeepFeatureExtractor, FeatureStore, extract_features
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> X, y = make_photos(4)
    >>> folder, name = tempfile.TemporaryDirectory(), register_tiny_backbone()
    >>> dataset = extract_features(X, output=f"{folder.name}/rows", backbone=name)
    >>> dataset.features().shape
    (4, 16)
    >>> store = FeatureStore(f"{folder.name}/store")
    >>> dataset.copy_to(store)
    4
    >>> features = DeepFeatureExtractor(name, store=store).transform(X)
    >>> store.stats()["images_forwarded"]
    0
    >>> store.close(); folder.cleanup()
    """
    given = dict(locals())
    _check(given)
    found = as_images(images, channels=in_channels)
    if not len(found):
        raise DataError("Found no images: images is empty; expected at least one.")
    settings = _settings(given)
    folder = Folder(settings.output)
    with (
        folder.for_one_writer(),
        image_progress(len(found), network_name(backbone), shown=verbose > 0) as tick,
    ):
        configuration, parts = find_rows(folder)
        known = {digest for digests in parts.values() for digest in digests}
        ledger = Ledger(len(found), known, choose_block_size(len(found)))
        located = [_located(image) for image in found]
        run = Run(settings, located, ledger, folder, configuration, tick)
        if engine == "ray":
            _run_on_ray(run, given)
        else:
            run_here(run)
        failures = ledger.failures()
        if on_bad_image == "raise":
            raise_bad_images(failures, found)
        finish(
            folder,
            images=list(found),
            digests=ledger.digests,
            failures=failures,
            told=run.report(),
        )
    return FeatureDataset(settings.output)


def _run_on_ray(run: Run, given: dict[str, Any]) -> None:
    from hybridml.distributed.ray_engine import Needs, run_on_ray
    from hybridml.distributed.ray_start import connected

    needs = Needs(
        given["n_workers"], given["cpus_per_worker"], given["gpus_per_worker"]
    )
    n_cpus = needs.cpus * (needs.n_workers or 1)
    with connected(given["address"], n_cpus=n_cpus, n_gpus=needs.gpus) as ray:
        run_on_ray(run, ray, needs)


def _check(given: dict[str, Any]) -> None:
    owner = "extract_features"
    check_name("engine", given["engine"], ENGINES, expected="'local' or 'ray'")
    check_parameters({**given, "batch_size": "auto", "n_jobs": None}, owner=owner)
    problems = Problems(owner)

    def check(name: str, holds: bool, expected: str) -> None:
        problems.expect(holds, name, given[name], expected)

    workers, gpus = given["n_workers"], given["gpus_per_worker"]
    check("n_workers", workers is None or is_count(workers), "None or a positive count")
    check("cpus_per_worker", is_count(given["cpus_per_worker"]), "a positive count")
    is_share = is_number(gpus) and (gpus < 1 or gpus == math.floor(gpus))
    check("gpus_per_worker", is_share, "a whole number, or a share below 1")
    address, is_local = given["address"], given["engine"] == "local"
    is_address = isinstance(address, str) and bool(address) and not is_local
    expected = "None, or with engine='ray' the address of a cluster"
    check("address", address is None or is_address, expected)
    check("gpus_per_worker", not (gpus and is_local), "0 with engine='local'")
    problems.raise_all()
    get_backbone(given["backbone"])


def _settings(given: dict[str, Any]) -> Settings:
    is_local = given["engine"] == "local"
    device = "auto" if is_local else "cuda" if given["gpus_per_worker"] else "cpu"
    weights = given["weights"]
    is_file = weights is not None and Path(weights).is_file()
    n_threads = (
        count_workers(given["n_workers"]) if is_local else given["cpus_per_worker"]
    )
    return Settings(
        backbone=given["backbone"],
        cut_layer=given["cut_layer"],
        pooling=given["pooling"],
        weights=_located(str(weights)) if is_file else weights,
        image_size=given["image_size"],
        in_channels=given["in_channels"],
        device=device,
        precision=given["precision"],
        random_state=given["random_state"],
        declared=find_registered(given["backbone"]),
        n_threads=n_threads,
        output=_output(given["output"]),
    )


def _output(output: str | Path) -> str:
    return (
        str(output)
        if is_url(str(output))
        else str(Path(output).expanduser().absolute())
    )


def _located(image: Any) -> Any:
    """Say where a file is, whatever folder a worker runs in."""
    if not isinstance(image, str) or is_url(image):
        return image
    return str(Path(image).absolute())
