"""The words by which a page tells its list of articles from what stands beside it."""

from __future__ import annotations

import re

JUNK = frozenset(
    [
        *("nav", "navbar", "navigation", "menu", "submenu", "breadcrumb", "breadcrumbs", "crumb", "crumbs"),
        *("pagination", "pager", "paging", "pagenav", "footer", "foot", "sidebar", "aside", "related"),
        *("recommended", "recommend", "recommendations", "popular", "trending", "mostread", "ranking"),
        *("rank", "hot", "share", "social", "cookie", "consent", "newsletter", "subscribe", "comment"),
        *("comments", "tags", "tagcloud", "taglist", "ad", "ads", "advert", "adverts", "advertisement"),
        *("sponsored", "promo", "banner", "login", "friendlink", "friendlinks", "links", "partners"),
        *("sitemap", "topbar", "toolbar"),
    ]
)
"""What a part of a page calls itself that lists no articles, or others than the page is for."""
MAIN = frozenset(
    [
        *("main", "content", "primary", "articles", "news", "list", "results", "feed", "stream", "archive"),
        *("posts", "entries"),
    ]
)
UNSTABLE = frozenset(
    [
        *("odd", "even", "first", "last", "active", "current", "new", "alt", "left", "right", "clearfix"),
        *("cf", "row", "col", "item"),
    ]
)
"""Classes that tell no list from another."""
NOT_JUNK = frozenset(
    [
        *("no", "has", "with", "without"),
    ]
)
JUNK_HEADING = re.compile(
    r"most (?:read|popular|viewed|shared|commented)|popular|trending|related|recommended|you may (?:also )?like|"
    r"read (?:also|next)|recent comments|tags|categories|archives?$|links$|partners|follow us|"
    r"meist ?gelesen|beliebt|verwandt|am häufigsten|les plus (?:lus|vus)|à lire aussi|más (?:leíd|vist)|relacionad|"
    r"mais (?:lid|vist)|più (?:lett|vist)|correlat|meest gelezen|mest läst|mest lest|najczęściej|popularne|"
    r"популярн|читаем|по теме|çok okunan|热门|熱門|热点|热文|排行|点击榜|点击量|熱点|相关|相關|推荐|推薦|友情链接|"
    r"友情連結|人気|ランキング|関連|おすすめ|많이 본|인기|관련",
    re.IGNORECASE,
)
NOT_TITLE = re.compile(
    r"(?:read|learn|find out|see|view|show) (?:more|all)\b.*|continue reading\b.*|more(?: news)?|full story|details?|"
    r"(?:\d+|no|leave a|add a) (?:comments?|repl(?:y|ies)).*|(?:mehr|weiter)(?:lesen| lesen)?\b.*|alle anzeigen|"
    r"lire (?:la suite|plus).*|en savoir plus.*|leer más.*|ver (?:más|mais).*|leia mais.*|leggi (?:tutto|di più).*|"
    r"lees (?:meer|verder).*|läs mer.*|les mer.*|læs mere.*|czytaj (?:więcej|dalej).*|читать (?:далее|полностью).*|"
    r"подробнее.*|devamını oku.*|阅读(?:全文|更多)|閱讀(?:全文|更多)|查看(?:详情|全文|更多)|更多.*|"
    r"[\[【]?(?:详细|详情|詳細|全文)[\]】]?|"
    r"続きを読む.*|もっと見る.*|더보기|자세히.*|(?:next|previous|older|newer)(?: (?:page|posts?|entries))?|page \d+|"
    r"[下上]一[页頁]|尾页|末页|首页|»|«|‹|›|→|←",
    re.IGNORECASE,
)
