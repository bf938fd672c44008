from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<table><tr><th>h</th><th>m</th></tr><tr><td>9</td><td>30</td></tr></table>", "h | m\n9 | 30"),
        ("<table><thead><tr><th>h<th>m</thead><tbody><tr><td>9<td>30</tbody></table>", "h | m\n9 | 30"),
        # layouts
        ("<table><tr><td><p>One.</p></td><td>Two.</td></tr></table>", "One.\n\nTwo."),
        ("<table><tr><td>One.</td></tr><tr><td>Two.</td></tr></table>", "One.\n\nTwo."),
        ("<table><caption>Boats</caption><tr><td>One.</td></tr></table>", "Boats\n\nOne."),
        (
            "<table><tr><td>a</td><td>b</td></tr><tr><td><table><tr><td>c<td>d<tr><td>e<td>f</table></td><td>g</td></tr>"
            "</table>",
            "a\n\nb\n\nc | d\ne | f\n\ng",
        ),
    ],
)
def test_tables(html: str, text: str) -> None:
    assert text_of(html) == text
