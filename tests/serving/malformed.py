"""Requests that no server should answer with anything but a 4xx, by the thousand."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from PIL import Image

Request = tuple[bytes, str]  # body and content type

JSON = "application/json"
LOCATIONS = (
    "/etc/passwd",
    "file:///etc/passwd",
    "../../../../etc/hostname",
    "C:\\Windows\\win.ini",
    "http://127.0.0.1:9/cat.jpg",
    "s3://bucket/cat.jpg",
    "data:image/png;base64,iVBORw0KGgo=",
)


def make_malformed(n_requests: int, photo: bytes, seed: int = 0) -> Iterator[Request]:
    """Make requests to a model of one column "image", all of them wrong.

    Parameters
    ----------
    n_requests : int
    photo : bytes
        A JPEG file, to be damaged.
    seed : int, default=0
    """
    random = Random(seed)
    kinds = list(_KINDS)
    for i in range(n_requests):
        yield kinds[i % len(kinds)](random, photo)


def text_of(content: bytes) -> str:
    """Encode bytes as base64 text."""
    return base64.b64encode(content).decode()


def wrap(value: Any, random: Random) -> Request:
    """Put the value of one cell into one of the forms that a request may have."""
    forms: tuple[Any, ...] = (
        {"dataframe_split": {"columns": ["image"], "data": [[value]]}},
        {"dataframe_records": [{"image": value}]},
        {"instances": [{"image": value}]},
        {"inputs": {"image": [value]}},
    )
    return json.dumps(random.choice(forms)).encode(), JSON


def make_bomb(side: int = 30_000) -> bytes:
    """Make a PNG of a few hundred KB or less that says it has `side` squared pixels."""
    row = zlib.compress(b"\0" * (side // 8 + 1) * 100, 9)
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", row), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _truncated(random: Random, photo: bytes) -> Request:
    return wrap(text_of(photo[: random.randrange(1, len(photo) * 9 // 10)]), random)


def _noise(random: Random, photo: bytes) -> Request:
    return wrap(text_of(random.randbytes(random.randrange(1, 4000))), random)


def _bomb(random: Random, photo: bytes) -> Request:
    return wrap(text_of(make_bomb(random.choice((10_000, 30_000, 60_000)))), random)


def _wrong_type(random: Random, photo: bytes) -> Request:
    values: tuple[Any, ...] = (
        0, 1.5, True, [], {}, [1, 2, 3], {"path": "a.jpg"}, [[0] * 9] * 9, None, "",
    )  # fmt: skip
    return wrap(random.choice(values), random)


def _location(random: Random, photo: bytes) -> Request:
    return wrap(random.choice(LOCATIONS), random)


def _not_base64(random: Random, photo: bytes) -> Request:
    letters = "abc*&%$ äß\u2603\0"
    return wrap("".join(random.choices(letters, k=random.randrange(1, 99))), random)


def _damaged_json(random: Random, photo: bytes) -> Request:
    body, kind = wrap(text_of(photo), random)
    cut = random.randrange(len(body) - 1)
    return (body[:cut] if random.random() < 0.5 else body[cut + 1 :]), kind


def _odd_json(random: Random, photo: bytes) -> Request:
    texts = (
        "", "null", "[]", "{}", "1", '"x"', "NaN", "[" * 5000, '{"a":' * 5000,
        "1" * 5000, '{"inputs": 1}', '{"instances": null}', '{"instances": [null]}',
        '{"dataframe_split": []}', '{"dataframe_split": {"columns": ["image"]}}',
        '{"dataframe_split": {"columns": "image", "data": 3}}',
        '{"dataframe_split": {"columns": ["image"], "data": [[1, 2], [3]]}}',
        '{"dataframe_records": [1, {"image": 2}]}', '{"dataframe_records": {}}',
        '{"dataframe_records": [], "inputs": []}', '{"columns": [], "data": []}',
        '{"dataframe_records": [{"picture": "x"}]}', '{"dataframe_records": [{}]}',
    )  # fmt: skip
    return random.choice(texts).encode(), JSON


def _no_text(random: Random, photo: bytes) -> Request:
    return random.randbytes(random.randrange(1, 999)), JSON


def _odd_kind(random: Random, photo: bytes) -> Request:
    kinds = ("text/html", "application/xml", "multipart/form-data", "x", "a/b; c=d")
    return wrap(text_of(photo), random)[0], random.choice(kinds)


def _too_many_rows(random: Random, photo: bytes) -> Request:
    rows = [[random.choice(("", "x", 3))]] * random.choice((300, 20_000))
    split = {"dataframe_split": {"columns": ["image"], "data": rows}}
    return json.dumps(split).encode(), JSON


def _huge_value(random: Random, photo: bytes) -> Request:
    return wrap("A" * random.choice((1 << 20, 1 << 25)), random)


def _script(random: Random, photo: bytes) -> Request:
    """Send files that programs other than an image library might run or unpack."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>'
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n"
    zipped = io.BytesIO()
    Image.new("RGB", (4, 4)).save(zipped, "PNG")
    contents = (svg, eps, b"PK\x03\x04" + bytes(99), zipped.getvalue()[:40])
    return wrap(text_of(random.choice(contents)), random)


_KINDS: tuple[Callable[[Random, bytes], Request], ...] = (
    _truncated,
    _noise,
    _bomb,
    _wrong_type,
    _location,
    _not_base64,
    _damaged_json,
    _odd_json,
    _no_text,
    _odd_kind,
    _too_many_rows,
    _script,
    _truncated,
    _location,
    _wrong_type,
    _huge_value,
)
