"""What an image file is, by its content: its format and its size.

Only this module imports Pillow, which takes its time; only runs that fetch images import this module.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from tasks.errors import ImageError, PageError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO")
"""The formats that are kept, as Pillow names them: raster formats. SVG may contain programs."""
SUFFIXES = {name: name.lower() for name in FORMATS} | {"JPEG": "jpg", "MPO": "jpg"}  # an MPO starts as a JPEG
DECODED_PIXELS = 25_000_000
"""Larger images are not decoded to check that they are whole: that would take too much memory."""

PillowImage.init()
PillowImage.MAX_IMAGE_PIXELS = None  # the limit is our own setting, checked before anything is decoded


@dataclass(frozen=True, slots=True)
class ImageFacts:
    media_type: str
    suffix: str
    width: int
    height: int


def inspect_image(data: bytes, *, max_pixels: int) -> ImageFacts:
    """The image's format and size, by its content. Raises ImageError; more than `max_pixels` are never decoded."""
    try:
        with PillowImage.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            image_format = image.format or ""
            if width * height <= max_pixels:
                image.verify()
        if width * height <= min(max_pixels, DECODED_PIXELS):
            with PillowImage.open(io.BytesIO(data), formats=FORMATS) as image:
                image.load()  # verify() doesn't notice a truncated JPEG
    except UnidentifiedImageError as error:
        start = data[:200].lstrip().lower()
        what = (
            "an HTML page" if start.startswith((b"<!doctype", b"<html")) else "SVG" if b"<svg" in start else "no image"
        )
        kind = PageError if what == "an HTML page" else ImageError
        raise kind(f"the answer is {what}, not an image of a format that is kept") from error
    except Exception as error:
        raise ImageError(f"the image is damaged ({type(error).__name__}: {error})") from error
    if width * height > max_pixels:
        raise ImageError(f"{width} x {height} pixels are more than {max_pixels:,}")
    media_type = "image/jpeg" if image_format == "MPO" else PillowImage.MIME[image_format]
    return ImageFacts(media_type, SUFFIXES[image_format], width, height)
