"""An article's versions, current row and dates after a load."""

from __future__ import annotations

from dataclasses import replace

from tests.tasks.making import NOW, milled
from tests.warehouse.load.making import (
    CAFE,
    GATE,
    NINE,
    SHORT,
    SHUT,
    WIRE,
    articles,
    at,
    load_batch,
    rows,
    shape,
    text,
    versions,
)
from warehouse.store.transactions import Connection


def test_an_edit_is_a_second_version_and_a_change_back_a_third(connection: Connection) -> None:
    load_batch(connection, milled(GATE))
    assert load_batch(connection, milled(replace(GATE, text=SHUT), at=at(1))).changed == 1
    assert shape(connection) == [(1, text(NINE), NOW, at(1)), (2, text(SHUT), at(1), None)]
    (article,) = articles(connection)
    assert (article["version"], article["content_text"], article["first_seen_at"]) == (2, text(SHUT), NOW)
    assert load_batch(connection, milled(GATE, at=at(2))).changed == 1
    assert shape(connection)[1:] == [(2, text(SHUT), at(1), at(2)), (3, text(NINE), at(2), None)]
    (again,) = articles(connection)
    assert (again["version"], again["content_text"], again["article_id"]) == (3, text(NINE), article["article_id"])


def test_a_change_of_the_title_is_a_version(connection: Connection) -> None:
    load_batch(connection, milled(GATE))
    load_batch(connection, milled(replace(GATE, title="The gate is shut"), at=at(1)))
    assert [v["title"] for v in versions(connection)] == ["The gate is open", "The gate is shut"]


def test_an_article_that_left_the_feed_stays(connection: Connection) -> None:
    load_batch(connection, milled(GATE, CAFE))
    load_batch(connection, milled(CAFE, at=at(1)))
    assert [(a["title"], a["last_seen_at"]) for a in articles(connection)] == [
        ("The gate is open", NOW),
        ("港口咖啡馆", at(1)),
    ]


def test_a_date_the_feed_gave_is_kept_when_it_stops_giving_it(connection: Connection) -> None:
    load_batch(connection, milled(GATE))
    load_batch(connection, milled(replace(GATE, date=None, text=SHUT), at=at(1)))
    (article,) = articles(connection)
    assert (article["published_at"], article["published_known"]) == (NOW.replace(hour=8), True)


def test_a_date_the_feed_gave_is_kept_in_one_go_too(connection: Connection) -> None:
    load_batch(connection, milled(GATE), milled(replace(GATE, date=None, text=SHUT), at=at(1)))
    (article,) = articles(connection)
    assert (article["published_at"], article["published_known"]) == (NOW.replace(hour=8), True)


def test_without_a_date_it_is_published_when_it_was_first_seen(connection: Connection) -> None:
    undated = replace(GATE, date=None)
    load_batch(connection, milled(undated, at=at(2)))
    load_batch(connection, milled(undated, at=at(1)))
    (article,) = articles(connection)
    assert (article["published_at"], article["published_known"], article["first_seen_at"]) == (at(1), False, at(1))


def test_a_summary_in_another_feed_does_not_replace_the_text(connection: Connection) -> None:
    load_batch(connection, milled(replace(GATE, text=SHUT)))
    load_batch(connection, milled(replace(GATE, text=SHORT), feed=WIRE, at=at(1)))
    (article,) = articles(connection)
    assert (article["content_text"], article["feed_id"], article["version"]) == (text(SHUT), "quay", 1)
    assert article["last_seen_at"] == at(1)


def test_a_fuller_text_in_another_feed_does(connection: Connection) -> None:
    load_batch(connection, milled(replace(GATE, text=SHORT)))
    fuller = SHORT + SHUT
    load_batch(connection, milled(replace(GATE, text=fuller), feed=WIRE, at=at(1)))
    load_batch(connection, milled(replace(GATE, text=SHORT), at=at(2)))
    (article,) = articles(connection)
    assert (article["content_text"], article["feed_id"], article["version"]) == (
        f"{text(SHORT)}\n\n{text(SHUT)}",
        "wire",
        2,
    )
    assert [v["feed_id"] for v in versions(connection)] == ["quay", "wire"]


