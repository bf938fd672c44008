from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.load.versions import FULLER, Span, decide_versions

START = datetime(2026, 11, 20, tzinfo=UTC)


def at(hour: int) -> datetime:
    """Hours of a slow clock: no two of them fall into one run."""
    return START + timedelta(hours=2 * hour)


def seen(text: str, hour: int, *, feed: str = "quay", words: int = 100) -> Span:
    return Span(feed, text, words, at(hour), at(hour))


def shape(versions: list[Span]) -> list[tuple[str, str, int, int]]:
    """(feed, text, first hour, last hour) of each version."""
    hours = [
        ((v.first_seen - START) // timedelta(hours=2), (v.last_seen - START) // timedelta(hours=2)) for v in versions
    ]
    return [(v.feed_id, v.content_hash, *h) for v, h in zip(versions, hours, strict=True)]


def always(_content_hash: str, _other: str) -> bool:
    """Every text contains every other."""
    return True


def test_nothing_seen() -> None:
    assert decide_versions([]) == []


def test_seen_again_the_version_lasts_longer() -> None:
    assert shape(decide_versions([seen("a", 1), seen("a", 5), seen("a", 3)])) == [("quay", "a", 1, 5)]


def test_every_change_within_a_feed_is_a_version_a_change_back_too() -> None:
    assert shape(decide_versions([seen("a", 1), seen("b", 2), seen("b", 3), seen("a", 4)])) == [
        ("quay", "a", 1, 1),
        ("quay", "b", 2, 3),
        ("quay", "a", 4, 4),
    ]


def test_within_a_feed_a_shorter_text_replaces_a_longer_one() -> None:
    assert shape(decide_versions([seen("a", 1, words=900), seen("b", 2, words=100)]))[-1] == ("quay", "b", 2, 2)


def test_a_stub_of_a_text_does_not_replace_it() -> None:
    for words in (0, 4, 89):
        assert shape(decide_versions([seen("a", 1, words=900), seen("b", 2, words=words)])) == [("quay", "a", 1, 1)]
    assert shape(decide_versions([seen("a", 1, words=9), seen("b", 2, words=1)]))[-1] == ("quay", "b", 2, 2)
    assert shape(decide_versions([seen("a", 1, words=9), seen("b", 2, words=0)])) == [("quay", "a", 1, 1)]


def test_nor_does_a_teaser_of_it_whichever_came_first() -> None:
    full, teaser = seen("full", 2, words=900), seen("teaser", 4, words=200)
    has_all = {("full", "teaser")}.__contains__
    assert shape(decide_versions([full, teaser], has_all=lambda *texts: has_all(texts))) == [("quay", "full", 2, 2)]
    assert len(decide_versions([full, teaser])) == 2, "another text is an edit, however short"
    earlier = seen("teaser", 1, words=200)
    assert [v.content_hash for v in decide_versions([full, earlier], has_all=lambda *texts: has_all(texts))] == [
        "teaser",
        "full",
    ]


def test_no_two_versions_begin_at_the_same_time() -> None:
    versions = decide_versions([seen("c", 1), seen("a", 1), seen("b", 1), seen("a", 3)])
    assert len({version.first_seen for version in versions}) == len(versions) == 4
    assert decide_versions([*versions, seen("b", 1)]) == versions, "the same again"


def test_sightings_from_the_past_are_put_in_their_place() -> None:
    assert shape(decide_versions([seen("b", 5), seen("a", 1)])) == [("quay", "a", 1, 1), ("quay", "b", 5, 5)]
    assert shape(decide_versions([seen("a", 1), seen("a", 9), seen("b", 5)])) == [
        ("quay", "a", 1, 1),
        ("quay", "b", 5, 5),
        ("quay", "a", 9, 9),
    ]


def test_a_summary_in_another_feed_hides_nothing() -> None:
    spans = [seen("full", 1, words=900), seen("summary", 2, feed="wire", words=40), seen("full", 3, words=900)]
    assert shape(decide_versions(spans)) == [("quay", "full", 1, 3)]


def test_another_feed_s_text_replaces_it_only_when_markedly_fuller() -> None:
    for words, count in ((int(100 * FULLER), 1), (int(100 * FULLER) + 1, 2)):
        versions = decide_versions([seen("a", 1, words=100), seen("b", 2, feed="wire", words=words)], always)
        assert len(versions) == count


def test_the_first_feed_does_not_take_over_again_unless_it_is_fuller() -> None:
    spans = [seen("short", 1, words=40), seen("full", 2, feed="wire", words=900), seen("shorter", 3, words=39)]
    assert shape(decide_versions(spans, always)) == [("quay", "short", 1, 1), ("wire", "full", 2, 2)]


def test_the_same_text_in_another_feed_is_no_version() -> None:
    assert shape(decide_versions([seen("a", 1), seen("a", 2, feed="wire")])) == [("quay", "a", 1, 2)]


def soon(text: str, minute: int, *, feed: str = "quay", words: int = 100) -> Span:
    moment = START + timedelta(minutes=minute)
    return Span(feed, text, words, moment, moment)


def test_what_one_run_sees_in_two_feeds_are_two_versions() -> None:
    """No version is removed, also where a teaser feed and a mirror with the full text are fetched together."""
    both = [soon("short", 0, words=40), soon("full", 5, feed="wire", words=900)]
    for spans in (both, both[::-1]):
        first, second = decide_versions(spans, always)
        assert (first.feed_id, first.content_hash, first.first_seen) == ("quay", "short", START)
        assert (second.feed_id, second.content_hash) == ("wire", "full")


def test_what_one_run_sees_in_two_feeds_of_a_site_is_one_version_the_fuller_text() -> None:
    """Which of the two was fetched first means nothing: a run that was killed may fetch them the other way round."""
    both = [soon("short", 0, words=40), soon("full", 5, feed="wire", words=900)]
    for spans in (both, both[::-1]):
        (version,) = decide_versions(spans, publishers={"quay", "wire"})
        assert (version.feed_id, version.content_hash, version.first_seen) == ("wire", "full", START)
    versions = decide_versions(
        [seen("short", 1, words=40), seen("full", 2, feed="wire", words=900)], publishers={"quay"}
    )
    assert shape(versions) == [("quay", "short", 1, 1)]


def test_another_feeds_text_that_does_not_contain_the_first_feeds_is_no_version() -> None:
    spans = [seen("a", 1, words=100), seen("b", 2, feed="wire", words=900), seen("a", 3, words=100)]
    assert shape(decide_versions(spans)) == [("quay", "a", 1, 3)]


def test_a_mirror_that_becomes_something_else_is_no_version_any_more() -> None:
    """It once contained the first feed's text; what it says afterwards has to, too."""
    spans = [seen("a", 1), seen("mirror", 2, feed="wire", words=900), seen("advert", 3, feed="wire", words=2000)]
    asked = []

    def contains(content_hash: str, other: str) -> bool:
        asked.append((content_hash, other))
        return content_hash == "mirror"

    assert shape(decide_versions(spans, contains)) == [("quay", "a", 1, 1), ("wire", "mirror", 2, 2)]
    assert asked == [("mirror", "a"), ("advert", "a")], "compared with the first feed's text, not with the mirror's"


def test_a_version_that_gives_way_leaves_no_neighbours_alike() -> None:
    spans = [
        soon("full", 0, words=900),
        soon("short", 300, words=40),
        soon("full", 310, feed="wire", words=900),
    ]
    versions = decide_versions(spans, publishers={"quay", "wire"})
    assert all(a.content_hash != b.content_hash for a, b in pairwise(versions))


_HOURS = st.lists(st.integers(0, 60), unique=True, max_size=12)
_WORDS = {"a": 100, "b": 120, "c": 130, "d": 400}


@st.composite
def _sightings(draw: st.DrawFn, feeds: tuple[str, ...]) -> list[Span]:
    return [
        seen(text, hour, feed=draw(st.sampled_from(feeds)), words=_WORDS[text])
        for hour in draw(_HOURS)
        for text in [draw(st.sampled_from(sorted(_WORDS)))]
    ]


@given(_sightings(("quay",)))
@settings(max_examples=150)
def test_however_sightings_arrive_the_first_and_the_last_text_are_right(spans: list[Span]) -> None:
    folded: list[Span] = []
    for span in spans:
        folded = decide_versions([*folded, span])
    whole = decide_versions(spans)
    assert [(v.content_hash, v.first_seen) for v in folded[:1]] == [(v.content_hash, v.first_seen) for v in whole[:1]]
    assert [(v.content_hash, v.last_seen) for v in folded[-1:]] == [(v.content_hash, v.last_seen) for v in whole[-1:]]


@given(_sightings(("quay", "wire", "ferry")), st.randoms(use_true_random=False))
@settings(max_examples=120)
def test_what_comes_at_once_may_come_in_any_order(spans: list[Span], random: object) -> None:
    mixed = list(spans)
    getattr(random, "shuffle")(mixed)  # noqa: B009 - hypothesis' Random is typed as any
    assert decide_versions(mixed, always) == decide_versions(spans, always)


@given(_sightings(("quay", "wire")))
@settings(max_examples=120)
def test_in_order_of_time_one_by_one_is_as_good_as_all_at_once(spans: list[Span]) -> None:
    folded: list[Span] = []
    for span in sorted(spans, key=lambda s: s.first_seen):
        folded = decide_versions([*folded, span], always)
    assert folded == decide_versions(spans, always)


@given(_sightings(("quay", "wire", "ferry")))
@settings(max_examples=120)
def test_versions_are_in_order_and_neighbours_differ(spans: list[Span]) -> None:
    versions = decide_versions(spans, always)
    assert bool(versions) == bool(spans)
    assert all(a.content_hash != b.content_hash for a, b in pairwise(versions))
    assert all(a.last_seen < b.first_seen for a, b in pairwise(versions))
    assert all(version.first_seen <= version.last_seen for version in versions)
    said = {(s.feed_id, s.content_hash, s.first_seen) for s in spans}
    assert {(v.feed_id, v.content_hash, v.first_seen) for v in versions} <= said


@given(_sightings(("quay", "wire", "ferry")))
@settings(max_examples=120)
def test_folding_a_timeline_again_changes_nothing(spans: list[Span]) -> None:
    versions = decide_versions(spans)
    assert decide_versions(versions) == versions
    assert decide_versions([*versions, *spans]) == versions


# --- the article's own page -----------------------------------------------------------------------------------------


def page(text: str, hour: int, *, words: int = 400, feed: str = "quay") -> Span:
    return Span(feed, text, words, at(hour), at(hour), of_page=True)


def test_a_page_completes_its_feed_s_teaser_without_a_new_version() -> None:
    assert shape(decide_versions([seen("teaser", 1, words=20), page("page", 2)])) == [("quay", "page", 1, 2)]


def test_the_teaser_seen_again_changes_nothing() -> None:
    spans = [seen("teaser", 1, words=20), page("page", 2), seen("teaser", 3, words=20)]
    assert shape(decide_versions(spans)) == [("quay", "page", 1, 2)]
    spans += [seen("another teaser", 4, words=25), page("page", 5)]
    assert shape(decide_versions(spans)) == [("quay", "page", 1, 5)]


def test_an_edit_of_the_page_is_a_version_a_shorter_text_too() -> None:
    spans = [seen("teaser", 1, words=20), page("page", 2), page("shorter", 5, words=300), page("page", 8)]
    assert shape(decide_versions(spans)) == [("quay", "page", 1, 2), ("quay", "shorter", 5, 5), ("quay", "page", 8, 8)]


def test_a_page_that_is_no_fuller_says_nothing_new() -> None:
    for words, text in ((100, "whole"), (125, "whole"), (126, "page")):
        assert shape(decide_versions([seen("whole", 1), page("page", 2, words=words)]))[0][1] == text
    assert shape(decide_versions([seen("whole", 1), page("page", 2, words=9), page("page two", 3, words=8)])) == [
        ("quay", "whole", 1, 1)
    ]


def test_a_fuller_text_of_the_feed_takes_the_page_s_place() -> None:
    spans = [seen("teaser", 1, words=20), page("page", 2), seen("whole", 3, words=600)]
    assert shape(decide_versions(spans)) == [("quay", "whole", 1, 3)]


def test_a_page_that_was_read_before_the_feed_had_the_article() -> None:
    """A backfill of a sitemap read 293 words; the feed's summary of 9 became version 2."""
    assert shape(decide_versions([page("page", 1, words=293), seen("summary", 2, words=9)])) == [("quay", "page", 1, 1)]


def test_a_feed_that_turns_to_whole_texts_and_edits_them() -> None:
    spans = [seen("teaser", 1, words=20), page("page", 2), seen("edited", 3, words=410)]
    assert shape(decide_versions(spans)) == [("quay", "page", 1, 2), ("quay", "edited", 3, 3)]


def test_a_teaser_that_was_edited_before_its_page_was_read_stays_a_version() -> None:
    """The versions were two, and one after the next load: the page had taken the place of the first teaser as well."""
    spans = [seen("teaser", 1, words=20), seen("new teaser", 3, words=20), page("page", 4)]
    versions = decide_versions(spans)
    assert shape(versions) == [("quay", "teaser", 1, 1), ("quay", "page", 3, 4)]
    assert decide_versions(versions) == versions
    assert decide_versions([*versions, *spans]) == versions
    assert shape(decide_versions([*versions, page("page", 6)])) == [("quay", "teaser", 1, 1), ("quay", "page", 3, 6)]


def test_a_feed_that_took_an_edited_page_s_place_stays_one_version_of_two() -> None:
    versions = decide_versions([page("page", 1), page("edited", 3), seen("whole", 5, words=900)])
    assert shape(versions) == [("quay", "page", 1, 1), ("quay", "whole", 3, 5)]
    assert decide_versions(versions) == versions


def test_two_feeds_of_an_article_and_its_page() -> None:
    spans = [
        seen("teaser", 1, words=20),
        seen("other teaser", 2, feed="wire", words=24),
        page("page", 3),
        seen("other teaser", 4, feed="wire", words=24),
        seen("mirror", 5, feed="wire", words=420),
    ]
    assert shape(decide_versions(spans, always)) == [("quay", "page", 1, 3)]
    fuller = seen("mirror", 5, feed="wire", words=900)
    assert shape(decide_versions([*spans, fuller], always)) == [("wire", "mirror", 1, 5)]
    assert shape(decide_versions([*spans, fuller])) == [("quay", "page", 1, 3)], "unless it says something else"


_LENGTHS = {"teaser": 20, "new teaser": 22, "page": 400, "edited page": 410, "cut page": 300, "whole": 700}


@st.composite
def _page_and_feeds(draw: st.DrawFn, feeds: tuple[str, ...] = ("quay",)) -> list[Span]:
    return [
        Span(draw(st.sampled_from(feeds)), text, _LENGTHS[text], at(hour), at(hour), of_page="page" in text)
        for hour in draw(_HOURS)
        for text in [draw(st.sampled_from(sorted(_LENGTHS)))]
    ]


@given(_page_and_feeds(("quay", "wire")), st.randoms(use_true_random=False))
@settings(max_examples=120)
def test_pages_and_feeds_at_once_may_come_in_any_order_and_repeatedly(spans: list[Span], random: object) -> None:
    mixed = [*spans, *spans]
    getattr(random, "shuffle")(mixed)  # noqa: B009 - hypothesis' Random is typed as any
    assert decide_versions(mixed, always) == decide_versions(spans, always)


@given(_page_and_feeds(("quay", "wire")))
@settings(max_examples=120)
def test_pages_and_feeds_one_by_one_are_as_good_as_all_at_once(spans: list[Span]) -> None:
    folded: list[Span] = []
    for span in sorted(spans, key=lambda s: s.first_seen):
        folded = decide_versions([*folded, span], always)
        assert decide_versions([*folded, span], always) == folded, "once more"
    assert folded == decide_versions(spans, always)
    assert decide_versions([*folded, *spans], always) == folded, "all of them again"


@given(_page_and_feeds().map(lambda spans: [span for span in spans if span.content_hash != "whole"]))
@settings(max_examples=120)
def test_however_pages_and_feeds_arrive_the_last_text_is_right(spans: list[Span]) -> None:
    folded: list[Span] = []
    for span in spans:
        folded = decide_versions([*folded, span])
    assert [v.content_hash for v in folded[-1:]] == [v.content_hash for v in decide_versions(spans)[-1:]]


@given(_page_and_feeds())
@settings(max_examples=120)
def test_once_a_page_was_read_no_teaser_is_a_version(spans: list[Span]) -> None:
    versions = decide_versions(spans)
    begun = next((number for number, version in enumerate(versions) if version.word_count > 22), len(versions))
    assert not any("teaser" in version.content_hash for version in versions[begun:])
