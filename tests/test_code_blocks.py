"""Every code block of the README and every example runs as printed.

They run in a folder that holds what a reader is told to have: `photos/` (three classes
of twelve), `photos_split/` (the same as train and val), `new_photos/` (six without
classes), `more_photos/` (six with classes), `photos.csv` (columns image and label) and
`products.csv` (photo, name, price and label). The network is off.

A block that cannot run here is marked on the line above it, with the reason:
``<!-- not run: opens a browser -->``. Whatever else is in a console or bash block has
to be a hybridml command; in a console block it follows ``$``, above its output.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
EXAMPLES = sorted((ROOT / "examples").glob("**/*.py"))
CLASSES = ("bricks", "dots", "stripes")
TOOLS = Path(sys.executable).parent

COMMANDS = ("bash", "console")
SHOWN = ("csv", "json", "text", "toml", "yaml")  # read, not run

NO_NETWORK = """
import sys

def refuse(event, args):
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
        raise OSError(f"the network is off in this test: {host}")

sys.addaudithook(refuse)
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_python_blocks_of_the_readme_run_in_order(workplace: Path) -> None:
    text = README.read_text(encoding="utf-8")
    script = workplace / "readme_blocks.py"
    script.write_text(_python_script(text), encoding="utf-8")
    _run([sys.executable, script.name], workplace)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_commands_of_the_readme_run_in_order(workplace: Path) -> None:
    assert (TOOLS / "hybridml").exists(), "The command is missing. Run: make install"
    for command in _commands(README.read_text(encoding="utf-8")):
        _run(["bash", "-euo", "pipefail", "-c", command], workplace)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_runs(example: Path, workplace: Path) -> None:
    _run([sys.executable, str(example)], workplace)


def test_readme_shows_python_and_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert _python_script(text).strip()
    assert list(_commands(text))


def test_there_are_examples() -> None:
    assert EXAMPLES


SAMPLE = """
```python
first = 1
```
<!-- not run: opens a browser -->
```console
$ hybridml ui
```
A list item with a block:

   ```console
   $ hybridml compare photos \\
         --cases 0,1
   a table is printed
   ```
```bash
# a remark
hybridml backbones | head -n 1
```

```python
second = first / 0
```
```text
hybridml is not run here
```
"""


def test_commands_are_taken_with_their_continuation_and_without_marked_ones() -> None:
    assert list(_commands(SAMPLE)) == [
        "hybridml compare photos \\\n      --cases 0,1",
        "hybridml backbones | head -n 1",
    ]


def test_python_blocks_keep_their_line_numbers() -> None:
    lines = _python_script(SAMPLE).split("\n")
    assert lines[2] == "first = 1"
    assert lines[SAMPLE.split("\n").index("second = first / 0")] == "second = first / 0"
    assert len([line for line in lines if line]) == 2


def test_foreign_command_has_to_be_marked() -> None:
    with pytest.raises(ValueError, match=r"line 2: 'git clone x'.*not run: reason"):
        list(_commands("```console\n$ git clone x\n```\n"))


def test_mark_without_a_reason_does_not_count() -> None:
    marked = "<!-- not run: -->\n```bash\nhybridml ui\n```\n"
    assert list(_commands(marked)) == ["hybridml ui"]


def test_block_that_is_never_closed_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1 is never closed"):
        list(_commands("```bash\nhybridml ui\n"))


@pytest.mark.parametrize("language", ["", "pycon", "py"])
def test_block_that_would_slip_through_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match="line 1 is of no language known here"):
        list(_commands(f"```{language}\n>>> 1\n```\n"))


def test_failing_block_fails_with_its_output(workplace: Path) -> None:
    script = workplace / "failing.py"
    script.write_text(_python_script(SAMPLE), encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match="ZeroDivisionError"):
        _run([sys.executable, script.name], workplace)


def test_network_is_off_in_blocks(workplace: Path) -> None:
    fetch = "import urllib.request; urllib.request.urlopen('http://example.org')"
    with pytest.raises(pytest.fail.Exception, match="the network is off in this test"):
        _run([sys.executable, "-c", fetch], workplace)


def test_workplace_holds_what_the_reader_is_told_to_have(workplace: Path) -> None:
    assert [p.name for p in sorted((workplace / "photos").iterdir())] == list(CLASSES)
    assert len(list(workplace.glob("photos/*/*.jpg"))) == 18
    assert len(list(workplace.glob("photos_split/train/*/*.jpg"))) == 12
    assert len(list(workplace.glob("photos_split/val/*/*.jpg"))) == 6
    assert len(list(workplace.glob("new_photos/*.jpg"))) == 6
    rows = (workplace / "photos.csv").read_text(encoding="utf-8").split()
    assert rows[:2] == ["image,label", "photos/bricks/00.jpg,bricks"]
    assert len(rows) == 19


