from __future__ import annotations

import pytest

from tasks.parse.page_glance import MAX_TEXT, glance


def test_title_and_visible_text() -> None:
    html = (
        "<html><head><title> The gate \n is open </title><style>p {}</style></head><body><script>f()</script>"
        "<svg><text>logo</text></svg><nav>Home</nav><h1>Gate</h1><p>It opens&nbsp;at <b>nine</b>.</p>"
        "<template><p>later</p></template></body></html>"
    )
    assert glance(html) == ("The gate is open", "Home Gate It opens at nine .")


def test_without_a_title_the_first_heading_is_it() -> None:
    assert glance("<h1>门开了</h1><h1>Other</h1><p>九点。</p>")[0] == "门开了"
    assert glance("<title> </title><h1>The gate</h1>")[0] == "The gate"
    assert glance("<p>No title</p>") == ("", "No title")


@pytest.mark.parametrize("html", ["", "just words", "<frameset><frame src=a>", "<title>", "\x00", "<p>" * 3000])
def test_whatever_comes_there_is_a_title_and_a_text(html: str) -> None:
    title, text = glance(html)
    assert len(title) + len(text) <= len(html)


def test_what_is_looked_at_is_bounded() -> None:
    title, text = glance(f"<title>{'t' * 10**6}</title><p>{'word ' * 10**6}</p>")
    assert len(title) < 10_000
    assert len(text) <= MAX_TEXT


def test_control_characters_are_no_text() -> None:
    assert glance("<title>a\x07b</title><body><p>c\x1bd</p>") == ("ab", "cd")
