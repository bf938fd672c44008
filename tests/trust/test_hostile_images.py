"""Images that mean harm: bombs of pixels and of text, and files that are two things at once."""

from __future__ import annotations

import io
import resource
import struct
import time
import zipfile
import zlib

import pytest
from PIL import Image as PillowImage

from tasks.errors import ImageError
from tasks.fetch.image_file import FORMATS, inspect_image

LIMIT = 80_000_000
"""The setting max_image_pixels."""
MEMORY = 200_000_000
"""Bytes that looking at one image may cost: 25 million decoded pixels, and a little more."""
SECONDS = 20.0
"""Of processor: no image of a few kilobytes comes near it unless it is a bomb that works."""


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes, data: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif(width: int, height: int) -> bytes:
    return (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
        b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"
    )


def bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 1, 1, 0, 0)


def drawn(kind: str, frames: int = 1) -> bytes:
    images = [PillowImage.new("RGB", (16, 16), (number % 256, 0, 0)) for number in range(frames)]
    data = io.BytesIO()
    images[0].save(data, kind, **({"save_all": True, "append_images": images[1:]} if frames > 1 else {}))
    return data.getvalue()


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    return data.getvalue()


ZEROS = zlib.compress(bytes(100_000_000), 9)
BOMBS = {
    "pixels in a PNG": png(60_000, 60_000, data=ZEROS),
    "a PNG of one long line": png(2_000_000_000, 1, data=ZEROS),
    "a PNG without width": png(0, 100),
    "pixels in a GIF": gif(65_535, 65_535),
    "pixels in a BMP": bmp(60_000, 60_000),
    "a BMP of negative size": bmp(-60_000, -60_000),
    "text in a PNG": png(16, 16, chunk(b"zTXt", b"k\0\0" + ZEROS), data=zlib.compress(b"\0" * 16 * 49)),
    "a colour profile in a PNG": png(16, 16, chunk(b"iCCP", b"k\0\0" + ZEROS), data=zlib.compress(b"\0" * 16 * 49)),
    "10,000 texts in a PNG": png(16, 16, *[chunk(b"tEXt", b"k\0" + b"v" * 100)] * 10_000, data=ZEROS),
    "2,000 frames in a GIF": drawn("GIF", 2_000),
    "a TIFF that refers to itself": b"II*\0\x08\0\0\0\x01\0\x00\x01\x03\0\x01\0\0\0\x10\0\0\0\x08\0\0\0",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) (r) file\n",
    "a page that looks like a PNG further on": b"<html><script>alert(1)</script>" + png(1, 1),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_costs_little_and_is_an_image_or_refused(kind: str) -> None:
    memory, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        facts = inspect_image(BOMBS[kind], max_pixels=LIMIT)
    except ImageError as error:
        assert str(error)
    else:
        assert facts.width * facts.height <= LIMIT
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024 < MEMORY
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG", "WEBP", "BMP", "TIFF", "ICO", "AVIF"])
@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"<?php system('id'); ?>", zipped()])
def test_a_file_that_is_two_things_is_named_as_the_image(kind: str, tail: bytes) -> None:
    """What is appended to an image comes along; its name and type are those of the image, so nothing runs it."""
    assert kind in FORMATS
    try:
        facts = inspect_image(drawn(kind) + tail, max_pixels=LIMIT)
    except ImageError:
        return  # the format does not allow it
    assert facts.media_type.startswith("image/")
    assert facts.suffix in ("png", "gif", "jpg", "webp", "bmp", "tiff", "ico", "avif")
