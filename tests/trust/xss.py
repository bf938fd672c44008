"""Markup that tries to run a script, to ask a server for something, or to look like the page around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

FILE = Path(__file__).with_name("vectors.txt")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})")


@dataclass(frozen=True)
class Vector:
    kind: str
    html: str
    """RAN stands for the call that tells that a script ran, SITE for the beginning of an address of the test's site."""

    def aimed(self, number: int, site: str) -> str:
        """The vector with its number, against this server."""
        return self.html.replace("RAN", f"ran({number})").replace("SITE", f"{site}/{number}")


_LOADED = (
    "img src=SITE/no",
    "svg",
    "body",
    "iframe src=SITE/f",
    "video src=SITE/v",
    "object data=SITE/o",
    "p tabindex=0",
)
_EVENTS = ("onload", "onerror", "autofocus onfocus", "onbegin")
_ADDRESS_PLACES = ('<a href="{}">x</a>', '<img src="{}">', '<iframe src="{}"></iframe>')
_ADDRESSES = ("javascript:RAN", "SITE/other")
_DEEP = (
    "<div>" * 600 + "<svg><style><a title='</style><img src=SITE/no onerror=RAN>'>" + "</div>" * 600,
    "<b>" * 130 + "<a href=javascript:RAN>x" + "<table><tr><td>" * 60 + "<img src=SITE/no onerror=RAN>",
    "<svg><desc>" * 200 + "<img src=SITE/no onerror=RAN>",
    "<math><mi>" * 200 + "<style><img title='</style><img src=SITE/no onerror=RAN>'>",
    "<p>" + "<table><td>" * 70 + "<svg></p><style><a title='</style><img src=SITE/no onerror=RAN>'>",
)
"""Parsers have limits of their own for depth, past which they move elements about."""


def _lines() -> dict[str, list[str]]:
    """Kind → its lines in the file."""
    kinds: dict[str, list[str]] = {}
    for section in FILE.read_text("utf-8").split("\n# ")[1:]:
        kind, *lines = section.split("\n")
        kinds[kind] = [_ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), line) for line in lines if line]
    return kinds


def _all() -> Iterator[Vector]:
    kinds = _lines()
    for scheme, place in product(kinds.pop("scheme"), _ADDRESS_PLACES):
        yield Vector("scheme", place.replace("{}", scheme.replace('"', "&quot;")))
    for place, address in product(kinds.pop("place"), _ADDRESSES):
        yield Vector("place", place.replace("{}", address))
    for element, event in product(_LOADED, _EVENTS):
        yield Vector("event", f"<{element} {event}=RAN>")
    for kind, lines in kinds.items():
        for line in lines:
            yield Vector(kind, line)
    for html in _DEEP:
        yield Vector("deep", html)


VECTORS: tuple[Vector, ...] = tuple(_all())
RUNNING = (
    "<script>RAN</script>",
    "<img src=SITE/no onerror=RAN>",
    "<svg onload=RAN></svg>",
    "<details open ontoggle=RAN>x</details>",
    "<iframe srcdoc='<script>parent.RAN</script>'></iframe>",
    "<link rel=stylesheet href=SITE/s.css>",
    "<object data=SITE/o></object>",
)
"""What does its harm in any browser if it is not cleaned; the first five run a script."""
