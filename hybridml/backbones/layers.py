"""What can be cut from a network, how large its features are and what they cost."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor, nn

from hybridml._checks import describe, is_count
from hybridml.backbones.measuring import Measured, measure
from hybridml.backbones.pooling import as_maps, layout_of_rank, pool
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Backbone, Stage
from hybridml.backbones.tracing import node_names
from hybridml.exceptions import InvalidParameterError


def list_cut_layers(
    backbone: str | nn.Module, *, image_size: int | None = None, all_nodes: bool = False
) -> pd.DataFrame:
    """List where a backbone can be cut, without its weights and without computing.

    Parameters
    ----------
    backbone : str or nn.Module
        A registered name, "timm:" and a name of timm's, or a network of your own.
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
        cuts: list[tuple[str, Stage | None]] = [(s.node, s) for s in declared.stages]
        if all_nodes:
            cuts = _every_node(declared, network)
        found = measure(
            network,
            list(dict(cuts)),
            channels=declared.preprocessing.channels,
            image_size=size,
        )
    order = {node: place for place, node in enumerate(found)}
    rows = [
        _row(stage or _undeclared(node, found[node].output), found[node])
        for node, stage in sorted(
            (cut for cut in cuts if cut[0] in found), key=lambda cut: order[cut[0]]
        )
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(["height", "width"], "Int64"))


def _every_node(
    backbone: Backbone, network: nn.Module
) -> list[tuple[str, Stage | None]]:
    """Name every node of the graph, with the stage that it is the output of, if any."""
    nodes = node_names(network)
    cuts: dict[str, Stage | None] = dict.fromkeys(nodes)
    for stage in backbone.stages:
        inside = [node for node in nodes if f"{node}.".startswith(f"{stage.node}.")]
        node = stage.node if stage.node in nodes or not inside else inside[-1]
        cuts[node] = replace(stage, node=node)
    # A node with a stage's name that is not its output cannot be asked for by name.
    taken = set(backbone.stage_names)
    return [(node, stage) for node, stage in cuts.items() if stage or node not in taken]


def _undeclared(node: str, output: Tensor) -> Stage:
    return Stage(node, node, layout_of_rank(output.ndim))


def _row(stage: Stage, measured: Measured) -> dict[str, object]:
    output = measured.output
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
        "gmacs": measured.gmacs,
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
