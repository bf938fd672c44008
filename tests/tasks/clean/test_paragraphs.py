from __future__ import annotations

from tests.tasks.clean.cleaning import text_of


def test_a_dateline_joins_its_paragraph() -> None:
    assert text_of("旧港 — <p>北闸开放。</p>") == "旧港 — 北闸开放。"
    assert text_of("<p><b>OLD PORT</b> — </p><p>The gate opens.</p>") == "OLD PORT — The gate opens."
    assert text_of("<p>So it goes.</p><p>The gate opens.</p>") == "So it goes.\n\nThe gate opens."
