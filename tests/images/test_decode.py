from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from hybridml.exceptions import ImageDecodeError
from hybridml.images import decode_image

Noise = Callable[..., Any]
Encode = Callable[..., bytes]


def png_header(width: int, height: int) -> bytes:
    """The start of a greyscale PNG that promises this many pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    idat = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunk + idat


def test_lossless_formats_give_the_pixels_back(noise: Noise, encode: Encode) -> None:
    pixels = noise(13, 17, 3)
    for file_format in ("PNG", "BMP", "TIFF", "PPM"):
        assert np.array_equal(decode_image(encode(pixels, file_format)), pixels)
    assert np.array_equal(decode_image(encode(pixels, "WEBP", lossless=True)), pixels)


def test_path_bytes_pil_and_array_agree(
    noise: Noise, encode: Encode, tmp_path: Path
) -> None:
    content = encode(noise(13, 17, 3), "JPEG")
    path = tmp_path / "noise.jpg"
    path.write_bytes(content)
    pixels = decode_image(content)
    opened = Image.open(path)
    for image in (path, str(path), path.as_uri(), opened, pixels):
        assert np.array_equal(decode_image(image), pixels)


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1), (5, 6, 3), (5, 6, 4)])
def test_arrays_of_every_shape_become_rgb(noise: Noise, shape: tuple[int]) -> None:
    array = noise(*shape)
    if shape[-1] == 4:
        array[..., 3] = 255
    colours = array[..., :3] if array.ndim == 3 else array[..., None]
    expected = np.broadcast_to(colours, (5, 6, 3))
    decoded = decode_image(array)
    assert np.array_equal(decoded, expected)
    decoded[:] = 0  # the result is the caller's own
    assert array[..., :3].any()


def test_alpha_of_an_array_is_laid_on_white() -> None:
    assert decode_image(np.zeros((2, 2, 4), dtype=np.uint8)).tolist()[0][0] == [255] * 3


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(
    file_format: str, orientation: int, encode: Encode
) -> None:
    ramp = np.add.outer(np.arange(16) * 10, np.arange(24) * 4).astype(np.uint8)
    image = Image.fromarray(np.stack([ramp, ramp // 2, 255 - ramp], axis=2))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exact: dict[str, dict[str, Any]] = {
        "WEBP": {"lossless": True},
        "JPEG": {"quality": 98, "subsampling": 0},
    }
    options = exact.get(file_format, {})
    content = encode(image, file_format, exif=exif.tobytes(), **options)
    tagged = image.copy()
    tagged.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(tagged))
    decoded = decode_image(content)
    assert decoded.shape == expected.shape
    assert np.abs(decoded.astype(int) - expected).max() <= 4
    assert np.array_equal(decode_image(tagged), expected)


def test_damaged_exif_does_not_spoil_the_pixels(noise: Noise, encode: Encode) -> None:
    pixels = noise(8, 9, 3)
    content = encode(pixels, "PNG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")
    assert np.array_equal(decode_image(content), pixels)


def test_transparent_colour_of_a_png_becomes_white(encode: Encode) -> None:
    grey = np.array([[9, 0]], dtype=np.uint8)
    deep = np.array([[9, 30000]], dtype=np.uint16)
    colour = np.array([[[1, 2, 3], [4, 5, 6]]], dtype=np.uint8)
    palette = Image.fromarray(colour).quantize(2)
    index = int(np.asarray(palette)[0, 0])
    for image, transparent in [
        (grey, 9),
        (deep, 9),
        (colour, (1, 2, 3)),
        (palette, index),
    ]:
        decoded = decode_image(encode(image, "PNG", transparency=transparent))
        assert (decoded == 255).all(axis=2).tolist() == [[True, False]]


def test_16_bit_files_are_scaled(encode: Encode) -> None:
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    for file_format in ("PNG", "TIFF"):
        decoded = decode_image(encode(values, file_format))
        assert decoded[0, :, 0].tolist() == [0, 1, 128, 255]


def test_cmyk_jpeg_keeps_its_colours(encode: Encode) -> None:
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    decoded = decode_image(encode(cmyk, "JPEG"))
    assert np.abs(decoded.astype(int) - [255, 0, 0]).max() <= 3


def test_of_an_animation_the_first_frame_is_taken(encode: Encode) -> None:
    frames = [Image.new("RGB", (6, 6), colour) for colour in ("red", "blue")]
    for file_format in ("GIF", "PNG", "WEBP", "TIFF"):
        options: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
        if file_format == "WEBP":
            options["lossless"] = True
        decoded = decode_image(encode(frames[0], file_format, **options))
        assert (decoded == [255, 0, 0]).all()


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("BMP", {}),
        ("PPM", {}),
    ],
)
def test_no_truncated_file_gives_wrong_pixels(
    noise: Noise, encode: Encode, file_format: str, options: dict[str, Any]
) -> None:
    content = encode(noise(40, 30, 3), file_format, **options)
    whole = decode_image(content)
    n_refused = 0
    for length in range(0, len(content), len(content) // 40):
        try:
            assert np.array_equal(decode_image(content[:length]), whole)
        except ImageDecodeError:
            n_refused += 1
    assert n_refused >= 39


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (None, "the image is missing"),
        (b"", "the file is empty"),
        (b"no image at all", "no image that Pillow can read"),
        ("nowhere/a.jpg", "there is no such file"),
        (Image.new("RGB", (0, 5)), "it has no pixels"),
        (np.zeros((0, 5, 3), dtype=np.uint8), "it has no pixels"),
    ],
)
def test_bad_images_are_refused_with_the_reason(image: Any, reason: str) -> None:
    with pytest.raises(ImageDecodeError, match=reason):
        decode_image(image)


def test_no_other_program_is_run_on_a_file(noise: Noise, encode: Encode) -> None:
    with pytest.raises(ImageDecodeError, match="no image that Pillow can read"):
        decode_image(encode(noise(4, 4, 3), "EPS"))


def test_a_truncated_file_says_so(noise: Noise, encode: Encode) -> None:
    content = encode(noise(40, 40, 3), "JPEG")
    with pytest.raises(ImageDecodeError, match="image file is truncated"):
        decode_image(content[: len(content) // 2])


def test_a_closed_pil_image_is_refused(
    noise: Noise, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise(4, 4, 3)))
    image = Image.open(path)
    image.close()
    with pytest.raises(ImageDecodeError, match=r"."):
        decode_image(image)


def test_another_kind_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="Got image of type int; expected a path"):
        decode_image(5)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    with pytest.raises(ImageDecodeError, match="400000000 pixels, a decompression bo"):
        decode_image(png_header(20_000, 20_000))
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_a_large_image_below_the_limit_gives_no_pillow_warning() -> None:
    # Pillow itself warns above 89 million pixels, which would be an error here.
    with pytest.raises(ImageDecodeError, match="truncated"):
        decode_image(png_header(10_000, 10_000))


def test_threads_may_share_one_lazy_pil_image(
    noise: Noise, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise(200, 200, 3)))
    expected = decode_image(path)
    for _ in range(10):
        image = Image.open(path)
        with ThreadPoolExecutor(4) as executor:
            decoded = list(executor.map(decode_image, [image] * 8))
        assert all(np.array_equal(pixels, expected) for pixels in decoded)
