"""What can be cut from a network, how large its features are and what they cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import torch
from torch import Tensor, fx, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.feature_extraction import (
    create_feature_extractor,
    get_graph_node_names,
)

from hybridml._checks import describe, is_count
from hybridml.backbones.pooling import as_maps, layout_of_rank, pool
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Backbone, Stage
from hybridml.exceptions import InvalidParameterError

_N_IMAGES = 2  # tells a tensor with one row per image from one without


def list_cut_layers(
    backbone: str, *, image_size: int | None = None, all_nodes: bool = False
) -> pd.DataFrame:
    """List where a backbone can be cut, without its weights and without computing.

    Parameters
    ----------
    backbone : str
        A registered name.
    image_size : int or None, default=None
        Side of the square input in pixels; None for that of the default weights.
    all_nodes : bool, default=False
        List every node of the traced graph that gives one row per image, not only the
        declared stages.

    Returns
    -------
    layers : DataFrame
        One row per cut layer, from the input to the output, with the columns

        - name: what `cut_layer` of an extractor takes;
        - node: the module or operation whose output is taken;
        - channels, height, width: of its output; height and width are missing for
          what has no rows and columns (vectors and tokens);
        - n_features: length of the features with mean pooling;
        - gmacs: multiply-adds in 10^9 from the input to the cut, for one image, in
          convolutions and matrix products (attention included).

    Raises
    ------
    UnknownBackboneError
        If no backbone has this name.
    InvalidParameterError
        If the image size does not pass through the network.

    Examples
    --------
    >>> from hybridml.backbones import list_cut_layers
    >>> layers = list_cut_layers("lenet5")
    >>> print(layers.drop(columns=["node", "gmacs"]).to_string(index=False))
           name  channels  height  width  n_features
          conv1         6      28     28           6
          conv2        16      10     10          16
            fc1       120    <NA>   <NA>         120
    penultimate        84    <NA>   <NA>          84
         logits      1000    <NA>   <NA>        1000
    """
    declared = get_backbone(backbone)
    size = _checked_size(declared, image_size)
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        network = declared.build(declared.n_classes).eval()
        cuts: dict[str, Stage | None] = {stage.node: stage for stage in declared.stages}
        if all_nodes:
            cuts = _every_node(declared, network)
        outputs, meter = _measure(network, list(cuts), size)
    rows = [
        _row(cuts[name] or _undeclared(name, meter.values[node]), node, meter)
        for name, node in outputs.items()
        if meter.is_feature(node)
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(["height", "width"], "Int64"))


class _Meter(fx.Interpreter):
    """Runs a graph node by node and notes each one's output and its own cost."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.values: dict[fx.Node, Any] = {}
        self._counter = FlopCounterMode(display=False)
        self._flops: dict[fx.Node, int] = {}
        self._needed: dict[fx.Node, set[fx.Node]] = {}

    def measure(self, images: Tensor) -> None:
        with torch.no_grad(), self._counter:
            self.run(images)

    def run_node(self, n: fx.Node) -> Any:
        before = self._counter.get_total_flops()
        self.values[n] = super().run_node(n)
        self._flops[n] = self._counter.get_total_flops() - before
        self._needed[n] = {n}.union(*(self._needed[i] for i in n.all_input_nodes))
        return self.values[n]

    def macs_to(self, node: fx.Node) -> float:
        """Multiply-adds of one image in this node and all that it needs."""
        return sum(self._flops[needed] for needed in self._needed[node]) / 2 / _N_IMAGES

    def is_feature(self, node: fx.Node) -> bool:
        """Whether a node gives a tensor with one row per image, computed from it."""
        value = self.values[node]
        is_tensor = isinstance(value, Tensor) and value.ndim > 1
        return (
            is_tensor
            and value.shape[0] == _N_IMAGES
            and any(needed.op == "placeholder" for needed in self._needed[node])
        )


def _measure(
    network: nn.Module, nodes: list[str], size: int
) -> tuple[dict[str, fx.Node], _Meter]:
    """Run as much of a network as some nodes need; find them in its cut graph."""
    return_nodes = dict(zip(nodes, nodes, strict=True))
    cut = create_feature_extractor(
        network, return_nodes, suppress_diff_warning=True
    ).eval()
    meter = _Meter(cut)
    meter.measure(torch.empty(_N_IMAGES, 3, size, size))
    (result,) = (node for node in cut.graph.nodes if node.op == "output")
    found: Any = result.args[0]
    return {name: found[name] for name in nodes}, meter


def _every_node(backbone: Backbone, network: nn.Module) -> dict[str, Stage | None]:
    """Name every node of the graph, with the stage that it is the output of, if any."""
    nodes = get_graph_node_names(network, suppress_diff_warning=True)[1][1:]
    cuts: dict[str, Stage | None] = dict.fromkeys(nodes)
    for stage in backbone.stages:
        inside = [node for node in nodes if f"{node}.".startswith(f"{stage.node}.")]
        cuts[inside[-1]] = replace(stage, node=inside[-1])
    # A node with a stage's name that is not its output cannot be asked for by name.
    taken = set(backbone.stage_names)
    return {node: stage for node, stage in cuts.items() if stage or node not in taken}


def _undeclared(node: str, output: Tensor) -> Stage:
    return Stage(node, node, layout_of_rank(output.ndim))


def _row(stage: Stage, node: fx.Node, meter: _Meter) -> dict[str, object]:
    output = meter.values[node]
    has_grid = stage.layout in ("maps", "maps_last")
    height, width = as_maps(output, stage).shape[2:] if has_grid else (pd.NA, pd.NA)
    n_features = pool(output, stage, "mean").shape[1]
    return {
        "name": stage.name,
        "node": stage.node,
        "channels": n_features,
        "height": height,
        "width": width,
        "n_features": n_features,
        "gmacs": meter.macs_to(node) / 1e9,
    }


def _checked_size(backbone: Backbone, image_size: int | None) -> int:
    own = backbone.preprocessing.crop
    if image_size is None or image_size == own:
        return own
    if backbone.fixed_image_size:
        expected = f"None or {own}: {backbone.name!r} takes no other size"
    else:
        least = backbone.min_image_size
        expected = f"None or a whole number of at least {least} for {backbone.name!r}"
        if is_count(image_size, minimum=least):
            return image_size
    raise InvalidParameterError(describe("image_size", image_size, expected))
