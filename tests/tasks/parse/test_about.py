from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.making import Item, rss
from tests.tasks.parse.feeds import ATOM, json_feed, parse_data
from warehouse.feed_descriptions import About


def about_channel(elements: str) -> About | None:
    data = rss(Item()).replace(
        b"<title>The Quay</title><link>https://quay.example/</link><description>News</description>", elements.encode()
    )
    return parse_data(data).about


def test_a_channel() -> None:
    elements = (
        "<title>The &lt;i&gt;Quay&lt;/i&gt; &amp;amp; Sons</title><link>https://quay.example/</link>"
        "<description>News of\n  the &lt;b&gt;harbour&lt;/b&gt;</description><language>en_gb</language>"
        "<image><url>/icon.png</url><title>Logo</title><link>https://other.example/</link></image>"
    )
    assert about_channel(elements) == About(
        "The Quay & Sons", "News of the harbour", "https://quay.example/", "https://quay.example/icon.png", "en-gb"
    )


def test_a_podcast() -> None:
    elements = (
        "<title>码头播客</title><link>https://quay.example/pod</link><itunes:summary>每周一次</itunes:summary>"
        '<language>zh-CN</language><itunes:image href="https://quay.example/cover.jpg"/>'
    )
    assert about_channel(elements) == About(
        "码头播客", "每周一次", "https://quay.example/pod", "https://quay.example/cover.jpg", "zh-CN"
    )


@pytest.mark.parametrize("language", ["", "English (UK), perhaps", "<![CDATA[ ]]>"])
def test_what_a_channel_does_not_say(language: str) -> None:
    assert about_channel(f"<title> </title><link>javascript:x</link><language>{language}</language>") == About()


def test_an_atom_feed() -> None:
    elements = (
        '<subtitle type="html">&lt;p&gt;News&lt;/p&gt;</subtitle><icon>/favicon.ico</icon><logo>/logo.png</logo>'
        '<link rel="self" href="https://quay.example/atom.xml"/><link href="https://quay.example/"/><entry>'
    )
    about = parse_data(ATOM.replace("<entry>", elements, 1)).about
    assert about is not None
    assert (about.description, about.link) == ("News", "https://quay.example/")
    assert about.icon == "https://quay.example/favicon.ico"


def test_a_json_feed() -> None:
    top = {"title": "Quay", "description": "News", "home_page_url": "https://quay.example/", "language": "pt-BR"}
    assert parse_data(json_feed(**top, favicon="/f.ico")).about == About(
        "Quay", "News", "https://quay.example/", "https://quay.example/f.ico", "pt-BR"
    )
    wrong: dict[str, Any] = {"title": 3, "description": ["x"], "home_page_url": {}, "icon": 1, "language": None}
    assert parse_data(json_feed(**wrong)).about == About()


def test_texts_are_bounded() -> None:
    about = about_channel(f"<title>{'Quay ' * 1000}</title><description>{'x' * 100_000}</description>")
    assert about is not None
    assert about.title is not None
    assert about.description is not None
    assert (len(about.title) <= 500, len(about.description)) == (True, 2000)
