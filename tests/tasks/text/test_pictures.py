from __future__ import annotations

import pytest

from tasks.text.pictures import is_any_pages, is_same_picture

A = "https://img.example/"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (A + "gate.jpg?w=600", A + "gate.jpg?w=1200&h=630"),
        (A + "uploads/2024/05/harbour-gate-1024x576.jpg", A + "uploads/2024/05/harbour-gate-scaled.jpeg"),
        (
            A + "4c113d3e-b078-4dd9-8c4b-24b103c17e6a_w948_r1.778_fpx45.jpg",
            A + "4c113d3e-b078-4dd9-8c4b-24b103c17e6a_w1280.jpg",
        ),
        (A + "image/65453399_303.jpg", A + "image/65453399_6.jpg"),
        (A + "409956049/409956049_v16_9_1200.jpeg", A + "409956049/409956049_v16_9_1600.jpeg"),
        (A + "img/450/194191.jpg", "https://cdn.example/img/1100/194191.jpg"),
        (
            A + "photos/661e6d7bea8a857573e7ae3a/master/w_1600/gate.jpg",
            A + "photos/661e6d7bea8a857573e7ae3a/16:9/w_1280/gate.jpg",
        ),
        (A + "resize?url=https%3A%2F%2Fquay.example%2Fnorth-gate.jpg&w=300", "https://quay.example/north-gate.jpg"),
        (A + "f_auto,w_300/https://quay.example/a/north-gate.jpg", "https://quay.example/a/north-gate_1200x630.jpg"),
        (A + "%E5%8C%97%E9%97%A8%E5%BC%80%E6%94%BE%E4%BB%AA%E5%BC%8F_600.jpg", A + "北门开放仪式_1200.jpg"),
        (A + "gate.jpg", A + "gate.jpg"),
    ],
)
def test_one_picture_in_two_sizes(one: str, other: str) -> None:
    assert is_same_picture(one, other)
    assert is_same_picture(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (A + "2024/05/gate.jpg", A + "2024/05/ferry.jpg"),
        (A + "65453399_303.jpg", A + "65453400_303.jpg"),
        (A + "20240503-196-06-scaled.jpg", A + "20240503-196-02-scaled.jpg"),
        (A + "image/upload/1.jpg", A + "image/upload/2.jpg"),
        (A + "600x400.jpg", A + "600x400.png"),
        (A, "https://[/"),
        (A + "photo.jpg", "https://other.example/large/photo.jpg"),
    ],
)
def test_two_pictures(one: str, other: str) -> None:
    assert not is_same_picture(one, other)
    assert not is_same_picture(other, one)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "logo.png",
            "the-quay-logo.jpg",
            "techradar_logo_v2.png",
            "logo-512x512.png",
            "favicon-32x32.png",
            "news.svg",
        ),
        *(
            "og-image.png",
            "default.jpg",
            "social-share.jpg",
            "facebook_share_1200x630.png",
            "opengraph.jpg",
            "noimage.gif",
        ),
        *("placeholder-16x9.png", "quay-fallback.jpg", "default_thumbnail.png", ""),
    ],
)
def test_a_picture_of_the_site(name: str) -> None:
    assert is_any_pages(f"https://quay.example/static/{name}") or not name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "gate.jpg",
            "share-prices-fall.jpg",
            "the-default-judge.jpg",
            "IMG_4400.JPEG",
            "65453399_6.jpg",
            "cover-of-the-week.jpg",
        ),
        *(
            "protest-over-the-new-club-logo-in-harbour.jpg",
            "661e6d7bea8a857573e7ae3a",
            "social-housing.jpg",
            "北门.jpg",
        ),
    ],
)
def test_a_picture_of_an_article(name: str) -> None:
    assert not is_any_pages(f"https://quay.example/2024/{name}")
