from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import clean_fragment, text_of


@pytest.mark.parametrize("line", ["Fri, 15 Nov 2024 03:36:16 GMT", "2024-03-05 07:08", "发布时间：2024年3月5日 07:08"])
def test_a_date_line_above_the_article_is_removed(line: str) -> None:
    assert text_of(f"<div><i>{line}</i></div><p>The gate.</p>") == "The gate."
    assert text_of(f"<p>The gate.</p><p>More.</p><p>{line}</p>").endswith(line)


@pytest.mark.parametrize(
    "footer",
    [
        "<br><hr><div>获取更多RSS：<br><a href='https://mirror.example'>https://mirror.example</a></div>",
        "<hr><p>The post <a href='/x'>The gate</a> appeared first on <a href='/'>The Quay</a>.</p>",
        "<p><a href='/x'>Continue reading</a></p>",
        "<p>Read more</p>",
        "<p>本文由 RSSHub 生成</p>",
    ],
)
def test_a_footer_is_removed(footer: str) -> None:
    content = clean_fragment(f"<p>The gate opens.</p><p>At eight.</p>{footer}")
    assert content.text == "The gate opens.\n\nAt eight."
    assert content.html == "<p>The gate opens.</p><p>At eight.</p>"


def test_a_link_to_another_article_does_not_end_the_article() -> None:
    html = "<p>The gate opens.</p><p>Read more: <a href='/x'>The quay</a></p><p>At eight.</p><p>So it is said.</p>"
    assert text_of(html).endswith("At eight.\n\nSo it is said.")


def test_text_like_a_footer_far_from_the_end_is_kept() -> None:
    html = "<p>Read more books, says Oda.</p>" + "".join(f"<p>Line {n}.</p>" for n in range(6))
    assert text_of(html).startswith("Read more books")
