"""An article stays its feed's: another feed's entry at the same address adds to it, or is an article of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tasks.making import FEED, Item, milled
from tests.warehouse.load.making import WIRE, articles, at, load_batch, rows, tables, versions
from warehouse.load.containment import contains, is_of_site, same_title, share_contained, tell_one_story
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection

STORY = (
    "The north gate of the harbour opens at eight from Monday on, the harbour master said. The hinges that the storm "
    "broke were replaced over the weekend, and the new ones are of bronze, as the old ones had been until the war."
)
FULLER_STORY = (
    f"{STORY} Whoever wants to pass earlier has to ring the bell at the guard house. The ferry to the islands leaves "
    "from the south quay until Thursday, and its first boat goes at half past six."
)
OTHER = (
    "Buy our new lamps: they are bright, they are cheap, and they come to your door within a day. Every lamp has a "
    "warranty of five years, a dimmer, and a switch that children can reach. Order two and the third one is free. "
    "Thousands of happy customers cannot be wrong, and none of them sits in the dark any more. Order before Sunday."
)
CHINESE = (
    "北门从星期一起早上八点开放，港务长说。被风暴损坏的铰链已在周末更换，"
    "新铰链和战前的旧铰链一样是青铜的，可以用上几十年。"
)

VICTIM = Item("The gate opens", f"<p>{STORY}</p>", "http://quay.example/story/1", "gate")
THIEF = Item("Lamps for everybody", f"<p>{OTHER}</p>", "http://www.quay.example/story/1/", "lamps")
MIRROR = replace(VICTIM, text=f"<p>{FULLER_STORY}</p>", link="https://m.quay.example/story/1", guid="mirror-1")


def test_shares() -> None:
    assert share_contained(STORY, FULLER_STORY) == 1.0
    assert 0.4 < share_contained(FULLER_STORY, STORY) < 0.7
    assert share_contained(STORY, OTHER) < 0.1
    assert share_contained(STORY.upper().replace(",", " –"), STORY) == 1.0
    assert share_contained(CHINESE, f"港口消息。{CHINESE}更多消息请见明天的报纸。") == 1.0
    assert share_contained("", STORY) == 1.0
    assert contains(FULLER_STORY, STORY)
    assert not contains(STORY, FULLER_STORY)


def test_one_story() -> None:
    assert tell_one_story("a", STORY, "b", FULLER_STORY)
    assert tell_one_story("a", FULLER_STORY, "b", STORY)
    assert not tell_one_story("The gate", STORY, "The gate", OTHER), "a title alone is anybody's"
    assert tell_one_story("The  GATE!", "Read more", "The gate", STORY)
    assert not tell_one_story("Lamps", "Read more", "The gate", STORY)
    assert same_title("港口 — 咖啡馆", "港口咖啡馆")


@pytest.mark.parametrize(
    ("feed", "article", "own"),
    [
        ("https://quay.example/feed", "http://www.quay.example/1", True),
        ("https://feeds.quay.example/all", "https://quay.example/1", True),
        ("https://rss.quay.example/feed", "https://feeds.quay.example/1", True),
        ("https://thief.quay.example/feed", "https://quay.example/1", False),
        ("http://127.0.0.1:8000/feed", "http://127.0.0.1:8000/1", True),
        ("http://127.0.0.1:8000/feed", "http://127.0.0.1:9000/1", False),
        ("https://notquay.example/feed", "https://quay.example/1", False),
        ("https://quay.example.thief.example/feed", "https://quay.example/1", False),
        ("https://wire.example/feed", "https://quay.example/1", False),
        ("https://quay.example@thief.example/feed", "https://quay.example/1", False),
        ("https://quay.example", "https://quay.example?story=1", True),
        ("http://[/", "https://quay.example/1", False),
        ("", "", False),
        ("https://quay.example/feed", None, False),
    ],
)
def test_a_feed_of_the_articles_own_site(feed: str, article: str | None, own: bool) -> None:
    assert is_of_site(feed, article) is own


def test_feeds_of_the_articles_own_site_are_believed(connection: Connection) -> None:
    """A publisher's second feed tells the story in other words: one article, with the fuller text."""
    brief = replace(FEED, id="brief", url="https://quay.example/brief.xml")
    digest = replace(
        VICTIM, title="In brief: the gate", text="<p>Gate to open, says Mr Brandt of the harbour.</p>", guid="b"
    )
    for feeds in ((FEED, VICTIM), (brief, digest)), ((brief, digest), (FEED, VICTIM)):
        (first_feed, first), (second_feed, second) = feeds
        load_batch(connection, milled(first, feed=first_feed), milled(second, feed=second_feed, at=at(1)))
        (article,) = articles(connection)
        assert (article["feed_id"], article["content_text"]) == (FEED.id, STORY)
        for table in ("clean.articles", "clean.article_versions", "clean.article_keys", "raw.entries"):
            connection.execute(f"DELETE FROM {table}")


def by_feed(connection: Connection) -> dict[str, list[tuple[str, int]]]:
    """feed_id → (title, version) of its articles."""
    found: dict[str, list[tuple[str, int]]] = {}
    for article in articles(connection):
        found.setdefault(article["feed_id"], []).append((article["title"], article["version"]))
    return found


