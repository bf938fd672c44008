from __future__ import annotations

from tests.tasks.parse.feeds import parse_single_entry


def test_a_word_too_long_for_an_address_is_no_author() -> None:
    """feedparser looks for an address in it. In the square of its length, this would take an hour."""
    item = f"<item><guid>g1</guid><title>Quay</title><author>{'a' * 1_000_000} Oda Brandt</author></item>"
    entry = parse_single_entry(f'<rss version="2.0"><channel><title>The Quay</title>{item}</channel></rss>')
    assert entry.authors == ("Oda Brandt",)
