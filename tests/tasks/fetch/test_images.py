"""Fetching images: where they are asked for, and what a failure becomes."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tasks.fetch.http import open_client
from tasks.fetch.images import fetch_image
from tasks.fetch.trying import TRIES
from tasks.settings import Settings
from tests.sites.pictures import picture
from tests.sites.server import Page, RequestHandler, SiteServer
from warehouse.records import Image, PendingImage


def fetch(pending: PendingImage, store: Path, **settings: Any) -> Image:
    async def run() -> Image:
        options = {"allow_private_addresses": True, "timeout": 5, "retry_delay": 0, **settings}
        async with open_client(Settings(**options)) as client:
            image = await fetch_image(pending, client, store)
            assert image
            return image

    return asyncio.run(run())


def pending(
    site: SiteServer, origin: str, proxy: str | None = None, attempts: int = 0, article: str | None = None
) -> PendingImage:
    return PendingImage("image-1", site.url(origin), site.url(proxy) if proxy else None, attempts, article_url=article)


GOOD = Page(picture("quay.jpg"), "image/jpeg")
OTHER = Page(picture("quay.png"), "image/png")


def test_image_is_stored_under_the_hash_of_its_content(tmp_path: Path) -> None:
    with SiteServer({"/a.jpg": GOOD}) as site:
        kept = fetch(pending(site, "/a.jpg", attempts=2), tmp_path)
    sha256 = hashlib.sha256(GOOD.body).hexdigest()
    assert (kept.status, kept.attempts, kept.error) == ("stored", 3, None)
    assert (kept.media_type, kept.width, kept.height, kept.bytes) == ("image/jpeg", 800, 450, len(GOOD.body))
    assert kept.sha256 == sha256
    assert kept.path == f"{sha256[:2]}/{sha256[2:4]}/{sha256}.jpg"
    assert (tmp_path / kept.path).read_bytes() == GOOD.body


def test_content_decides_and_not_the_servers_content_type(tmp_path: Path) -> None:
    with SiteServer({"/a.jpg": Page(OTHER.body, "text/html")}) as site:
        kept = fetch(pending(site, "/a.jpg"), tmp_path)
    assert (kept.status, kept.media_type) == ("stored", "image/png")


def test_origin_comes_first_and_the_proxy_is_not_asked(tmp_path: Path) -> None:
    with SiteServer({"/a.jpg": GOOD, "/proxy": OTHER}) as site:
        kept = fetch(pending(site, "/a.jpg", "/proxy"), tmp_path)
        assert [request.path for request in site.requests] == ["/a.jpg"]
    assert kept.media_type == "image/jpeg"


@pytest.mark.parametrize(
    "origin",
    [Page(b"", "text/plain", status=403), Page(b"<!DOCTYPE html>Hotlinking", "image/jpeg")],
    ids=["refused", "a page instead"],
)
def test_proxy_is_asked_if_the_origin_has_no_image(tmp_path: Path, origin: Page) -> None:
    with SiteServer({"/a.jpg": origin, "/proxy": OTHER}) as site:
        kept = fetch(pending(site, "/a.jpg", "/proxy"), tmp_path)
        assert [request.path for request in site.requests] == ["/a.jpg", "/proxy"]
    assert (kept.status, kept.media_type, kept.error) == ("stored", "image/png", None)


def test_failure_names_both_addresses(tmp_path: Path) -> None:
    with SiteServer({"/proxy": Page(b"<svg/>", "image/svg+xml")}) as site:
        failed = fetch(pending(site, "/a.jpg", "/proxy", attempts=1), tmp_path)
        assert failed.error == (
            f"{site.url('/a.jpg')}: the server answered 404 Not Found; "
            f"{site.url('/proxy')}: the answer is SVG, not an image of a format that is kept"
        )
    assert (failed.status, failed.attempts, failed.path) == ("failed", 2, None)
    assert list(tmp_path.iterdir()) == []


def test_transient_failure_is_retried(tmp_path: Path) -> None:
    calls: list[int] = []

    def flaky(handler: RequestHandler) -> None:
        calls.append(1)
        handler.send_page(GOOD if len(calls) == TRIES else Page(b"", "text/plain", status=502))

    with SiteServer({"/a.jpg": flaky}) as site:
        kept = fetch(pending(site, "/a.jpg"), tmp_path)
    assert (kept.status, len(calls)) == ("stored", TRIES)


def test_too_many_bytes_and_too_many_pixels(tmp_path: Path) -> None:
    with SiteServer({"/a.jpg": GOOD}) as site:
        large = fetch(pending(site, "/a.jpg"), tmp_path, max_image_bytes=100)
        wide = fetch(pending(site, "/a.jpg"), tmp_path, max_image_pixels=100)
    assert large.error is not None
    assert "larger than 100 bytes" in large.error
    assert "NEWSMILL_MAX_IMAGE_BYTES" in large.error, "the setting that the cap of images comes from"
    assert wide.error is not None
    assert "800 x 450 pixels are more than 100" in wide.error
    assert list(tmp_path.iterdir()) == []


def test_same_image_from_two_addresses_is_stored_once(tmp_path: Path) -> None:
    with SiteServer({"/a.jpg": GOOD, "/b.jpg": GOOD}) as site:
        one, two = (fetch(pending(site, path), tmp_path) for path in ("/a.jpg", "/b.jpg"))
    assert one.path == two.path
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


# --- images for pages of their own site ------------------------------------------------------------------------------

ARTICLE = "http://quay.example/gate"


def referers(site: SiteServer) -> list[str | None]:
    return [request.headers.get("referer") for request in site.requests]


@pytest.mark.parametrize(
    "refusal",
    [Page(b"", "text/plain", status=403), Page(b"<!DOCTYPE html>Hotlinking", "image/jpeg")],
    ids=["refused", "a page instead"],
)
def test_an_image_that_needs_a_referer_is_asked_for_with_its_article(tmp_path: Path, refusal: Page) -> None:
    def only_for_its_pages(handler: RequestHandler) -> None:
        handler.send_page(GOOD if handler.headers.get("Referer", "").startswith(ARTICLE) else refusal)

    with SiteServer({"/a.jpg": only_for_its_pages}) as site:
        kept = fetch(pending(site, "/a.jpg", article=f"{ARTICLE}#top"), tmp_path)
        assert referers(site) == [None, ARTICLE]
    assert kept.status == "stored"


def test_an_image_that_needs_none_is_asked_for_without(tmp_path: Path) -> None:
    with SiteServer({"/a.jpg": GOOD}) as site:
        fetch(pending(site, "/a.jpg", article=ARTICLE), tmp_path)
        assert referers(site) == [None]


@pytest.mark.parametrize("status", [404, 410, 429])
def test_a_missing_image_is_not_asked_for_again(tmp_path: Path, status: int) -> None:
    with SiteServer({"/a.jpg": Page(b"", "text/plain", status=status)}) as site:
        failed = fetch(pending(site, "/a.jpg", article=ARTICLE), tmp_path)
        assert referers(site) == [None]
    assert failed.status == "failed"


def test_the_error_names_an_address_once_and_the_proxy_never_learns_the_article(tmp_path: Path) -> None:
    refused = Page(b"", "text/plain", status=403)
    with SiteServer({"/a.jpg": refused, "/proxy": refused}) as site:
        failed = fetch(pending(site, "/a.jpg", "/proxy", article=ARTICLE), tmp_path)
        assert referers(site) == [None, ARTICLE, None]
        answer = "the server answered 403 Forbidden"
        assert failed.error == f"{site.url('/a.jpg')}: {answer}; {site.url('/proxy')}: {answer}"


def test_a_redirect_to_an_address_without_encryption_learns_only_the_origin(tmp_path: Path) -> None:
    def answer(handler: RequestHandler) -> None:
        referer = handler.headers.get("Referer")
        handler.send_page(GOOD if referer == "https://quay.example/" else Page(b"", "text/plain", status=403))

    moved = Page(b"", "text/plain", status=302, headers={"Location": "/b.jpg"})
    with SiteServer({"/a.jpg": moved, "/b.jpg": answer}) as site:
        kept = fetch(pending(site, "/a.jpg", article="https://quay.example/gate"), tmp_path)
    assert kept.status == "stored"