def test_the_current_row_is_the_newest_of_its_feed_whatever_another_feed_says(connection: Connection) -> None:
    old, new = (replace(GATE, text=SHUT, link=f"https://quay.example/gate?utm_source={n}", guid=n) for n in "ab")
    batch = [milled(old), milled(new, at=at(1)), milled(replace(GATE, text=SHORT, guid="w"), feed=WIRE, at=at(2))]
    load_batch(connection, *batch)
    (article,) = articles(connection)
    assert (article["content_text"], article["guid"]) == (text(SHUT), "b")


def test_an_old_document_does_not_take_the_newest_row_s_place(connection: Connection) -> None:
    """What lies between two sightings of the current text splits its version, and touches nothing else of it."""
    first, last = replace(GATE, text=SHUT, guid="a"), replace(GATE, text=SHUT, guid="b")
    load_batch(connection, milled(first))
    load_batch(connection, milled(last, at=at(2)))
    load_batch(connection, milled(replace(GATE, text=NINE, guid="a"), at=at(1)))
    (article,) = articles(connection)
    assert (article["content_text"], article["version"], article["guid"]) == (text(SHUT), 3, "b")


def test_a_repost_of_a_few_words_keeps_the_text_and_the_date(connection: Connection) -> None:
    whole = replace(GATE, text=SHUT * 40)
    load_batch(connection, milled(whole))
    for stub in ("<p>The gate stays shut.</p>", ""):
        repost = replace(GATE, text=stub, date="Fri, 20 Nov 2026 17:00:00 GMT")
        for hour in (5, 6):
            counts = load_batch(connection, milled(repost, at=at(hour)))
            assert (counts.new, counts.changed) == (0, 0)
    (article,) = articles(connection)
    assert (len(article["content_text"]), article["version"], article["last_seen_at"]) == (
        len(SHUT * 40) - 40 * len("<p></p>") + 39 * len("\n\n"),
        1,
        at(6),
    )
    assert article["published_at"] <= article["first_seen_at"]
    assert len(rows(connection, "FROM raw.entries")) == 3


def test_a_teaser_does_not_replace_the_text_that_it_begins(connection: Connection) -> None:
    load_batch(connection, milled(replace(GATE, text=NINE + SHUT * 3)))
    load_batch(connection, milled(replace(GATE, text=NINE), at=at(1)))
    (article,) = articles(connection)
    assert (article["content_text"].count("\n"), article["version"]) == (6, 1)


def test_files_of_one_time_are_versions_one_after_the_other(connection: Connection) -> None:
    """An archive may have an article twice under its time of publication."""
    first, second = (milled(replace(GATE, title=title), source="archive") for title in ("The gate", "The gate opens"))
    load_batch(connection, first, second)
    assert [v["title"] for v in versions(connection)] == ["The gate", "The gate opens"]
    assert all(v["valid_from"] < v["valid_to"] for v in versions(connection)[:-1])
    load_batch(connection, second, first)
    assert len(versions(connection)) == 2


def test_published_never_moves_past_first_seen(connection: Connection) -> None:
    """A backfill brings the article's earlier pages after the feed has stated when it was last posted."""
    load_batch(connection, milled(replace(GATE, date="Fri, 20 Nov 2026 11:00:00 GMT"), at=at(0)))
    earlier = replace(GATE, title="The gate opens", date="Thu, 19 Nov 2026 08:00:00 GMT")
    load_batch(connection, milled(earlier, at=at(-12), source="wayback"))
    (article,) = articles(connection)
    assert article["published_at"] <= article["first_seen_at"] == at(-12)
