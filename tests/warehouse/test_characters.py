from __future__ import annotations

import re
import unicodedata

import pytest

from warehouse.characters import UNPRINTABLE, UNPRINTABLE_IN_LINES, UNPRINTABLE_IN_XML

CONTROLS = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cc"}
NEVER = {*map(chr, range(0xD800, 0xE000)), "\ufffe", "\uffff"}
C1 = set(map(chr, range(0x80, 0xA0)))


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [(UNPRINTABLE, C1 | set("\t\n\r")), (UNPRINTABLE_IN_XML, set("\t\n\r")), (UNPRINTABLE_IN_LINES, set())],
)
def test_the_patterns_match_control_characters_and_what_no_text_holds(pattern: re.Pattern[str], kept: set[str]) -> None:
    matched = {character for character in map(chr, range(0x110000)) if pattern.match(character)}
    assert matched == (CONTROLS | NEVER) - kept
