from __future__ import annotations

from typing import Any

import pytest

from tasks.parse.enclosures import duration
from tests.tasks.making import Item, rss
from tests.tasks.parse.feeds import ATOM, json_feed, parse_single_entry
from warehouse.records import Enclosure

MP3 = "https://media.quay.example/7.mp3"


def files(extra: str) -> tuple[Enclosure, ...]:
    return parse_single_entry(rss(Item(extra=extra))).files


def test_an_episode_of_a_podcast() -> None:
    extra = (
        f'<enclosure url="{MP3}" length="12345678" type="audio/mpeg"/><itunes:duration>1:02:03</itunes:duration>'
        "<itunes:title>The storm</itunes:title><itunes:episode>7</itunes:episode><itunes:season>2</itunes:season>"
        '<itunes:image href="https://quay.example/7.jpg"/>'
    )
    assert files(extra) == (
        Enclosure(MP3, "audio/mpeg", 12345678, 3723, "The storm", 7, 2, "https://quay.example/7.jpg"),
    )


def test_the_files_of_one_entry_keep_their_order_and_come_once() -> None:
    extra = (
        f'<enclosure url="{MP3}" length="0" type=""/>'
        '<enclosure url="https://quay.example/7.pdf" type="application/pdf"/>'
        f'<media:content url="{MP3}" fileSize="5000" duration="60"/>'
        '<media:content url="https://quay.example/7.jpg" medium="image"/>'
        '<media:content url="https://quay.example/stream" medium="video"/>'
    )
    assert files(extra) == (
        Enclosure(MP3, "audio/mpeg", 5000, 60),
        Enclosure("https://quay.example/7.pdf", "application/pdf"),
        Enclosure("https://quay.example/stream", "video/*"),
    )


def test_a_video_in_a_group() -> None:
    """As YouTube has them."""
    extra = (
        '<media:group><media:title>Storm</media:title><media:content url="https://video.example/v/7?version=3" '
        'type="video/mp4" width="640"/><media:thumbnail url="https://video.example/7.jpg"/></media:group>'
    )
    assert files(extra) == (
        Enclosure("https://video.example/v/7?version=3", "video/mp4", image="https://video.example/7.jpg"),
    )


def test_a_picture_that_is_enclosed_is_a_file_without_an_episode() -> None:
    extra = '<enclosure url="https://quay.example/7.jpg" type="image/jpeg"/><itunes:duration>60</itunes:duration>'
    assert files(extra) == (Enclosure("https://quay.example/7.jpg", "image/jpeg"),)


def test_a_player_counts_where_there_is_nothing_else() -> None:
    player = '<media:player url="https://video.example/embed/7"/>'
    for extra in (player, f"<media:content medium='video'>{player}</media:content>"):
        assert files(extra) == (Enclosure("https://video.example/embed/7", "text/html"),)
    assert [file.url for file in files(player + f'<enclosure url="{MP3}" type="audio/mpeg"/>')] == [MP3]


def test_an_enclosure_of_atom() -> None:
    link = f'<link rel="enclosure" href="{MP3}" title="The storm" length="1,234"/>'
    entry = parse_single_entry(ATOM.replace("<author>", f"{link}<author>"))
    assert entry.files == (Enclosure(MP3, "audio/mpeg", 1234, title="The storm"),)
    assert entry.link == "https://quay.example/gate"


def test_the_attachments_of_json_feed() -> None:
    attachment = {"url": MP3, "mime_type": "audio/mpeg", "size_in_bytes": 5000, "duration_in_seconds": 61.4}
    bad: list[Any] = [
        3,
        {},
        {"url": 3},
        {"url": ""},
        {"url": MP3 + "?2", "size_in_bytes": -1, "duration_in_seconds": "x"},
    ]
    item = {
        "id": "7",
        "attachments": [attachment | {"title": " The  storm "}, *bad],
        "image": "https://quay.example/7.jpg",
    }
    assert parse_single_entry(json_feed(item)).files == (
        Enclosure(MP3, "audio/mpeg", 5000, 61, "The storm", image="https://quay.example/7.jpg"),
        Enclosure(MP3 + "?2", "audio/mpeg", image="https://quay.example/7.jpg"),
    )
    assert parse_single_entry(json_feed({"id": "7", "attachments": {"url": MP3}})).files == ()


@pytest.mark.parametrize(
    ("attributes", "media_type"),
    [
        ('type="AUDIO/MPEG"', "audio/mpeg"),
        ('type="audio/x-m4a; charset=utf-8"', "audio/x-m4a"),
        ('type="mp3"', "audio/mpeg"),
        ('type="application/octet-stream"', "audio/mpeg"),
        ("", "audio/mpeg"),
    ],
)
def test_the_type_of_a_file(attributes: str, media_type: str) -> None:
    (file,) = files(f'<enclosure url="{MP3}?token=x.y" {attributes}/>')
    assert file.media_type == media_type


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("<itunes:episode>12</itunes:episode>", (12, None)),
        ("<itunes:episode>Episode 12</itunes:episode><itunes:season>第3季</itunes:season>", (12, 3)),
        ("<itunes:episode>1.5</itunes:episode><itunes:season>-1</itunes:season>", (None, None)),
        ("<itunes:episode>S02E12</itunes:episode><itunes:season/>", (None, None)),
    ],
)
def test_the_numbers_of_an_episode(extra: str, expected: tuple[int | None, int | None]) -> None:
    (file,) = files(f'<enclosure url="{MP3}" type="audio/mpeg"/>{extra}')
    assert (file.episode, file.season) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3600", 3600),
        (3600.7, 3600),
        ("90:00", 5400),
        ("1:30:00", 5400),
        ("01:30:00.500", 5400),
        ("PT1H30M", 5400),
        ("1 h 30 min", 5400),
        ("90 minutes", 5400),
        ("90分钟", 5400),
        ("1小时30分", 5400),
        ("45 s", 45),
        ("", None),
        ("0", None),
        ("00:00", None),
        ("-60", None),
        ("about an hour", None),
        ("1:2:3:4", None),
        ("99999999", None),
        (None, None),
        (True, None),
    ],
)
def test_durations(value: object, seconds: int | None) -> None:
    assert duration(value) == seconds


def test_the_entry_s_id_changes_with_a_file_not_with_its_signature() -> None:
    def entry_id(url: str) -> str:
        return parse_single_entry(rss(Item(extra=f'<enclosure url="{url}" type="audio/mpeg"/>'))).entry_id

    assert entry_id(f"{MP3}?expires=1&amp;signature=a") == entry_id(f"{MP3}?expires=2&amp;signature=b")
    assert entry_id(MP3) != entry_id("https://media.quay.example/8.mp3")


def test_the_number_of_files_is_bounded() -> None:
    many = "".join(f'<enclosure url="https://quay.example/{number}.mp3" type="audio/mpeg"/>' for number in range(500))
    assert len(files(many)) == 100
