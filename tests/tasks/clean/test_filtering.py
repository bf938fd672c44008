"""Which articles a feed's keep and block rules want."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.clean.filtering import blocked_by
from tests.tasks.making import FEED, Item, milled
from warehouse.filters import Filter, Filters
from warehouse.records import Article, Feed

(ARTICLE,) = milled(
    Item(
        title="Late ferry stays on the winter timetable",
        text="<p>The last boat leaves Pier Road at 23:40.</p><p>末班轮渡冬季照开，AI技术。</p>",
        link="https://quay.example/live/2026/%E8%BD%AE%E6%B8%A1-ferry_news",
        extra="<category>Harbour &amp; Ferries</category><category>体育</category>"
        "<dc:creator>Oda Brandt, Ana Reis</dc:creator>",
    )
).articles


def blocking(*rules: Filter) -> Feed:
    return replace(FEED, filters=Filters(block=rules))


def matches(rule: Filter, article: Article = ARTICLE) -> bool:
    return blocked_by(article, blocking(rule)) is not None


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("The ferry is late", "ferry", True),
        ("Ferries are late", "ferry", False),
        ("THE FERRY", "Ferry", True),
        ("the ferry-house", "ferry", True),
        ("said at noon", "AI", False),
        ("人工智能AI技术", "ai", True),
        ("A live  blog\nfrom the quay", "live blog", True),
        ("Die STRASSE ist zu", "straße", True),
        ("cafe\u0301 noir", "CAFÉ", True),
        ("cafe\u0301 noir", "cafe", False),
        ("ｆｅｒｒｙ", "ferry", True),
        ("末班轮渡冬季照开", "轮渡", True),
        ("最終フェリーは冬も運航", "フェリー", True),
        ("ตั๋วเรือข้ามฟากขึ้นราคา", "เรือข้ามฟาก", True),
        ("마지막 여객선이 떠났다", "여객선", True),
        ("ຂ່າວກິລາມື້ນີ້", "ກິລາ", True),
        ("Последний паром ушёл", "паром", True),
        ("Паромная переправа", "паром", False),
        ("آخر عبارة في الميناء", "عبارة", True),
        ("आख़िरी नाव चली गई", "नाव", True),
        ("नाविक घर लौटे", "नाव", False),
        ("İstanbul vapuru", "istanbul", False),
        ("İstanbul vapuru", "İSTANBUL", True),
        ("C++ and C", "C++", True),
        ("#ad: new boats", "#ad", True),
        ("new boats #adriatic", "#ad", False),
        ("l’Anzeige", "anzeige", True),
        ("50% off", "50%", True),
        ("version 1.50", "1.5", False),
        ("ferry_news", "ferry", True),
        ("a.b (c", "a.b (", True),
        ("axb (c", "a.b (", False),
        ("", "ferry", False),
    ],
)
def test_words(text: str, word: str, found: bool) -> None:
    article = replace(ARTICLE, title=text)
    assert matches(Filter("title", ("another", word)), article) is found


@pytest.mark.parametrize(
    ("field", "word", "found"),
    [
        ("title", "timetable", True),
        ("title", "Pier Road", False),
        ("text", "Pier Road", True),
        ("text", "timetable", False),
        ("author", "Ana Reis", True),
        ("author", "Ana", True),
        ("category", "ferries", True),
        ("category", "体育", True),
        ("category", "timetable", False),
        ("url", "live", True),
        ("url", "轮渡", True),
        ("url", "ferry", True),
        ("any", "timetable", True),
        ("any", "Pier Road", True),
        ("any", "Brandt", True),
        ("any", "体育", True),
        ("any", "live", True),
        ("any", "tram", False),
    ],
)
def test_fields(field: str, word: str, found: bool) -> None:
    assert matches(Filter(field, (word,))) is found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Filter("title", regex="^Late .*timetable$"), True),
        (Filter("title", regex="^late"), False),
        (Filter("title", regex="(?i)^late"), True),
        (Filter("category", regex="^体育$"), True),
        (Filter("category", regex="^Ferries$"), False),
        (Filter("author", regex="^Ana Reis$"), True),
        (Filter("url", regex=r"/live/\d{4}/"), True),
        (Filter("url", regex="/轮渡-"), True),
        (Filter("title", ("ferry",), "^Late"), True),
        (Filter("title", ("tram",), "^Late"), False),
        (Filter(regex="nothing of it"), False),
    ],
)
def test_regular_expressions(rule: Filter, found: bool) -> None:
    assert matches(rule) is found


def test_dates() -> None:
    day, next_day = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)  # published at 8:00
    assert matches(Filter(after=day))
    assert not matches(Filter(after=next_day))
    assert matches(Filter(before=next_day))
    assert not matches(Filter(before=day))
    assert matches(Filter(after=day, before=next_day))
    undated = replace(ARTICLE, published_at=None)
    assert not matches(Filter(after=day), undated)
    assert not matches(Filter(before=next_day), undated)


def test_languages() -> None:
    assert matches(Filter(language=("de", "zh")), replace(ARTICLE, language="zh"))
    assert not matches(Filter(language=("de",)), replace(ARTICLE, language="zh"))
    assert not matches(Filter(language=("de",)), replace(ARTICLE, language=None))


def test_all_conditions_of_a_rule_hold() -> None:
    rule = Filter(words=("ferry",), language=("en",), after=datetime(2026, 1, 1, tzinfo=UTC))
    english = replace(ARTICLE, language="en")
    assert matches(rule, english)
    assert not matches(replace(rule, words=("tram",)), english)
    assert not matches(rule, replace(english, language="fr"))
    assert not matches(rule, replace(english, published_at=datetime(2025, 1, 1, tzinfo=UTC)))


def test_which_articles_are_wanted() -> None:
    ferry, tram, pier = Filter(words=("ferry",)), Filter(words=("tram",)), Filter(words=("Pier Road",))
    for own, shared, expected in [
        (Filters(), Filters(), None),
        (Filters(keep=(tram, ferry)), Filters(), None),
        (Filters(keep=(tram,)), Filters(), "keep: matches no rule"),
        (Filters(block=(tram, ferry)), Filters(), 'block: { words = ["ferry"] }'),
        (Filters(keep=(ferry,), block=(pier,)), Filters(), 'block: { words = ["Pier Road"] }'),
        (Filters(), Filters(block=(pier,)), 'block of all feeds: { words = ["Pier Road"] }'),
        (Filters(), Filters(keep=(tram,)), "keep of all feeds: matches no rule"),
        (Filters(keep=(ferry,)), Filters(keep=(pier,)), None),
        (Filters(keep=(ferry,)), Filters(keep=(tram,)), "keep of all feeds: matches no rule"),
        (Filters(keep=(tram,)), Filters(keep=(ferry,)), "keep: matches no rule"),
    ]:
        assert blocked_by(ARTICLE, replace(FEED, filters=own, shared_filters=shared)) == expected


def test_an_article_on_which_a_regular_expression_takes_too_long_is_rejected() -> None:
    slow = Filter("title", regex="(a|aa)+$")
    first, second = Item(title="a" * 200 + "!", guid="1"), Item(title="Open", guid="2", link="https://quay.example/2")
    result = milled(first, second, feed=blocking(slow, Filter("title", ("open",))))
    (reject,) = result.rejects
    assert "keep and block rules take longer than 0.5 s" in reject.error
    assert "(a|aa)+$" in reject.error
    assert (reject.step, reject.location) == ("clean", "entry 0: 1")
    assert list(result.blocked.values()) == ['block: { field = "title", words = ["open"] }']
    assert not result.articles
