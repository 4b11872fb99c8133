"""The public names: all there, sorted, lazily loaded, and each one documented."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest

import hybridml
import hybridml.backbones

HEAVY = {"torch", "torchvision", "mlflow", "xgboost", "sklearn", "pandas", "matplotlib"}


def test_all_is_sorted_and_has_no_doubles() -> None:
    assert hybridml.__all__ == sorted(set(hybridml.__all__))


def test_all_and_the_table_of_homes_agree() -> None:
    assert set(hybridml.__all__) == set(hybridml._HOME)


def test_typed_imports_and_the_table_of_homes_agree() -> None:
    source = inspect.getsource(hybridml)
    typed = source.split("if TYPE_CHECKING:")[1].split("__all__")[0]
    homes: dict[str, str] = {}
    for module, block, line in re.findall(
        r"from (\S+) import (?:\(([^)]*)\)|(.*))", typed
    ):
        homes |= dict.fromkeys(re.findall(r"\w+", block or line), module)
    assert homes == hybridml._HOME


def test_dir_lists_every_public_name_and_the_version() -> None:
    assert {*hybridml.__all__, "__version__"} <= set(dir(hybridml))


@pytest.mark.parametrize("name", hybridml.__all__)
def test_public_name_is_the_object_of_its_home(name: str) -> None:
    thing = getattr(hybridml, name)
    assert thing.__name__ == name
    home = hybridml._HOME[name]
    assert f"{thing.__module__}.".startswith(f"{home}.")
    assert name in sys.modules[home].__all__


@pytest.mark.parametrize("name", hybridml.backbones.__all__)
def test_every_name_of_the_backbones_is_there(name: str) -> None:
    assert getattr(hybridml.backbones, name).__name__ == name


def test_version_is_that_of_the_installed_package() -> None:
    assert hybridml.__version__ == metadata.version("hybridml")


@pytest.mark.parametrize("module", [hybridml, hybridml.backbones])
def test_unknown_name_is_an_attribute_error(module: Any) -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'FeatureStorm'"):
        _ = module.FeatureStorm


@pytest.mark.parametrize(
    ("statement", "stays_out"),
    [
        ("import hybridml; hybridml.__version__; dir(hybridml)", HEAVY),
        ("import hybridml.backbones", HEAVY),
        ("from hybridml import Backbone, Stage, register_backbone", HEAVY),
        ("from hybridml import make_head, list_heads", {"torch", "mlflow"}),
        ("from hybridml import load_image_folder", {"torch", "mlflow", "xgboost"}),
        ("from hybridml import NullTracker", {"torch", "mlflow", "xgboost"}),
        ("from hybridml import DeepFeatureExtractor", {"mlflow", "xgboost"}),
    ],
)
def test_import_stays_light(statement: str, stays_out: set[str]) -> None:
    assert _loaded_after(statement) & stays_out == set()


def test_watch_on_imports_sees_what_is_loaded() -> None:
    assert {"torch", "numpy"} <= _loaded_after("import torch")


@pytest.mark.parametrize("name", hybridml.__all__)
def test_docstring_opens_with_one_sentence(name: str) -> None:
    first, *rest = inspect.cleandoc(getattr(hybridml, name).__doc__ or "").split("\n")
    assert re.fullmatch(r"[A-Z0-9].*\.", first), f"{name} opens with {first!r}"
    assert rest == [] or rest[0] == ""


@pytest.mark.parametrize("name", hybridml.__all__)
def test_docstring_describes_every_parameter(name: str) -> None:
    thing = getattr(hybridml, name)
    assert _parameters(thing) - _described(thing, "Parameters", "Attributes") == set()


@pytest.mark.parametrize("name", hybridml.__all__)
def test_docstring_describes_no_parameter_that_is_gone(name: str) -> None:
    thing = getattr(hybridml, name)
    assert _described(thing, "Parameters") - _parameters(thing) == set()


@pytest.mark.parametrize("name", hybridml.__all__)
def test_function_says_what_it_returns(name: str) -> None:
    thing = getattr(hybridml, name)
    gives = inspect.signature(thing).return_annotation
    if inspect.isclass(thing) or gives in (None, "None"):
        assert "Returns" not in _sections(thing)
    elif _parameters(thing):
        assert "Returns" in _sections(thing)


def test_undescribed_parameter_is_seen() -> None:
    def half_documented(first: int, second: int, **options: int) -> None:
        """Do nothing.

        Parameters
        ----------
        first, third : int
            Both are not used.
        """

    assert _parameters(half_documented) == {"first", "second", "options"}
    assert _described(half_documented, "Parameters") == {"first", "third"}


def _loaded_after(statement: str) -> set[str]:
    """Top-level modules loaded in a fresh interpreter that ran `statement`."""
    report = (
        "import json, sys; print(json.dumps([m.split('.')[0] for m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{report}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def _parameters(thing: Callable[..., Any]) -> set[str]:
    names = inspect.signature(thing).parameters
    return {name for name in names if not name.startswith("_")}


def _described(thing: object, *sections: str) -> set[str]:
    """Names in the given sections of a numpydoc docstring."""
    names: set[str] = set()
    for section in sections:
        for line in _sections(thing).get(section, "").split("\n"):
            if re.match(r"[*\w]", line):
                names |= set(re.findall(r"\w+", line.split(" : ")[0]))
    return names


def _sections(thing: object) -> dict[str, str]:
    """Sections of a numpydoc docstring, by heading."""
    parts = re.split(r"\n([A-Z][\w ]+)\n-{3,}\n", inspect.cleandoc(thing.__doc__ or ""))
    return dict(zip(parts[1::2], parts[2::2], strict=True))
