"""What feedparser makes of the test cases, in a process without newsmill, which changes some of its functions.

    python -m benchmarks.peer

Prints JSON: `entries`, how many it finds in each of the W3C validator's cases, and `types`, the media types of the
texts in each of its own.
"""

from __future__ import annotations

import io
import json
from typing import Any

import feedparser

from benchmarks.conformance import feedparser_cases, w3c_feeds


def read(data: bytes, headers: dict[str, str]) -> Any:
    """Its result; None if it raises an error."""
    try:
        return feedparser.parse(io.BytesIO(data), response_headers=headers)
    except Exception:  # it raises whatever a document makes it raise
        return None


def text_types(entry: Any) -> dict[str, str]:
    """`title`, `summary` and `content` → media type."""
    details = {"title": entry.get("title_detail"), "summary": entry.get("summary_detail")}
    details["content"] = next(iter(entry.get("content", ())), None)
    return {name: detail.get("type", "") for name, detail in details.items() if detail}


def main() -> None:
    entries, types = {}, {}
    for path, data in w3c_feeds():
        result = read(data, {"content-type": "application/xml"})
        entries[path] = len(result.entries) if result else 0
    for case in feedparser_cases():
        result = read(case.data, {"content-type": "application/xml", **case.headers})
        types[case.path] = [text_types(entry) for entry in result.entries] if result else []
    print(json.dumps({"entries": entries, "types": types}))


if __name__ == "__main__":
    main()
