"""Characters that no text holds: control characters, noncharacters and lone surrogates.

How much of the control characters goes depends on where the text is written.
"""

from __future__ import annotations

import re

_NEVER = r"\ud800-\udfff\ufffe\uffff"
"""Lone surrogates, which UTF-8 cannot encode, and noncharacters, which XML forbids."""

BIDI = r"\u202a-\u202e\u2066-\u2069"
BIDI_CONTROLS = re.compile(f"[{BIDI}]")
"""Not in titles and names of files: they turn round what follows, so that "gpj.exe" shows as "exe.jpg". The marks that
Arabic and Hebrew titles need (U+200E, U+200F, U+061C) turn nothing round."""
UNPRINTABLE = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f{_NEVER}]")
"""In what is stored. Tab and line ends stay; so does U+0080 to U+009F, which feeds hold by mistake for Windows-1252."""
UNPRINTABLE_IN_XML = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_NEVER}]")
"""In exported XML. Tab and line ends stay."""
UNPRINTABLE_IN_LINES = re.compile(rf"[\x00-\x1f\x7f-\x9f{_NEVER}]")
"""In names, addresses and messages, which are one line: no control character stays."""