class Block(NamedTuple):
    """One fenced block: its language, its first line's number and its lines."""

    language: str
    start: int
    lines: list[str]


def _blocks(text: str) -> Iterator[Block]:
    """Fenced blocks that are not marked as not run."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        fence = re.match(r"( *)```(.*)$", lines[at])
        if fence is None:
            at += 1
            continue
        indent, language = len(fence[1]), fence[2].strip()
        if language not in ("python", *COMMANDS, *SHOWN):
            raise ValueError(
                f"The block on line {at + 1} is of no language known here."
            )
        ends = [i for i in range(at + 1, len(lines)) if lines[i].strip() == "```"]
        if not ends:
            raise ValueError(f"The block on line {at + 1} is never closed.")
        if not _is_marked(lines[:at]):
            content = [line[indent:] for line in lines[at + 1 : ends[0]]]
            yield Block(language, at + 1, content)
        at = ends[0] + 1


def _is_marked(lines_above: list[str]) -> bool:
    nearest = next((line for line in reversed(lines_above) if line.strip()), "")
    return re.search(r"<!-- not run: \S.* -->", nearest) is not None


def _python_script(text: str) -> str:
    """All Python blocks as one script whose line numbers are those of the text."""
    script = [""] * text.count("\n")
    for block in _blocks(text):
        if block.language == "python":
            script[block.start : block.start + len(block.lines)] = block.lines
    return "\n".join(script) + "\n"


def _commands(text: str) -> Iterator[str]:
    """Commands of the console and bash blocks, each with its continuation lines."""
    for block in _blocks(text):
        if block.language not in COMMANDS:
            continue
        shown = enumerate(block.lines, start=block.start + 1)
        for number, line in shown:
            command = _typed(line, has_output=block.language == "console")
            if not command:
                continue
            while command.endswith("\\"):
                command += "\n" + next(shown)[1].removeprefix("> ")
            if not command.startswith("hybridml "):
                raise ValueError(
                    f"README line {number}: {command!r} is not a hybridml command. "
                    "Mark its block with <!-- not run: reason -->."
                )
            yield command


def _typed(line: str, *, has_output: bool) -> str:
    """What the reader types on this line, if anything."""
    if line.startswith("$ "):
        return line.removeprefix("$ ").strip()
    return "" if has_output or line.startswith("#") else line.strip()


def _run(command: list[str], folder: Path) -> None:
    """Run a command in a folder, with the installed hybridml first on the path."""
    changed = {
        "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
        "PYTHONPATH": str(folder / "no_network"),
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "home" / "cache"),
        "MPLBACKEND": "agg",
        "COLUMNS": "120",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **changed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shown = " ".join(command)
        pytest.fail(f"{shown}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder as the README presumes it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "no_network").mkdir()
    (tmp_path / "no_network" / "sitecustomize.py").write_text(NO_NETWORK)
    random = np.random.default_rng(0)
    manifest = ["image,label"]
    for name in CLASSES:
        for number in range(6):
            photo = _photo(name, random)
            part = "train" if number < 4 else "val"
            targets = [f"photos/{name}", f"photos_split/{part}/{name}"]
            for target in targets:
                _save(photo, tmp_path / target / f"{number:02d}.jpg")
            manifest.append(f"photos/{name}/{number:02d}.jpg,{name}")
        for number in range(2):
            _save(_photo(name, random), tmp_path / "new_photos" / f"{name}{number}.jpg")
            _save(
                _photo(name, random), tmp_path / "more_photos" / name / f"{number}.jpg"
            )
    (tmp_path / "photos.csv").write_text("\n".join(manifest) + "\n", encoding="utf-8")
    products = [
        f"{path},item {number % 5},{number},{label}"
        for number, (path, label) in enumerate(row.split(",") for row in manifest[1:])
    ]
    table = "\n".join(["photo,name,price,label", *products])
    (tmp_path / "products.csv").write_text(f"{table}\n", encoding="utf-8")
    return tmp_path


def _save(photo: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    photo.save(path, quality=90)


def _photo(kind: str, random: np.random.Generator) -> Image.Image:
    """A small picture of one texture, in random colours, scale and position."""
    height, width = random.integers(90, 140, size=2)
    rows, columns = np.mgrid[:height, :width] + random.integers(0, 40)
    step = random.integers(12, 22)
    if kind == "stripes":
        inked = (rows + columns) % step < step // 2
    elif kind == "dots":
        inked = (rows % step - step / 2) ** 2 + (columns % step - step / 2) ** 2 < (
            step / 3
        ) ** 2
    else:
        shifted = columns + (rows // step % 2) * step
        inked = (rows % step < 3) | (shifted % (2 * step) < 3)
    paper, ink = random.integers(150, 250, size=3), random.integers(0, 100, size=3)
    colours = np.where(inked[..., None], ink, paper) + random.normal(0, 8, (1, 1, 3))
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
