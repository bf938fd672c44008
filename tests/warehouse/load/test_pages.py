"""Articles' own pages in the warehouse: which are wanted, what reading them gives, when they are asked again."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from more_itertools import chunked

from tasks.mill.document import mill_bytes
from tests.sites.teasers import Story, story_page
from tests.tasks.making import FEED, NOW, Item, document, milled
from tests.warehouse.load.making import Rows, articles, load_batch, rows, tables, versions
from warehouse.load.operations import record_fetches
from warehouse.load.pages import (
    GonePage,
    PagePolicy,
    due_pages,
    plan_pages,
    record_answers,
    record_robots,
    stored_robots,
)
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.records import Feed, FeedState, Fetch, Milled, PageRequest
from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import migrations
from warehouse.store.transactions import Connection

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = (3600.0, 6 * 3600.0, 86_400.0, 7 * 86_400.0)
TEASER = "<p>The gate opens at nine …</p>"
PARAGRAPHS = tuple(
    f"Paragraph {number} of the report on the gate: {words}, says the harbour master, and that will not change soon."
    for number, words in enumerate(
        ("it opens at nine on Monday", "divers have cleared the sill", "the ferry waits outside until then"), start=1
    )
)
EDITED = (
    *PARAGRAPHS[:2],
    "Correction: the ferry does not wait; it went out an hour before, and nobody had told the master.",
)
OTHER = Feed("wire", "The Wire", "https://quay.example/wire.xml", language="en")


def item(number: int = 1, text: str = TEASER, **fields: object) -> Item:
    link = f"https://quay.example/story/{number}"
    title = f"North gate report {number}"
    return replace(Item(title, text, link, f"story-{number}"), **fields)  # type: ignore[arg-type]


def plan(
    connection: Connection, now: datetime, *, policy: Any = "auto", feeds: Sequence[Feed] = (FEED,), days: float = 30
) -> list[GonePage]:
    policies = [PagePolicy(feed.id, policy, STEPS) for feed in feeds]
    return plan_pages(connection, policies, now=now, days=days, gone_after=DAY.total_seconds())


def due(connection: Connection, now: datetime, **options: Any) -> list[PendingPage]:
    options = {"limit": 100, "per_host": 100, "since": now, "feeds": None, **options}
    policy = options.pop("policy", "auto")
    of = [PagePolicy(feed.id, policy, STEPS) for feed in (FEED, OTHER)]
    return due_pages(connection, of, now=now, **options)


def read(
    asked: PageRequest,
    now: datetime,
    paragraphs: Sequence[str] = PARAGRAPHS,
    *,
    title: str | None = None,
    status: int = 200,
    final_url: str | None = None,
    feed: Feed = FEED,
) -> Milled:
    """What reading the page gives, `paragraphs` on it."""
    data = b""
    if status == 200:
        data = story_page(Story("", title or asked.title, "", tuple(paragraphs)), asked.url).body
    landed = document(data, feed=feed, at=now, content_type="text/html; charset=utf-8", source="page")
    landed = replace(
        landed,
        url=asked.url,
        final_url=final_url or asked.url,
        status=status,
        headers={"content-type": "text/html; charset=utf-8", "etag": '"1"'},
        form="page",
        request=asked,
    )
    return mill_bytes(data, landed, feed)


def ask(connection: Connection, now: datetime, paragraphs: Sequence[str] = PARAGRAPHS, **answer: Any) -> list[Milled]:
    """Plan, ask for each page that is due, and load what came."""
    plan(connection, now)
    found = [read(page.request, now, paragraphs, **answer) for page in due(connection, now)]
    load_batch(connection, *found)
    return found


def pages(connection: Connection) -> Rows:
    return rows(connection, "FROM clean.pages ORDER BY url")


def page(connection: Connection) -> dict[str, Any]:
    (only,) = pages(connection)
    return only


# --- which are wanted -----------------------------------------------------------------------------------------------


def wanted(connection: Connection, **options: Any) -> list[str]:
    plan(connection, NOW, **options)
    return [row["url"].rpartition("/")[2] for row in pages(connection)]


def test_an_article_with_a_teaser_wants_its_page(connection: Connection) -> None:
    whole = "".join(f"<p>{text}</p>" for text in PARAGRAPHS * 4)
    load_batch(connection, milled(item(1), item(2, whole)))
    assert wanted(connection) == ["1"]
    assert wanted(connection) == ["1"], "once"
    (row,) = pages(connection)
    assert (row["status"], row["attempts"], row["missing_count"], row["feed_title"]) == ("pending", 0, 0, item(1).title)


def test_whether_pages_are_wanted_is_the_feed_s_policy(connection: Connection) -> None:
    whole = "".join(f"<p>{text}</p>" for text in PARAGRAPHS * 4)
    load_batch(connection, milled(item(1), item(2, whole)))
    assert wanted(connection, policy="never") == []
    assert due(connection, NOW, policy="never") == []
    assert wanted(connection, policy="always") == ["1", "2"]
    assert due(connection, NOW, policy="never") == []


def test_old_articles_want_no_page(connection: Connection) -> None:
    load_batch(connection, milled(item(1), at=NOW - 3 * DAY), milled(item(2), at=NOW - DAY))
    assert wanted(connection, days=2) == ["2"]
    assert wanted(connection, days=4) == ["1", "2"]


@pytest.mark.parametrize(
    "link",
    [
        *("https://quay.example/", "https://quay.example", "ftp://quay.example/gate", "https://quay.example/gate.mp3"),
        *("https://quay.example/film.MP4?x=1", "https://quay.example/photo.jpeg", None),
    ],
)
def test_what_is_no_article_s_page_is_not_asked_for(connection: Connection, link: str | None) -> None:
    load_batch(connection, milled(item(1, link=link)))
    assert wanted(connection, policy="always") == []


def test_the_request_has_what_the_feed_says(connection: Connection) -> None:
    extra = "<dc:creator>Oda Brandt</dc:creator><category>harbour</category>"
    load_batch(connection, milled(item(1, extra=extra)))
    plan(connection, NOW)
    (pending,) = due(connection, NOW)
    (article,) = articles(connection)
    request = pending.request
    assert (pending.article_id, pending.feed_id, pending.etag, pending.attempts) == (
        article["article_id"],
        "quay",
        None,
        0,
    )
    assert (request.url, request.title, request.guid) == (item(1).link, item(1).title, "story-1")
    assert (request.authors, request.categories) == (("Oda Brandt",), ("harbour",))
    assert request.published_at
    assert datetime.fromisoformat(request.published_at) == NOW.replace(hour=8)
    assert (request.text, request.page_title, request.source) == (article["content_text"], None, "feed")


def test_limits_take_from_each_host_in_turn_the_newest_first(connection: Connection) -> None:
    load_batch(connection, milled(item(1), item(2), at=NOW - HOUR), milled(item(3), at=NOW))
    load_batch(connection, milled(item(4, link="https://ferry.example/4"), at=NOW))
    plan(connection, NOW)
    assert {p.request.url for p in due(connection, NOW, limit=2)} == {item(3).link, "https://ferry.example/4"}
    assert len(due(connection, NOW, per_host=1)) == 2
    assert [p.request.url for p in due(connection, NOW, refused_hosts=["quay.example"])] == ["https://ferry.example/4"]
    assert due(connection, NOW, feeds=["wire"]) == []
    assert len(due(connection, NOW, feeds=["quay"])) == 4


# --- what reading gives ---------------------------------------------------------------------------------------------


def test_a_page_completes_its_article(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW + HOUR)
    (article,) = articles(connection)
    assert article["content_text"] == "\n\n".join(PARAGRAPHS)
    assert (article["version"], article["text_source"], article["teaser"], article["guid"]) == (
        1,
        "page",
        None,
        "story-1",
    )
    assert (article["first_seen_at"], article["last_seen_at"]) == (NOW, NOW), "a feed's sightings only"
    (version,) = versions(connection)
    assert (version["valid_from"], version["text_source"]) == (NOW, "page")
    row = page(connection)
    assert (row["status"], row["http_status"], row["etag"], row["title"]) == ("stored", 200, '"1"', item().title)
    assert (row["fetched_at"], row["first_fetched_at"]) == (NOW + HOUR, NOW + HOUR)
    assert (row["words"], row["is_free"]) == (article["word_count"], True)
    (kept,) = rows(connection, f"FROM raw.documents WHERE document_id = '{row['document_id']}'")
    assert (kept["form"], kept["source"]) == ("page", "page")
    texts = rows(connection, "SELECT word_count FROM raw.entries ORDER BY word_count")
    assert [entry["word_count"] for entry in texts] == [row["feed_words"], row["words"]], "what the feed gave stays"


def test_the_teaser_seen_again_changes_nothing(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW + HOUR)
    before = (versions(connection), page(connection)["next_try_at"])
    load_batch(connection, milled(item(), at=NOW + 2 * HOUR))
    assert articles(connection)[0]["text_source"] == "page"
    assert [v["content_hash"] for v in versions(connection)] == [v["content_hash"] for v in before[0]]
    assert page(connection)["next_try_at"] == before[1]


def test_a_page_of_an_article_that_is_not_there_is_left(connection: Connection) -> None:
    request = PageRequest("https://quay.example/story/9", "North gate report 9", guid="story-9")
    load_batch(connection, read(request, NOW))
    assert articles(connection) == pages(connection) == []


def test_entries_that_share_an_address_keep_their_own_pages(connection: Connection) -> None:
    """A live blog's posts have its address; each is asked for, and none takes another's text."""
    link = "https://quay.example/story/1"
    load_batch(connection, milled(item(1), item(2, link=link, text="<p>The ferry leaves …</p>")))
    plan(connection, NOW)
    asked = due(connection, NOW)
    assert len({page.article_id for page in asked}) == len(asked) == 2
    load_batch(connection, *(read(page.request, NOW + HOUR) for page in asked))
    assert [article["guid"] for article in articles(connection)] == ["story-1", "story-2"]
    assert len(versions(connection)) == 2
    assert {row["article_id"] for row in pages(connection)} == {page.article_id for page in asked}


def test_an_edit_of_the_page_is_a_version(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW + HOUR)
    (reading,) = ask(connection, NOW + 2 * HOUR, EDITED)
    assert reading.page
    assert [v["content_text"].rpartition("\n")[2] for v in versions(connection)] == [PARAGRAPHS[-1], EDITED[-1]]
    assert [v["valid_from"] for v in versions(connection)] == [NOW, NOW + 2 * HOUR]
    assert articles(connection)[0]["version"] == 2


def test_an_edited_headline_on_the_page_is_a_version(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW + HOUR)
    ask(connection, NOW + 2 * HOUR, title="North gate report 1, corrected")
    assert [v["title"] for v in versions(connection)] == [item().title, "North gate report 1, corrected"]
    ask(connection, NOW + 7 * HOUR, title="North gate report 1, corrected")
    assert len(versions(connection)) == 2


def test_an_edit_in_the_feed_has_the_page_asked_again_with_the_new_title(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW + HOUR)
    assert due(connection, NOW + HOUR + timedelta(minutes=9)) == []
    new = "Report 1 on the north gate"
    load_batch(connection, milled(item(title=new), at=NOW + HOUR + timedelta(minutes=9)))
    plan(connection, NOW + HOUR + timedelta(minutes=10))
    (pending,) = due(connection, NOW + HOUR + timedelta(minutes=10))
    assert (pending.request.title, pending.request.page_title) == (new, None)
    assert (pending.etag, pending.last_modified) == (None, None), "unconditionally"
    load_batch(connection, read(pending.request, NOW + HOUR + timedelta(minutes=11), EDITED, title=new))
    assert [(v["title"], v["text_source"]) for v in versions(connection)] == [(item().title, "page"), (new, "page")]
    assert page(connection)["title"] == new


def test_an_edit_is_silent_only_if_the_feed_does_not_show_it(connection: Connection) -> None:
    """Where the feed's teaser was edited, too, its page's new text still counted as silent."""
    load_batch(connection, milled(item()))
    ask(connection, NOW + HOUR)
    load_batch(connection, milled(item(text="<p>The gate opens at ten …</p>"), at=NOW + 2 * HOUR))
    ask(connection, NOW + 2 * HOUR + timedelta(minutes=1), EDITED)
    ask(connection, NOW + 9 * HOUR, (*EDITED, "A second correction: the master had been told after all, by letter."))
    expected = [(1, False), (2, False), (3, True)]
    assert [(v["version"], v["is_silent"]) for v in versions(connection)] == expected
    edits = connection.execute("SELECT version, is_silent FROM marts.edited_articles ORDER BY version").fetchall()
    assert edits == expected[1:]
    (migration,) = [sql for number, _, sql in migrations() if number == 77]
    connection.execute("UPDATE clean.article_versions SET is_silent = NULL")
    connection.execute(migration)
    assert [(v["version"], v["is_silent"]) for v in versions(connection)] == expected, "so do those that were loaded"


def test_a_fuller_text_of_the_feed_takes_the_page_s_place(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW + HOUR)
    whole = "".join(f"<p>{text}</p>" for text in (*PARAGRAPHS, *EDITED, *PARAGRAPHS))
    load_batch(connection, milled(item(text=whole), at=NOW + 2 * HOUR))
    (article,) = articles(connection)
    assert (article["version"], article["text_source"]) == (1, "feed")


def test_two_feeds_of_an_article_want_its_page_once(connection: Connection) -> None:
    load_batch(connection, milled(item()), milled(item(), feed=OTHER, at=NOW + timedelta(minutes=1)))
    plan(connection, NOW, feeds=(FEED, OTHER))
    (pending,) = due(connection, NOW + HOUR)
    load_batch(connection, read(pending.request, NOW + HOUR))
    load_batch(connection, milled(item(), feed=OTHER, at=NOW + 2 * HOUR), milled(item(), at=NOW + 2 * HOUR))
    (article,) = articles(connection)
    assert (article["version"], article["text_source"]) == (1, "page")
    plan(connection, NOW + 2 * HOUR, feeds=(FEED, OTHER))
    assert len(pages(connection)) == 1


def test_a_pdf_in_the_page_s_place_is_an_enclosure(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    plan(connection, NOW)
    (pending,) = due(connection, NOW)
    data = b"%PDF-1.7\n"
    pdf = replace(read(pending.request, NOW).document, headers={"content-type": "application/pdf"})
    for _ in range(2):
        load_batch(connection, mill_bytes(data, pdf, FEED))
    found = rows(connection, "SELECT url, media_type FROM clean.enclosures")
    assert found == [{"url": item().link, "media_type": "application/pdf"}]
    assert page(connection)["status"] == "skipped"
    assert "PDF" in page(connection)["error"]


# --- when they are asked again --------------------------------------------------------------------------------------


def test_the_schedule_slows_down(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    first = NOW + HOUR
    ask(connection, first)
    for step in STEPS:
        plan(connection, first)
        moment = first + timedelta(seconds=step)
        assert page(connection)["next_try_at"] == moment
        assert due(connection, moment - timedelta(seconds=1)) == []
        ask(connection, moment)
    plan(connection, first + 30 * DAY)
    assert page(connection)["next_try_at"] is None, "and ends"


def test_a_step_that_was_missed_is_not_made_up_for(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW)
    ask(connection, NOW + 2 * DAY)
    plan(connection, NOW + 2 * DAY)
    assert page(connection)["next_try_at"] == NOW + 7 * DAY


def answer(pending: PendingPage, at: datetime, outcome: Any, *, may_help: bool = True, **more: Any) -> PageAnswer:
    return PageAnswer(
        pending, at, outcome, error=None if outcome == "not-modified" else "why", may_help=may_help, **more
    )


def record(connection: Connection, *answers: PageAnswer) -> None:
    record_answers(connection, answers, max_attempts=3)


def test_a_page_that_has_not_changed_is_asked_at_the_next_step(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW)
    plan(connection, NOW)
    (pending,) = due(connection, NOW + HOUR)
    assert pending.etag == '"1"'
    record(connection, answer(pending, NOW + HOUR, "not-modified", http_status=304))
    plan(connection, NOW + HOUR)
    row = page(connection)
    assert (row["status"], row["http_status"], row["error"], row["attempts"]) == ("stored", 304, None, 0)
    assert row["next_try_at"] == NOW + 6 * HOUR


def test_a_failure_is_tried_again_later_and_later_and_then_no_more(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    plan(connection, NOW)
    moment = NOW
    for wait in (HOUR, 4 * HOUR, None):
        (pending,) = due(connection, moment + timedelta(seconds=1))
        record(connection, answer(pending, moment, "failed"))
        plan(connection, moment)
        row = page(connection)
        assert (row["status"], row["error"]) == ("failed", "why")
        assert row["next_try_at"] == (moment + wait if wait else None)
        moment = row["next_try_at"]
    assert due(connection, NOW + 30 * DAY) == []


@pytest.mark.parametrize(
    ("outcome", "status"), [("skipped", "skipped"), ("forbidden", "forbidden"), ("failed", "failed")]
)
def test_what_no_repetition_can_help_is_not_asked_again(connection: Connection, outcome: Any, status: str) -> None:
    load_batch(connection, milled(item()))
    plan(connection, NOW)
    (pending,) = due(connection, NOW)
    record(connection, answer(pending, NOW, outcome, may_help=False))
    plan(connection, NOW)
    assert (page(connection)["status"], page(connection)["next_try_at"]) == (status, None)
    assert due(connection, NOW + 30 * DAY) == []


def test_a_page_that_was_read_stays_stored_whatever_answers_later(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW)
    plan(connection, NOW)
    (pending,) = due(connection, NOW + HOUR)
    record(connection, answer(pending, NOW + HOUR, "forbidden", http_status=403))
    row = page(connection)
    assert (row["status"], row["http_status"], row["error"]) == ("stored", 403, "why")
    assert articles(connection)[0]["text_source"] == "page"


def test_a_run_asks_for_each_page_once(connection: Connection) -> None:
    load_batch(connection, milled(item()))
    ask(connection, NOW)
    load_batch(connection, milled(item(title="North gate report 1, new"), at=NOW + HOUR))
    assert due(connection, NOW + HOUR, since=NOW) == []
    assert len(due(connection, NOW + HOUR, since=NOW + HOUR)) == 1


# --- what a feed's pages teach --------------------------------------------------------------------------------------


def many(count: int = 6, text: str = TEASER, first: int = 1) -> list[Item]:
    return [item(number, text) for number in range(first, first + count)]


def know_feed(connection: Connection, feed: Feed = FEED, at: datetime = NOW) -> None:
    """The feed was fetched then."""
    fetch = Fetch(feed.id, feed.url, at, 0.1, "fetched", status=200)
    record_fetches(connection, [(feed, fetch, FeedState(feed.id, feed.url))], run_id=str(at))


def learned(connection: Connection) -> str | None:
    (row,) = rows(connection, "SELECT full_text, full_text_reason FROM ops.feeds")
    assert row["full_text_reason"] or row["full_text"] is None
    return None if row["full_text"] is None else str(row["full_text"])


LONG = "".join(f"<p>{text}</p>" for text in PARAGRAPHS * 4)


def test_a_feed_of_teasers_is_known_by_its_pages(connection: Connection) -> None:
    """From then on the pages of all its articles are fetched, however whole their texts look."""
    know_feed(connection)
    load_batch(connection, milled(*many(4)))
    ask(connection, NOW)
    plan(connection, NOW)
    assert learned(connection) is None, "four pages are too few to tell"
    load_batch(connection, milled(*many(1, first=5), at=NOW + HOUR))
    ask(connection, NOW + HOUR)
    load_batch(connection, milled(item(9, LONG), at=NOW + 2 * HOUR))
    plan(connection, NOW + 2 * HOUR)
    assert learned(connection) == "teaser"
    assert item(9).link in {row["url"] for row in pages(connection)}


def test_a_feed_of_short_but_whole_texts_is_known_by_its_pages(connection: Connection) -> None:
    know_feed(connection)
    text = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    load_batch(connection, milled(*many(6, text)))
    ask(connection, NOW, (*PARAGRAPHS, "So much for now, the harbour master adds."))
    load_batch(connection, milled(item(9, text), at=NOW + HOUR))
    plan(connection, NOW + HOUR)
    assert learned(connection) == "whole"
    assert item(9).link not in {row["url"] for row in pages(connection)}
    assert {article["text_source"] for article in articles(connection)} == {"feed"}
    load_batch(connection, milled(item(10, text), at=NOW + 40 * DAY))
    plan(connection, NOW + 40 * DAY)
    assert learned(connection) is None, "feeds change: after a month some pages are looked at again"
    plan(connection, NOW + 40 * DAY)
    assert item(10).link in {row["url"] for row in pages(connection)}


def test_a_site_that_refuses_is_left_alone_for_a_week(connection: Connection) -> None:
    know_feed(connection)
    load_batch(connection, milled(*many(6)))
    plan(connection, NOW)
    record(connection, *(answer(page, NOW, "forbidden", may_help=False) for page in due(connection, NOW)))
    load_batch(connection, milled(item(9), at=NOW + HOUR))
    plan(connection, NOW + HOUR)
    assert learned(connection) == "refused"
    assert item(9).link not in {row["url"] for row in pages(connection)}
    plan(connection, NOW + 8 * DAY)
    assert item(9).link in {row["url"] for row in pages(connection)}, "then it is tried again"


# --- gone -----------------------------------------------------------------------------------------------------------


def stored_pages(connection: Connection, count: int = 6) -> None:
    know_feed(connection)
    load_batch(connection, milled(*many(count)))
    ask(connection, NOW)


def answer_all(connection: Connection, now: datetime, missing: Sequence[int], **how: Any) -> list[GonePage]:
    """Ask for what is due; these stories are missing. Returns those that are gone."""
    know_feed(connection, at=now)
    plan(connection, now)
    found = []
    for pending in due(connection, now):
        is_missing = int(pending.request.url.rpartition("/")[2]) in missing
        found.append(read(pending.request, now, **(({"status": 404} | how) if is_missing else {})))
    load_batch(connection, *found)
    return plan(connection, now)


@pytest.mark.parametrize("how", [{}, {"status": 410}, {"status": 200, "final_url": "https://quay.example/"}])
def test_a_page_that_is_missing_twice_a_day_apart_is_gone(connection: Connection, how: dict[str, Any]) -> None:
    stored_pages(connection)
    assert answer_all(connection, NOW + HOUR, [2], **how) == []
    row = next(row for row in pages(connection) if row["url"] == item(2).link)
    assert (row["status"], row["missing_count"], row["missing_since"]) == ("stored", 1, NOW + HOUR)
    assert row["next_try_at"] == NOW + HOUR + DAY
    assert answer_all(connection, NOW + 6 * HOUR, [2], **how) == []
    (gone,) = answer_all(connection, NOW + HOUR + DAY, [2], **how)
    assert gone.url == item(2).link
    assert gone.reason
    row = next(row for row in pages(connection) if row["url"] == item(2).link)
    assert (row["status"], row["gone_at"], row["gone_reason"]) == ("gone", NOW + HOUR + DAY, gone.reason)
    assert articles(connection)[1]["content_text"] == "\n\n".join(PARAGRAPHS), "its text stays"
    assert answer_all(connection, NOW + 2 * DAY, [2], **how) == [], "told once"
    assert len(rows(connection, "FROM marts.removed_articles")) == 1


def test_a_page_that_is_there_again_was_never_gone(connection: Connection) -> None:
    stored_pages(connection)
    answer_all(connection, NOW + HOUR, [2])
    assert answer_all(connection, NOW + HOUR + DAY, []) == []
    row = next(row for row in pages(connection) if row["url"] == item(2).link)
    assert (row["status"], row["missing_count"], row["missing_since"]) == ("stored", 0, None)
    assert answer_all(connection, NOW + 7 * DAY, [2]) == [], "it counts anew"


def test_a_page_that_failed_between_is_still_missing_since_it_was(connection: Connection) -> None:
    stored_pages(connection)
    answer_all(connection, NOW + HOUR, [2])
    (pending,) = [page for page in due(connection, NOW + HOUR + DAY) if page.request.url == item(2).link]
    record(connection, answer(pending, NOW + HOUR + DAY, "failed"))
    assert answer_all(connection, NOW + 3 * HOUR + DAY, [2])


def test_a_gone_page_that_is_there_again_is_not_gone_any_more(connection: Connection) -> None:
    stored_pages(connection)
    answer_all(connection, NOW + HOUR, [2])
    assert answer_all(connection, NOW + HOUR + DAY, [2])
    assert rows(connection, "FROM marts.removed_articles")
    load_batch(connection, milled(item(2, title="North gate report 2, restored"), at=NOW + 2 * DAY))
    answer_all(connection, NOW + 2 * DAY + HOUR, [])
    row = next(row for row in pages(connection) if row["url"] == item(2).link)
    assert (row["status"], row["back_at"], row["missing_count"]) == ("stored", NOW + 2 * DAY + HOUR, 0)
    ((back_at,),) = connection.execute("SELECT back_at FROM marts.removed_articles").fetchall()
    assert back_at == NOW + 2 * DAY + HOUR


def test_a_gone_page_is_asked_again_a_week_and_a_month_later_and_may_be_back(connection: Connection) -> None:
    """Only a change in the feed had it asked again: what was withdrawn for a correction stayed removed."""
    stored_pages(connection)
    answer_all(connection, NOW + HOUR, [2])
    gone_at = NOW + HOUR + DAY
    assert answer_all(connection, gone_at, [2])

    def asked(at: datetime) -> bool:
        plan(connection, at)
        return item(2).link in {page.request.url for page in due(connection, at)}

    assert not asked(gone_at + 7 * DAY - HOUR)
    assert asked(gone_at + 7 * DAY)
    assert answer_all(connection, gone_at + 7 * DAY, [2]) == [], "it is gone, as it was"
    assert not asked(gone_at + 30 * DAY - HOUR)
    assert asked(gone_at + 30 * DAY)
    answer_all(connection, gone_at + 30 * DAY, [])
    row = next(row for row in pages(connection) if row["url"] == item(2).link)
    assert (row["status"], row["gone_at"], row["back_at"]) == ("stored", gone_at, gone_at + 30 * DAY)
    assert not asked(gone_at + 90 * DAY)
    told = f"SELECT kind, seen_at FROM ops.article_events WHERE article_id = '{row['article_id']}' ORDER BY position"
    assert connection.execute(told).fetchall()[-2:] == [("removed", gone_at), ("edited", gone_at + 30 * DAY)]


def test_where_pages_are_never_asked_again_gone_ones_are_not_either(connection: Connection) -> None:
    stored_pages(connection)
    answer_all(connection, NOW + HOUR, [2])
    answer_all(connection, NOW + HOUR + DAY, [2])
    connection.execute("UPDATE clean.pages SET next_try_at = NULL")
    never = [PagePolicy(FEED.id, "auto", ())]
    plan_pages(connection, never, now=NOW + 40 * DAY, days=30, gone_after=DAY.total_seconds())
    assert {row["next_try_at"] for row in pages(connection)} == {None}


def test_a_page_that_was_never_read_may_be_gone_as_well(connection: Connection) -> None:
    know_feed(connection)
    load_batch(connection, milled(*many(6)))
    answer_all(connection, NOW, [2])
    row = next(row for row in pages(connection) if row["url"] == item(2).link)
    assert (row["status"], row["missing_count"]) == ("failed", 1)
    assert [gone.url for gone in answer_all(connection, NOW + DAY, [2])] == [item(2).link]


def test_an_outage_of_a_site_is_no_removal(connection: Connection) -> None:
    """A server that answers 404 to everything has not taken down six articles in one night."""
    stored_pages(connection)
    everything = range(1, 7)
    answer_all(connection, NOW + HOUR, everything)
    assert answer_all(connection, NOW + HOUR + DAY, everything) == []
    assert answer_all(connection, NOW + 3 * DAY, everything) == []
    assert {row["gone_at"] for row in pages(connection)} == {None}


def test_after_an_outage_those_that_are_still_missing_are_gone(connection: Connection) -> None:
    stored_pages(connection)
    answer_all(connection, NOW + HOUR, range(1, 7))
    gone = answer_all(connection, NOW + HOUR + DAY, [1, 2])
    assert sorted(page.url for page in gone) == [item(1).link, item(2).link]


def test_a_small_site_is_down_if_not_even_its_feed_answers(connection: Connection) -> None:
    stored_pages(connection, 1)
    for moment in (NOW + 2 * DAY, NOW + 4 * DAY):
        plan(connection, moment)
        load_batch(connection, *(read(page.request, moment, status=404) for page in due(connection, moment)))
        assert plan(connection, moment) == [], "its feed was last there two days ago"
    know_feed(connection, at=NOW + 4 * DAY)
    assert len(plan(connection, NOW + 4 * DAY)) == 1, "the feed answers: only the article is not there"


# --- order, repetition and batches ----------------------------------------------------------------------------------


REQUEST = PageRequest(str(item().link), str(item().title), guid="story-1", published_at=NOW.replace(hour=8).isoformat())


def happenings() -> list[Milled]:
    """A feed and a page over two days, as documents in the order of time."""
    again = replace(REQUEST, page_title=REQUEST.title)
    return [
        milled(item()),
        read(REQUEST, NOW + HOUR),
        milled(item(), at=NOW + 2 * HOUR),
        read(again, NOW + 3 * HOUR, EDITED),
        read(again, NOW + 5 * HOUR, status=404),
        milled(item(), feed=OTHER, at=NOW + 6 * HOUR),
        read(again, NOW + 7 * HOUR, EDITED),
        read(again, NOW + 30 * HOUR, status=410),
    ]


def differences(found: Rows, expected: Rows) -> dict[str, Any]:
    """The columns that differ, in the first row that does."""
    assert len(found) == len(expected)
    for row, other in zip(found, expected, strict=True):
        if row != other:
            return {name: (row[name], other[name]) for name in row if row[name] != other[name]}
    return {}


def contents(source: Path, target: Path, batches: Sequence[Sequence[Milled]]) -> dict[str, Rows]:
    """The tables of a new warehouse after these batches, but for what planning notes of the feed's text."""
    shutil.copy(source, target)
    with Warehouse(target).writing() as connection:
        for batch in batches:
            load_batch(connection, *batch)
        connection.execute("UPDATE clean.pages SET feed_hash = NULL, feed_words = NULL")
        return tables(connection, "raw", "clean")


