"""Export as an Atom feed."""

from __future__ import annotations

from dataclasses import replace

import feedparser
import pytest
from lxml import etree

from tests.tasks.making import milled
from tests.warehouse.export.making import CAFE, ELSEWHERE, GATE, UNDATED, WIRE, load_batch, publish_copy
from warehouse.errors import WarehouseError
from warehouse.export.atom import export_feed
from warehouse.store.connection import Warehouse


def test_atom(warehouse: Warehouse) -> None:
    load_batch(warehouse, milled(GATE, CAFE, replace(UNDATED, extra="<author>a@quay.example (林海)</author>")))
    news = publish_copy(warehouse)
    done = export_feed(news)
    read = feedparser.parse(done.data)
    assert not read.bozo
    assert read.version == "atom10"
    assert done.entries == len(read.entries) == 3
    times = [entry.published for entry in read.entries]
    assert times == sorted(times, reverse=True)
    cafe = read.entries[-1]
    assert (cafe.title, cafe.link, cafe.published) == (CAFE.title, CAFE.link, "2024-10-31T17:30:00+00:00")
    assert cafe.updated == cafe.published
    assert cafe.id.startswith("urn:uuid:")
    assert "重新开张" in cafe.content[0].value
    assert cafe.summary
    assert read.feed.updated == times[0]
    assert export_feed(news).data == done.data


def test_atom_of_authors_and_enclosures(warehouse: Warehouse) -> None:
    extra = (
        "<dc:creator>林海</dc:creator><dc:creator>Oda Brandt</dc:creator>"
        '<enclosure url="https://quay.example/7.mp3" length="5000" type="audio/mpeg"/>'
    )
    load_batch(warehouse, milled(replace(GATE, extra=extra)))
    (read,) = feedparser.parse(export_feed(publish_copy(warehouse)).data).entries
    assert [author.name for author in read.authors] == ["林海", "Oda Brandt"]
    (file,) = read.enclosures
    assert (file.href, file.length, file.type) == ("https://quay.example/7.mp3", "5000", "audio/mpeg")


def test_atom_of_a_query_with_other_types(warehouse: Warehouse) -> None:
    load_batch(warehouse, milled(GATE))
    news = publish_copy(warehouse)
    sql = """
        SELECT 'Gate' AS title, 'https://quay.example/' AS url, now() AS published_at, 'Oda' AS author,
            'Oda' AS authors, [3] AS enclosures
    """
    (read,) = feedparser.parse(export_feed(news, sql=sql).data).entries
    assert (read.author, read.get("enclosures", [])) == ("Oda", [])


def test_atom_of_a_site(warehouse: Warehouse) -> None:
    load_batch(warehouse, milled(GATE, CAFE), milled(ELSEWHERE, feed=WIRE))
    news = publish_copy(warehouse)
    read = feedparser.parse(export_feed(news, sites=["quay"], limit=1).data)
    assert [entry.title for entry in read.entries] == ["The gate is open"]
    whole = feedparser.parse(export_feed(news).data)
    assert read.feed.id != whole.feed.id
    assert read.entries[0].id in {entry.id for entry in whole.entries}
    with pytest.raises(WarehouseError, match="no articles of nowhere"):
        export_feed(news, sites=["nowhere"])


def test_atom_of_a_query(warehouse: Warehouse) -> None:
    load_batch(warehouse, milled(GATE))
    news = publish_copy(warehouse)
    sql = """
        SELECT * FROM (VALUES
            ('old' || chr(7), 'https://a.example/?a=1&b=<2>', DATE '2020-01-01', '<p>]]> & more</p>'),
            ('new & <b>bold</b>', 'javascript:alert(1)', DATE '2021-01-01', NULL),
            ('new & <b>bold</b>', 'javascript:alert(1)', DATE '2021-01-01', NULL),
            ('no date', 'https://a.example/3', NULL, NULL),
            ('', NULL, NULL, NULL)
        ) AS t(title, url, published_at, content_html)
    """
    done = export_feed(news, sql=sql, title="Mine")
    assert (done.entries, done.left_out) == (3, 2)
    etree.fromstring(done.data)
    read = feedparser.parse(done.data)
    assert read.feed.title == "Mine"
    assert [entry.id for entry in read.entries] == [
        entry.id for entry in feedparser.parse(export_feed(news, sql=sql.replace("'old'", "'older'")).data).entries
    ]
    new, old, undated = read.entries
    assert "javascript" not in done.data.decode()
    assert "bold" in new.title
    assert (old.title, old.link) == ("old", "https://a.example/?a=1&b=<2>")
    assert old.content[0].value == "<p>]]> & more</p>"
    assert "published" not in undated
    with pytest.raises(WarehouseError, match="the query gives no published_at, url"):
        export_feed(news, sql="SELECT title FROM clean.articles")
    with pytest.raises(WarehouseError, match="must be times, and one is 'soon'"):
        export_feed(news, sql="SELECT 'a' AS title, 'b' AS url, 'soon' AS published_at")
