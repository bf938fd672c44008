"""Image files: which are kept, which are refused and why."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image as PillowImage

from tasks.errors import ImageError
from tasks.fetch.image_file import inspect_image
from tests.sites.pictures import picture

PIXELS = 1_000_000
KINDS = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
    "AVIF": ("image/avif", "avif"),
    "BMP": ("image/bmp", "bmp"),
    "TIFF": ("image/tiff", "tiff"),
    "ICO": ("image/x-icon", "ico"),
    "MPO": ("image/jpeg", "jpg"),
}


def drawn(kind: str, size: tuple[int, int] = (48, 32)) -> bytes:
    out = io.BytesIO()
    image = PillowImage.new("RGB", size, (36, 112, 142))
    if kind == "MPO":
        image.save(out, kind, save_all=True, append_images=[image])
    elif kind == "ICO":
        image.save(out, kind, sizes=[size])
    else:
        image.save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_recognised_by_its_content(kind: str) -> None:
    found = inspect_image(drawn(kind), max_pixels=PIXELS)
    assert (found.media_type, found.suffix) == KINDS[kind]
    assert (found.width, found.height) == (48, 32)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><p>This picture has moved.</p>", "an HTML page"),
        (b"\n  <html><body>Log in</body></html>", "an HTML page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "SVG"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"", "no image"),
        (b"\0" * 4000, "no image"),
        (b"%PDF-1.7 ...", "no image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
    ],
)
def test_bytes_that_are_not_an_image_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=f"the answer is {words}, not an image of a format that is kept"):
        inspect_image(data, max_pixels=PIXELS)


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_truncated_png_is_refused(keep: float) -> None:
    data = picture("quay.png")
    with pytest.raises(ImageError, match="damaged"):
        inspect_image(data[: int(len(data) * keep)], max_pixels=PIXELS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_image_truncated_in_its_header_is_refused(kind: str) -> None:
    with pytest.raises(ImageError):
        inspect_image(drawn(kind)[:12], max_pixels=PIXELS)


@pytest.mark.parametrize("name", ["quay.jpg", "quay.webp"])
def test_truncated_image_is_refused(name: str) -> None:
    """A connection that ends early where no length was given: half an image must not pass for the whole one."""
    data = picture(name)
    with pytest.raises(ImageError, match="damaged"):
        inspect_image(data[: len(data) // 2], max_pixels=PIXELS)


def test_limit_of_pixels() -> None:
    data = drawn("PNG", (100, 50))
    assert inspect_image(data, max_pixels=5000).width == 100
    with pytest.raises(ImageError, match="100 x 50 pixels are more than 4,999"):
        inspect_image(data, max_pixels=4999)


def test_bomb_is_refused_by_the_size_in_its_header() -> None:
    """60,000 by 60,000 pixels in a few bytes: nothing of it is decoded."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(ImageError, match="60000 x 60000 pixels are more than 80,000,000"):
        inspect_image(data, max_pixels=80_000_000)
