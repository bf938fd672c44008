"""Images: fetched from their origin, then through the proxy; kept and named by their content."""

from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image as Pictures
from PIL import UnidentifiedImageError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from tasks.errors import FetchError, TransientFetchError
from tasks.fetch.http import Client, Response
from warehouse.errors import NewsmillError
from warehouse.landing import write_durably
from warehouse.records import Image, PendingImage

KINDS = {
    "JPEG": "jpg",
    "PNG": "png",
    "GIF": "gif",
    "WEBP": "webp",
    "AVIF": "avif",
    "BMP": "bmp",
    "TIFF": "tiff",
    "ICO": "ico",
    "MPO": "jpg",
}
"""What is kept: raster formats that hold no program. SVG does."""
FORMATS = [kind for kind in KINDS if kind != "MPO"]  # Pillow opens an MPO as the JPEG it begins with
DECODED_PIXELS = 25_000_000
"""Larger pictures are believed to be whole: decoding one takes more memory than the check is worth."""
TRIES = 2
"""Of one address, in one run."""


Pictures.init()
Pictures.MAX_IMAGE_PIXELS = None  # the cap is ours, checked before anything is decoded


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    suffix: str
    width: int
    height: int


class ImageError(NewsmillError):
    """The bytes are no image, or not one to keep."""


def read_picture(data: bytes, *, max_pixels: int) -> Picture:
    """What the bytes are, by their content; only headers are decoded. Raises ImageError."""
    try:
        with Pictures.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            kind = image.format or ""
            if width * height <= max_pixels:
                image.verify()
        if width * height <= min(max_pixels, DECODED_PIXELS):
            with Pictures.open(io.BytesIO(data), formats=FORMATS) as image:
                image.load()  # verify() doesn't see that a JPEG was cut off
    except UnidentifiedImageError as error:
        start = data[:200].lstrip().lower()
        what = (
            "an HTML page" if start.startswith((b"<!doctype", b"<html")) else "SVG" if b"<svg" in start else "no image"
        )
        raise ImageError(f"the answer is {what}, not a picture of a kind that is kept") from error
    except Exception as error:
        raise ImageError(f"the picture is damaged ({type(error).__name__}: {error})") from error
    if width * height > max_pixels:
        raise ImageError(f"{width} x {height} pixels are more than {max_pixels:,}")
    return Picture("image/jpeg" if kind == "MPO" else Pictures.MIME[kind], KINDS[kind], width, height)


async def fetch_image(pending: PendingImage, client: Client, store: Path) -> Image:
    """Fetch one image and keep it. A failure is a record, never an exception; only a full disk raises."""
    settings = client.settings
    errors = []
    for address in filter(None, (pending.url, pending.proxy_url)):
        again = AsyncRetrying(
            retry=retry_if_exception_type(TransientFetchError),
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=settings.retry_delay, max=30),
            reraise=True,
        )
        try:
            response: Response = await again(
                client.get, address, max_bytes=settings.max_image_bytes, headers={"accept": "image/*"}
            )
            return await asyncio.to_thread(_kept, pending, response.body, store, settings.max_image_pixels)
        except FetchError as error:
            errors.append(str(error))
        except ImageError as error:
            errors.append(f"{address}: {error}")
    return Image(
        image_id=pending.image_id,
        status="failed",
        attempts=pending.attempts + 1,
        fetched_at=datetime.now(UTC),
        error="; ".join(errors),
    )


def _kept(pending: PendingImage, data: bytes, store: Path, max_pixels: int) -> Image:
    picture = read_picture(data, max_pixels=max_pixels)
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{picture.suffix}"
    if (store / path).exists():
        (store / path).touch()  # `maintain` leaves young files alone: this one is about to be named
    else:
        write_durably(store / path, data)
    return Image(
        image_id=pending.image_id,
        status="stored",
        attempts=pending.attempts + 1,
        fetched_at=datetime.now(UTC),
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        bytes=len(data),
        sha256=sha256,
        path=path,
    )