@pytest.mark.parametrize("together", [False, True])
def test_another_text_at_the_same_address_is_another_article(connection: Connection, together: bool) -> None:
    victim, thief = milled(VICTIM), milled(THIEF, feed=WIRE, at=at(1))
    if together:
        counts = load_batch(connection, victim, thief)
        assert counts.new == 2
    else:
        load_batch(connection, victim)
        counts = load_batch(connection, thief)
        assert (counts.new, counts.changed, counts.unchanged) == (1, 0, 0)
    assert by_feed(connection) == {"quay": [("The gate opens", 1)], "wire": [("Lamps for everybody", 1)]}
    before = tables(connection, "raw", "clean")
    for document in (thief, victim, thief):
        load_batch(connection, document)
    assert tables(connection, "raw", "clean") == before


@pytest.mark.parametrize("guid", ["lamps", None])
def test_its_edits_are_versions_of_its_own_article(connection: Connection, guid: str | None) -> None:
    thief = replace(THIEF, guid=guid)
    load_batch(connection, milled(VICTIM))
    load_batch(connection, milled(thief, feed=WIRE, at=at(1)))
    counts = load_batch(connection, milled(replace(thief, text=f"<p>{OTHER} Today!</p>"), feed=WIRE, at=at(2)))
    assert (counts.new, counts.changed) == (0, 1)
    counts = load_batch(connection, milled(replace(VICTIM, text="<p>The gate opens at nine.</p>"), at=at(3)))
    assert (counts.new, counts.changed) == (0, 1)
    assert by_feed(connection) == {"quay": [("The gate opens", 2)], "wire": [("Lamps for everybody", 2)]}


def test_a_mirror_with_the_full_text_is_a_version(connection: Connection) -> None:
    load_batch(connection, milled(VICTIM))
    counts = load_batch(connection, milled(MIRROR, feed=WIRE, at=at(1)))
    assert (counts.new, counts.changed) == (0, 1)
    (article,) = articles(connection)
    assert (article["feed_id"], article["content_text"], article["version"]) == ("wire", FULLER_STORY, 2)
    assert [(v["feed_id"], v["content_text"]) for v in versions(connection)] == [
        ("quay", STORY),
        ("wire", FULLER_STORY),
    ]
    # the teaser comes again with every ingest, and hides nothing
    load_batch(connection, milled(VICTIM, at=at(2)))
    assert articles(connection)[0]["content_text"] == FULLER_STORY


def test_a_mirror_that_turns_into_something_else_changes_nothing(connection: Connection) -> None:
    load_batch(connection, milled(VICTIM))
    load_batch(connection, milled(MIRROR, feed=WIRE, at=at(1)))
    load_batch(connection, milled(replace(MIRROR, text=f"<p>{OTHER} {OTHER}</p>"), feed=WIRE, at=at(2)))
    (article,) = articles(connection)
    assert (article["content_text"], article["version"]) == (FULLER_STORY, 2)
    assert rows(connection, "SELECT count(*) AS n FROM raw.entries WHERE content_html LIKE '%lamps%'") == [{"n": 1}]


def test_a_teaser_in_another_feed_is_of_the_article(connection: Connection) -> None:
    load_batch(connection, milled(VICTIM))
    teaser = replace(VICTIM, text=f"<p>{STORY[:110]}</p>", guid="teaser")
    counts = load_batch(connection, milled(teaser, feed=WIRE, at=at(1)))
    assert (counts.new, counts.changed, counts.unchanged) == (0, 0, 1)
    assert by_feed(connection) == {"quay": [("The gate opens", 1)]}


def test_whoever_comes_first_keeps_no_other_from_being_there(connection: Connection) -> None:
    load_batch(connection, milled(THIEF, feed=WIRE))
    load_batch(connection, milled(VICTIM, at=at(1)))
    assert by_feed(connection) == {"quay": [("The gate opens", 1)], "wire": [("Lamps for everybody", 1)]}


texts = st.sampled_from(
    [STORY, STORY[:110], FULLER_STORY, OTHER, f"{OTHER} {STORY[:60]}", f"{STORY} {OTHER}", CHINESE, ""]
)
strangers = st.lists(st.tuples(texts, st.sampled_from(["The gate opens", "Lamps"]), st.booleans()), max_size=4)


@given(strangers)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_another_feed_brings_the_feeds_text_stays(
    tmp_path_factory: pytest.TempPathFactory, brought: list[tuple[str, str, bool]]
) -> None:
    """Its text is in a version of its article, and the current text contains it."""
    with Warehouse(tmp_path_factory.mktemp("stranger") / "newsmill.duckdb").writing() as connection:
        load_batch(connection, milled(VICTIM))
        for hour, (text, title, has_guid) in enumerate(brought, 1):
            item = replace(THIEF, title=title, text=f"<p>{text}</p>", guid="thief" if has_guid else None)
            load_batch(connection, milled(item, feed=WIRE, at=at(hour)))
        (entry,) = rows(connection, f"SELECT article_id FROM raw.entries WHERE feed_id = '{FEED.id}'")
        own = [each for each in versions(connection) if each["article_id"] == entry["article_id"]]
        assert (own[0]["feed_id"], own[0]["content_text"]) == (FEED.id, STORY)
        (article,) = [each for each in articles(connection) if each["article_id"] == entry["article_id"]]
        assert contains(article["content_text"], STORY)
