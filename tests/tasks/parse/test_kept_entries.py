"""What is kept of a document is milled to the same as before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.kept_entries import kept_entries, parse_kept_entries
from tests.tasks.making import FEED, Item, document, milled, rss
from warehouse.records import Reject

EPISODE = Item(
    "第七集",
    "<p>灯塔 &amp; 船</p>",
    "https://quay.example/7",
    "7",
    extra='<enclosure url="https://media.quay.example/7.mp3" length="5000" type="audio/mpeg"/>'
    "<dc:creator>Oda Brandt</dc:creator><category>Häfen</category>",
)


def test_the_other_entries_are_milled_to_the_same() -> None:
    whole = milled(Item(), EPISODE)
    kept = kept_entries(whole, whole.entries[:1])
    assert b"gate" not in kept
    again = mill_bytes(kept, replace(document(kept), form="entries"), FEED)
    assert [replace(entry, document_id="") for entry in again.entries] == [
        replace(entry, document_id="") for entry in whole.entries[1:]
    ]
    assert again.entries[0].document_id == again.document.document_id != whole.document.document_id
    assert (again.articles, again.hints, again.about) == (whole.articles[1:], whole.hints, whole.about)
    assert kept_entries(again, ()) == kept, "a second time it is the same"


def test_rejects_stay_unless_they_name_what_is_forgotten() -> None:
    rejects = tuple(Reject("parse", "cut off", "quay", "d", f"entry 9: {name}") for name in ("gate", "tide"))
    kept = kept_entries(replace(milled(Item(), EPISODE), rejects=rejects), milled(Item()).entries)
    parsed = parse_kept_entries(kept, replace(document(kept), form="entries"))
    assert [reject.location for reject in parsed.rejects] == ["entry 9: tide"]


@pytest.mark.parametrize("data", [b"", b"{}", b'{"entries": [{"entry_id": 1}]}', rss(Item())])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match="not the entries that were kept"):
        parse_kept_entries(data, document(data))