def test_in_one_batch_or_in_many(empty: Path, tmp_path: Path) -> None:
    documents = happenings()
    whole = contents(empty, tmp_path / "whole.duckdb", [documents])
    for size in (1, 2, 3, 5):
        split = contents(empty, tmp_path / f"{size}.duckdb", list(chunked(documents, size)))
        for name in whole:
            assert differences(split[name], whole[name]) == {}, (name, size)
    (row,) = whole["clean.pages"]
    assert (row["status"], row["missing_count"], row["missing_since"]) == ("stored", 1, NOW + 30 * HOUR)


def test_the_same_again_changes_nothing(empty: Path, tmp_path: Path) -> None:
    documents = happenings()
    once = contents(empty, tmp_path / "once.duckdb", [documents])
    twice = contents(empty, tmp_path / "twice.duckdb", [documents[:5], documents, documents[3:], documents[-1:]])
    for name in once:
        assert differences(twice[name], once[name]) == {}, name


@given(st.permutations(range(1, 8)).filter(lambda order: order.index(1) < min(order.index(3), order.index(6))))
@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_late_documents_change_neither_text_nor_versions(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    """The article is there first, and its page before the edited one; all else comes in any order."""
    documents = happenings()
    folder = tmp_path_factory.mktemp("order")
    forward = contents(empty, folder / "forward.duckdb", [[each] for each in documents])
    mixed = contents(empty, folder / "mixed.duckdb", [documents[:1], *([documents[number]] for number in order)])
    for name in ("clean.articles", "raw.entries"):
        assert differences(mixed[name], forward[name]) == {}, name
    texts = [[(v["version"], v["content_hash"]) for v in each["clean.article_versions"]] for each in (mixed, forward)]
    assert texts[0] == texts[1]
    assert {row["article_id"] for row in mixed["clean.pages"]} == {row["article_id"] for row in forward["clean.pages"]}


# --- robots.txt -----------------------------------------------------------------------------------------------------


def test_robots_txt_is_kept_until_it_is_old(connection: Connection) -> None:
    address = "https://quay.example/robots.txt"
    record_robots(connection, {address: "Disallow: /a", "https://b.example/robots.txt": ""}, NOW)
    record_robots(connection, {address: "Disallow: /b"}, NOW + DAY)
    assert stored_robots(connection, NOW) == {address: "Disallow: /b", "https://b.example/robots.txt": ""}
    assert stored_robots(connection, NOW + timedelta(seconds=1)) == {address: "Disallow: /b"}
    assert stored_robots(connection, NOW + 2 * DAY) == {}
