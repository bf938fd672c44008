from __future__ import annotations

import re

import pytest

from tests.tasks.clean.cleaning import clean_fragment, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<ol><li>one</li><ol><li>deep</li><li>last</li></ol><li>two</li></ol>",
            "1. one\n   1. deep\n   2. last\n2. two",
        ),
        ("<ul><li>一</li><ul><li>二<ul><li>三</li></ul></li></ul><br><li>四</li></ul>", "- 一\n  - 二\n    - 三\n- 四"),
        ("<ul><ul><li>indented</li></ul></ul>", "- indented"),
        ("<ul>Needed:<li>oars</li></ul>", "Needed:\n\n- oars"),
        ("<ol><li>one</li><p>Wait.</p><li>two</li></ol>", "1. one\n\nWait.\n\n2. two"),
        ("<dl><div><dt>gate</dt><dd>north</dd></div><div><dt>quay</dt></div></dl>", "gate\n  north\nquay"),
    ],
)
def test_what_is_right_inside_a_list_stays_where_it_is(html: str, text: str) -> None:
    content = clean_fragment(html)
    assert content.text == text
    assert text_of(content.html) == text


def test_images_in_a_list_stand_below_it_and_do_not_divide_it() -> None:
    image = '<img src="https://quay.example/boat.jpg">'
    html = clean_fragment(f"<ul><li>one{image}</li>{image.replace('boat', 'oar')}<li>two</li></ul>").html
    assert re.sub(r"</?p>", "", html) == (
        "<ul><li>one</li><li>two</li></ul>"
        '<figure><img src="https://quay.example/boat.jpg"></figure><figure><img src="https://quay.example/oar.jpg"></figure>'
    )
