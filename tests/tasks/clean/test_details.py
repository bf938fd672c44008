from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import clean_fragment, text_of

STORY = "<p>The gate opens at eight.</p>"


@pytest.mark.parametrize(
    "details",
    [
        '<div class="entry-meta"><span><a href="/by/oda">Oda</a></span> <a href="/c/quay">Quay</a> 1 Minute</div>',
        '<footer class="site entry-footer"><div><a href="/c/hafen">Hafen</a></div><div>Tore</div></footer>',
        '<div class="entry-author-wrapper"><div><b>发布于</b> <time>2024年5月3日</time></div></div>',
        '<div class="post-meta"><img src="/oda.jpg"><p>Por Oda</p><ul><li><a href="/c/1">Puertas</a></li></ul></div>',
    ],
)
def test_who_wrote_an_entry_and_when_is_no_text_of_it(details: str) -> None:
    assert text_of(f"<article>{details}{STORY}</article>") == "The gate opens at eight."
    assert clean_fragment(f"<article>{STORY}{details}</article>").html == STORY


def test_a_sentence_there_stays() -> None:
    html = f'{STORY}<div class="entry-footer"><p>Oda is the master of the quay.</p><p>Filed under: Gates</p></div>'
    assert text_of(html) == "The gate opens at eight.\n\nOda is the master of the quay."
