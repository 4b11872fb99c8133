from __future__ import annotations

import subprocess
import sys

import pytest

import hybridml.images


def test_every_public_name_is_there() -> None:
    for name in hybridml.images.__all__:
        assert getattr(hybridml.images, name) is not None
        assert name in dir(hybridml.images)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'load_imgs'"):
        hybridml.images.load_imgs  # noqa: B018


def test_reading_and_decoding_import_no_torch() -> None:
    need_torch = ("augment_batch", "draw_numbers", "load_batch", "view_batch")
    code = (
        "import sys\n"
        "import hybridml.images as images\n"
        "for name in images.__all__:\n"
        f"    if name not in {need_torch}:\n"
        "        getattr(images, name)\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
