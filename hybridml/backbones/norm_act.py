"""Taking apart the batch norms that hold their activation, as timm's do."""

from __future__ import annotations

from typing import Any

from torch import fx, nn


def split_norm_act(cut: fx.GraphModule) -> fx.GraphModule:
    """Replace each batch norm with an activation in it by two nodes (evaluation only).

    A plain batch norm can be folded into the convolution before it; one that also
    activates must not be taken for a plain one.

    Parameters
    ----------
    cut : fx.GraphModule
        Changed in place.
    """
    modules = dict(cut.named_modules())
    for node in list(cut.graph.nodes):
        norm: Any = modules.get(node.target) if node.op == "call_module" else None
        if not isinstance(norm, nn.BatchNorm2d) or not hasattr(norm, "act"):
            continue
        if cut.get_submodule(node.target) is norm:
            cut.set_submodule(node.target, _plain(norm))
            cut.set_submodule(f"{node.target}_act", norm.get_submodule("act"))
        with cut.graph.inserting_after(node):
            activation = cut.graph.call_module(f"{node.target}_act")
        node.replace_all_uses_with(activation)
        activation.args = (node,)
    cut.recompile()
    return cut


def activations_of_norms(model: nn.Module) -> list[nn.Module]:
    """Find the activations that batch norms hold, and call on what they computed."""
    norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    return [norm.get_submodule("act") for norm in norms if hasattr(norm, "act")]


def _plain(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    plain = nn.BatchNorm2d(
        norm.num_features,
        eps=norm.eps,
        affine=norm.affine,
        track_running_stats=norm.track_running_stats,
    )
    own = plain.state_dict()
    plain.load_state_dict({k: v for k, v in norm.state_dict().items() if k in own})
    return plain.train(norm.training)
