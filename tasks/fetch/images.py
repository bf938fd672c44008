"""Fetching images: from the origin, else from the proxy. They are stored under the hash of their content."""

from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from tasks.errors import FetchError, HostRefusedError
from tasks.fetch.http import Client
from tasks.fetch.trying import get_twice
from warehouse.errors import NewsmillError
from warehouse.landing import write_durably
from warehouse.masking import mask
from warehouse.records import Image, PendingImage

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO")
"""The formats that are kept, as Pillow names them: raster formats. SVG may contain programs."""
SUFFIXES = {name: name.lower() for name in FORMATS} | {"JPEG": "jpg", "MPO": "jpg"}  # an MPO starts as a JPEG
DECODED_PIXELS = 25_000_000
"""Larger images are not decoded to check that they are whole: that would take too much memory."""
NEEDS_REFERER = frozenset([400, 401, 403, 406])
"""Answers of hosts that give their images only to pages of their own (nginx' `valid_referers` answers 403)."""

PillowImage.init()
PillowImage.MAX_IMAGE_PIXELS = None  # the limit is our own setting, checked before anything is decoded


@dataclass(frozen=True, slots=True)
class ImageFacts:
    media_type: str
    suffix: str
    width: int
    height: int


class ImageError(NewsmillError):
    """The bytes are not an image, or not one of a format that is kept."""


class PageError(ImageError):
    """A page came instead of an image: it says that the image may not be linked to, for example."""


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


async def fetch_image(pending: PendingImage, client: Client, store: Path) -> Image | None:
    """Fetch one image and store it. A failure becomes a record; only a full disk raises.

    None if it was not asked for, as its host asked to be left alone: it stays as it is.
    """
    errors: list[str] = []
    for address in filter(None, (pending.url, pending.proxy_url)):
        # WeChat's host answers without a Referer, and a Referer of any other site gets a picture that says "no"
        article = pending.article_url if address == pending.url else None
        for referring in (None, article) if article else (None,):
            error = ""
            try:
                body = await _ask(address, client, referring, pending.feed_id)
                return await asyncio.to_thread(_store, pending, body, store, client.settings.max_image_pixels)
            except HostRefusedError:
                break
            except FetchError as failure:
                error, may_need_referer = str(failure), failure.status in NEEDS_REFERER
            except ImageError as failure:
                error, may_need_referer = f"{mask(address)}: {failure}", isinstance(failure, PageError)
            if not may_need_referer:
                break
        if error:
            errors.append(error)
    if not errors:
        return None
    return Image(
        image_id=pending.image_id,
        status="failed",
        attempts=pending.attempts + 1,
        fetched_at=datetime.now(UTC),
        error="; ".join(errors),
    )


async def _ask(address: str, client: Client, article: str | None, feed: str | None) -> bytes:
    """The answer's body; `article` is the address that the Referer is made of, `feed` the feed of that article. Raises
    FetchError."""
    response = await get_twice(
        client,
        address,
        max_bytes=client.settings.max_image_bytes,
        headers={"accept": "image/*"},
        article=article,
        feed=feed,
    )
    return response.body


def _store(pending: PendingImage, data: bytes, store: Path, max_pixels: int) -> Image:
    facts = inspect_image(data, max_pixels=max_pixels)
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{facts.suffix}"
    if (store / path).exists():
        (store / path).touch()  # so that `maintain` does not remove it as old and unused: a row is about to name it
    else:
        write_durably(store / path, data)
    return Image(
        image_id=pending.image_id,
        status="stored",
        attempts=pending.attempts + 1,
        fetched_at=datetime.now(UTC),
        media_type=facts.media_type,
        width=facts.width,
        height=facts.height,
        bytes=len(data),
        sha256=sha256,
        path=path,
    )
