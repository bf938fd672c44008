from __future__ import annotations

import re

import pytest

from tests.tasks.clean.cleaning import clean_fragment, text_of


@pytest.mark.parametrize(
    ("html", "names"),
    [
        ('<img data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>', ["a"]),
        ('<img data-src="/a-1024.jpg" src="data:,"><noscript><img src="/a.jpg"></noscript>', ["a-1024"]),
        ('<img src="/low.jpg" data-srcset="/a.jpg 900w"><noscript><img src="/b.jpg"></noscript>', ["a"]),
        ('<a href="/x"><img data-src="/a.jpg"></a><noscript><a href="/x"><img src="/b.jpg"></a></noscript>', ["a"]),
        ('<img src="/a.jpg"><noscript><img src="/b.jpg"></noscript>', ["a", "b"]),
        ('<img data-src="/a.jpg"><noscript><img src="/b.jpg"><img src="/c.jpg"></noscript>', ["a", "b", "c"]),
        ('<img data-src="/a.jpg"><p>The gate.</p><noscript><img src="/b.jpg"></noscript>', ["a", "b"]),
        ('<noscript>&lt;img src="/a.jpg"&gt;</noscript>', ["a"]),
        ("<noscript>Turn on JavaScript.</noscript>", []),
    ],
)
def test_images_in_noscript(html: str, names: list[str]) -> None:
    content = clean_fragment(f"<h2>Gate</h2>{html}")
    assert [image.url for image in content.images] == [f"https://quay.example/{name}.jpg" for name in names]
    assert "JavaScript" not in content.text


def test_players_in_noscript() -> None:
    """One that came before is not added, wherever it came."""
    one, two = "<iframe src=https://player.example/1></iframe>", "<iframe src=https://player.example/2></iframe>"
    hidden, other = f"<noscript>{one}</noscript>", f"<noscript>{two}</noscript>"
    html = f"{one}<p>The gate.</p>{hidden}{other}<p>It opens.</p>{other}"
    assert text_of(html) == "https://player.example/1\n\nThe gate.\n\nhttps://player.example/2\n\nIt opens."


@pytest.mark.parametrize("hidden", ["<img src=/{}>", "<iframe src=/{}></iframe>"])
def test_what_came_before_a_noscript_is_not_read_again_for_each(hidden: str) -> None:
    """In the square of their number, this would take minutes."""
    html = "".join(f"<noscript>{hidden.format(number % 8_000)}</noscript>" for number in range(10_000))
    assert len(set(re.findall(r"https://quay\.example/\d+", clean_fragment(html).html))) == 8_000
