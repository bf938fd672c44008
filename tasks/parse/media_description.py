"""media:description, which says what a picture or a video of an entry shows.

feedparser takes it for the entry's own text. So a report of The Rest of World's got the caption of its photograph for
a text, and NDTV's got theirs for a summary. Here it is kept apart, and is the text of an entry that has no other: of
YouTube's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAME = "media_description"
_TYPE = "media_description_type"


def keep_media_descriptions_apart(parser: Any) -> None:
    """Change feedparser's class of parsers."""
    parser._start_media_description = _start
    parser._end_media_description = _end


def _start(parser: Any, attributes: Mapping[str, str]) -> None:
    parser._get_context()[_TYPE] = attributes.get("type") or "plain"
    parser.push(_NAME, 1)


def _end(parser: Any) -> None:
    parser.pop(_NAME)


def media_text(raw: Mapping[str, Any]) -> Mapping[str, str]:
    """The description of an entry's picture or video, in the form of feedparser's contents; empty if there is none."""
    if not raw.get(_NAME):
        return {}
    return {"value": str(raw[_NAME]), "type": "text/html" if raw.get(_TYPE) == "html" else "text/plain"}
