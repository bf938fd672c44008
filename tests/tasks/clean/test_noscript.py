from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import clean_fragment


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
