"""Pages that list articles, of many makes: what each site's template makes of the same few articles, with the menus,
the most read, the tags and the pages of older articles that stand around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

BASE = "https://quay.example"


@dataclass(frozen=True)
class Story:
    """An article on a list."""

    path: str
    title: str
    day: date
    teaser: str


def stories_of(
    titles: Sequence[tuple[str, str]], path: str = "/news/{day:%Y/%m/%d}/{number}-story.html"
) -> list[Story]:
    days = [date(2026, 11, 19 - 2 * number) for number in range(8)]
    return [
        Story(path.format(day=day, number=4210 + number), title, day, teaser)
        for number, (day, (title, teaser)) in enumerate(zip(days, titles, strict=True))
    ]


EN = stories_of(
    [
        ("Late ferry stays on the winter timetable", "The last boat leaves at half past eleven, as it did in summer."),
        ("Harbour council votes for a second crane", "Eleven of the nineteen members were in favour of the purchase."),
        ("School of herring seen off the north pier", "Fishermen say they have not seen as many of them for years."),
        ("Library opens its reading room on Sundays", "Volunteers keep the room open from ten until four o'clock."),
        ("New lamps for the path along the breakwater", "They are switched on by a sensor and shine only downwards."),
        ("Market hall closed for repairs of its roof", "The traders move to the square in front of the town hall."),
        ("Rowing club wins the regatta of the five bays", "Second came the crew from the other side of the sound."),
        ("Old customs house becomes a museum of knots", "Its first exhibition shows four hundred of them, and how."),
    ]
)
MOST_READ = stories_of(
    [
        ("Why the bridge opened eleven times on Monday", ""),
        ("Pilot retires after forty years on the water", ""),
        ("What the tide left behind on the south beach", ""),
        ("The baker who rises when the boats come home", ""),
        ("Seals on the slipway delay the lifeboat drill", ""),
        ("Ten things to know about the harbour dues", ""),
        ("How a lighthouse keeper spends the winter", ""),
        ("Storm tears a sail of the museum's schooner", ""),
    ],
    "/news/popular/{number}-read.html",
)
ZH = stories_of(
    [
        ("末班轮渡冬季照开 夜班工人不必再拼车", "渡轮公司昨日宣布,冬季时刻表将保留夜间十一点半的末班船,票价不变。"),
        ("港务局批准购买第二台岸边起重机", "十九名委员中有十一人投了赞成票,新起重机预计明年秋天投入使用。"),
        ("北码头外海出现大群鲱鱼", "渔民说已经有好些年没有见过这么多鱼群靠近岸边了,各船纷纷提前出海。"),
        ("图书馆阅览室周日开始对外开放", "志愿者从上午十点到下午四点轮流值班,读者凭借书证即可进入阅览室。"),
        ("防波堤步道换上新式路灯", "新路灯由感应器控制开关,灯光只照向地面,不会影响附近海鸟的夜间栖息。"),
        ("集市大厅因屋顶维修暂停营业", "商户将临时搬到市政厅前的广场上继续经营,维修工程预计持续六个星期。"),
        ("划艇俱乐部在五湾赛中夺得冠军", "海峡对岸的船队获得第二名,两队在终点前的差距不到半个船身的长度。"),
        ("旧海关大楼将改建为绳结博物馆", "首个展览将展出四百种绳结,并由退休水手现场演示各种绳结的打法。"),
    ],
    "/zw/{day:%Y%m}/t{day:%Y%m%d}_{number}.html",
)
ZH_POPULAR = stories_of(
    [
        ("大桥周一为何连续开合十一次", ""),
        ("引航员在海上工作四十年后退休", ""),
        ("潮水在南海滩留下了什么东西", ""),
        ("跟着渔船回港时间起床的面包师", ""),
        ("海豹占据滑道救生艇演习推迟", ""),
        ("关于港口使用费你要知道的十件事", ""),
        ("灯塔看守人如何度过漫长冬天", ""),
        ("风暴撕破了博物馆帆船的主帆", ""),
    ],
    "/hot/{number}.html",
)
DE = stories_of(
    [
        ("Späte Fähre bleibt im Winterfahrplan", "Das letzte Schiff legt wie im Sommer um halb zwölf ab."),
        ("Hafenrat stimmt für einen zweiten Kran", "Elf der neunzehn Mitglieder waren für den Kauf des Krans."),
        ("Heringsschwarm vor der Nordmole gesichtet", "So viele haben die Fischer seit Jahren nicht gesehen."),
        ("Bücherei öffnet ihren Lesesaal am Sonntag", "Freiwillige halten ihn von zehn bis sechzehn Uhr offen."),
        ("Neue Lampen für den Weg am Wellenbrecher", "Ein Sensor schaltet sie ein, und sie leuchten nach unten."),
        ("Markthalle wegen Dacharbeiten geschlossen", "Die Händler ziehen auf den Platz vor dem Rathaus um."),
        ("Ruderverein gewinnt die Regatta der Buchten", "Zweite wurde die Mannschaft von jenseits des Sunds."),
        ("Altes Zollhaus wird ein Museum der Knoten", "Die erste Ausstellung zeigt vierhundert verschiedene."),
    ],
    "/aktuelles/{number}-meldung-vom-hafen",
)
RU = stories_of(
    [
        ("Поздний паром остаётся в зимнем расписании", ""),
        ("Совет порта проголосовал за второй кран", ""),
        ("Косяк сельди замечен у северного пирса", ""),
        ("Библиотека открывает читальный зал по воскресеньям", ""),
        ("Новые фонари на дорожке вдоль волнолома", ""),
        ("Рынок закрыт на ремонт крыши до весны", ""),
        ("Гребной клуб выиграл регату пяти бухт", ""),
        ("Старая таможня станет музеем узлов", ""),
    ],
    "/novosti/{number}/",
)
JA = stories_of(
    [
        ("最終フェリー、冬ダイヤでも運航を継続", ""),
        ("港湾審議会、二基目のクレーン購入を可決", ""),
        ("北桟橋の沖にニシンの大群が現れる", ""),
        ("図書館の閲覧室が日曜日も開館へ", ""),
        ("防波堤の遊歩道に新しい街灯を設置", ""),
        ("市場の建物、屋根の修理で休業に", ""),
        ("漕艇部が五湾レガッタで優勝を飾る", ""),
        ("旧税関の建物が結び目の博物館に", ""),
    ],
    "/topics/{day:%Y}/{number}.html",
)

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MOIS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
MONATE = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]


def english(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


@dataclass(frozen=True)
class ListPage:
    """A page, and what is to be found on it."""

    name: str
    html: str
    stories: Sequence[Story]
    shows: str = ""
    """Letters: d(ate), s(ummary), i(mage); ? where some have a summary."""
    language: str = "en"
    path: str = "/news/"


MENU = """<nav><ul><li><a href="/">Home</a></li><li><a href="/news/">News</a></li>
<li><a href="/politics/">Politics and the economy of the harbour</a></li><li><a href="/sports/">Sports</a></li>
<li><a href="/weather/">Weather, tides and water levels</a></li><li><a href="/contact/">Contact</a></li></ul></nav>"""
MENU_OF_DIVS = """<div id="topmenu"><ul><li><a href="/">Home page of the harbour</a></li>
<li><a href="/politics">Politics and the economy of the harbour</a></li><li><a href="/sports">Sports of the region</a>
</li><li><a href="/weather">Weather, tides and water levels</a></li><li><a href="/harbour">The harbour authority</a>
</li></ul></div>"""
FOOTER = """<footer><ul><li><a href="/imprint">Imprint and legal notice of the publisher</a></li>
<li><a href="/privacy">Privacy policy and your rights as a reader</a></li>
<li><a href="/terms">Terms and conditions of our services</a></li>
<li><a href="/cookies">How this website makes use of cookies</a></li></ul></footer>"""
_PAGES = """<div class="pagination"><a href="/news/?page=1">1</a> <a href="/news/?page=2">2</a>
<a href="/news/?page=2">Older entries</a></div>"""


def page(body: str, *, language: str = "en", head: str = "<title>The Quay</title>") -> str:
    return f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def each(template: Callable[[int, Story], str], stories: Sequence[Story]) -> str:
    return "\n".join(template(number, story) for number, story in enumerate(stories))


def link(story: Story, inner: str = "", attrs: str = "") -> str:
    return f'<a {attrs} href="{story.path}">{inner or escape(story.title)}</a>'


def _list_with_times() -> str:
    rows = each(lambda n, s: f'<li>{link(s)} <time datetime="{s.day}T08:30:00+01:00">{english(s.day)}</time></li>', EN)
    return page(f"{MENU}<main><h1>News</h1><ul>{rows}</ul>{_PAGES}</main>{FOOTER}")


def _table_rows() -> str:
    rows = each(lambda n, s: f"<tr><td>{n + 1}</td><td>{link(s)}</td><td>{s.day:%d.%m.%Y}</td></tr>", DE)
    return page(
        f"{MENU_OF_DIVS}<table><thead><tr><th>Nr.</th><th>Meldung</th><th>Datum</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{FOOTER}",
        language="de",
    )


def _cards() -> str:
    cards = each(
        lambda n, s: (
            f"""<div class="card card-{n}"><a class="card__link" href="{s.path}"><div class="card__image">
<img src="/img/{n}.jpg" width="640" height="360" alt=""></div><div class="card__body"><span class="card__topic">Harbour
</span><h3 class="card__title">{escape(s.title)}</h3><p>{escape(s.teaser)}</p><span class="card__date">{english(s.day)}
</span></div></a></div>"""
        ),
        EN,
    )
    return page(f'{MENU}<div class="grid">{cards}</div>{FOOTER}')


def _cards_in_rows() -> str:
    def card(n: int, s: Story) -> str:
        return f"""<div class="col-md-4"><div class="thumb"><a href="{s.path}"><img data-src="/img/{n}.jpg"
src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></a></div><h4>{link(s)}</h4><p class="excerpt">{escape(s.teaser)}
<a href="{s.path}">Read more</a></p></div>"""

    rows = "".join(f'<div class="row">{each(card, EN[first : first + 3])}</div>' for first in (0, 3, 6))
    return page(f'<div class="container">{MENU_OF_DIVS}{rows}</div>{FOOTER}')


def _government() -> str:
    rows = each(lambda n, s: f"<li><span>{s.day}</span>{link(s, attrs='target=_blank')}</li>", ZH)
    offices = ("国家海事局", "交通运输部", "渔业管理局", "海关总署", "气象局首页")
    links = "".join(
        f'<li><a href="https://gov{n}.example/">{office}门户网站</a></li>' for n, office in enumerate(offices)
    )
    return page(
        f"""<div class="head"><a href="/">首页</a><a href="/zw/">政务公开</a><a href="/fw/">网上办事服务大厅</a></div>
<div class="position">当前位置:<a href="/">首页</a> &gt; <a href="/zw/">新闻动态</a></div>
<div class="list_box"><ul class="list">{rows}</ul>
<div class="page"><a href="index_1.html">下一页</a><a href="index_9.html">尾页</a></div></div>
<div class="links"><h3>友情链接</h3><ul>{links}</ul></div>""",
        language="zh-CN",
    )


def _government_without_years() -> str:
    rows = each(
        lambda n, s: f'<li><a href=".{s.path}" title="{s.title}">{s.title[:9]}...</a><em>[{s.day:%m-%d}]</em></li>', ZH
    )
    return page(f'<div id="wrap"><div class="nav">{MENU}</div><ul>{rows}</ul></div>', language="zh")


def _day_in_a_box() -> str:
    rows = each(
        lambda n, s: (
            f"""<div class="news_item"><div class="date"><b>{s.day.day}</b><span>{s.day:%Y-%m}</span></div>
<div class="con"><a href="{s.path}" class="tit">{s.title}</a><div class="txt">{s.teaser}<a href="{s.path}">[详细]</a></div>
</div></div>"""
        ),
        ZH,
    )
    return page(
        f'<div class="left">{rows}</div><div class="right"><h3>热门文章</h3>{_hot(ZH_POPULAR)}</div>', language="zh"
    )


def _hot(stories: Sequence[Story]) -> str:
    return f"<ol>{each(lambda n, s: f'<li>{link(s)}</li>', stories)}</ol>"


def _definitions() -> str:
    rows = each(lambda n, s: f"<dt>{link(s)}</dt><dd>{s.day:%d/%m/%Y}</dd><dd>{escape(s.teaser)}</dd>", EN)
    return page(f"{MENU}<dl>{rows}</dl>{FOOTER}", language="en-GB")


def _wordpress() -> str:
    rows = each(
        lambda n, s: (
            f"""<article id="post-{4210 + n}" class="post-{4210 + n} post type-post category-harbour-{n % 3} hentry">
<header class="entry-header"><h2 class="entry-title"><a href="{s.path}" rel="bookmark">{escape(s.title)}</a></h2>
<div class="entry-meta"><span class="posted-on">Posted on <a href="{s.path}"><time class="entry-date published"
datetime="{s.day}T07:15:00+00:00">{english(s.day)}</time><time class="updated" datetime="2026-11-20T01:00:00+00:00">
November 20, 2026</time></a></span> by <a class="url fn n" rel="author" href="/author/ann-lee">Ann Lee-Macallister</a></div>
</header><div class="entry-summary"><p>{escape(s.teaser)} <a class="more-link" href="{s.path}">Continue reading
<span class="screen-reader-text">{escape(s.title)}</span></a></p></div><footer class="entry-footer">
<a href="/category/harbour-and-shipping" rel="category tag">Harbour and shipping</a> <a href="{s.path}#respond">
Leave a comment</a></footer></article>"""
        ),
        EN,
    )
    recent = each(lambda n, s: f"<li>{link(s)}</li>", EN[:5])
    archive = each(lambda n, s: f'<li><a href="/2026/{n + 1:02}/">Archive of {MONTHS[n]} 2026</a></li>', EN)
    return page(
        f"""<div id="page" class="site has-sidebar"><header id="masthead">{MENU}</header><div id="primary"><main>{rows}
<nav class="navigation pagination"><a href="/page/2">Older posts</a></nav></main></div>
<aside id="secondary" class="widget-area"><section class="widget widget_recent_entries"><h2>Recent Posts</h2>
<ul>{recent}</ul></section><section class="widget widget_archive"><h2>Archives</h2><ul>{archive}</ul></section></aside>
</div>{FOOTER}"""
    )


def _drupal() -> str:
    rows = each(
        lambda n, s: (
            f"""<div class="views-row views-row-{n + 1} views-row-{"odd" if n % 2 else "even"}{
                " views-row-first" * (not n)
            }"><div class="views-field views-field-title"><span class="field-content">
{link(s)}</span></div><div class="views-field views-field-created"><span class="field-content">{s.day.day}.
{MONATE[s.day.month - 1]} {s.day.year}</span></div><div class="views-field views-field-body"><div class="field-content">
<p>{escape(s.teaser)}</p></div></div></div>"""
        ),
        DE,
    )
    return page(
        f"""<div id="block-menu" class="block block-menu">{MENU_OF_DIVS}</div><div class="region region-content">
<div class="view view-news"><div class="view-content">{rows}</div><ul class="pager"><li><a href="?page=1">Nächste Seite der
Meldungen</a></li></ul></div></div>""",
        language="de",
    )


def _old_tables() -> str:
    """As of 1999: a menu, the news and the most read in the columns of a table, with <font>, without a class."""

    def row(n: int, s: Story) -> str:
        return f'<tr><td><font size="2"><b>&middot;</b> {link(s)}</font></td></tr>'

    def dated(n: int, s: Story) -> str:
        return (
            f'<tr><td><img src="/img/bullet.gif" width=8><font size="2">{link(s)}</font>'
            f'<font size="1" color="#999999"> ({s.day:%Y-%m-%d})</font></td></tr>'
        )

    menu = "".join(f'<tr><td><a href="/s{n}.htm">{name}</a></td></tr>' for n, name in enumerate(MONTHS[:6]))
    return page(
        f"""<table width="780"><tr><td width="120"><table>{menu}</table></td><td><table>{each(dated, EN)}</table></td>
<td width="200"><table>{each(row, MOST_READ)}</table></td></tr></table>
<center><font size=1><a href="/imprint.htm">Imprint of the harbour newspaper</a></font></center>"""
    )


def _news_and_most_read() -> str:
    news = each(lambda n, s: f'<li class="teaser">{link(s)}<p>{escape(s.teaser)}</p></li>', EN)
    return page(
        f"""{MENU}<div class="columns"><div class="column column-news"><h2>News</h2><ul>{news}</ul></div>
<div class="column column-side"><div class="box"><h2>Most read</h2>{_hot(MOST_READ)}</div></div></div>{FOOTER}"""
    )


def _boxes_alike() -> str:
    """The news and what is most read in boxes of the same class; only the heading tells."""
    news = each(lambda n, s: f"<li>{link(s)}</li>", ZH)
    return page(
        f"""<div class="box"><div class="box-hd"><h3>最新动态</h3></div><ul>{news}</ul></div>
<div class="box"><div class="box-hd"><h3>点击排行</h3></div><ul>{each(lambda n, s: f"<li>{link(s)}</li>", ZH_POPULAR)}</ul>
</div>""",
        language="zh",
    )


def _headings_and_paragraphs() -> str:
    rows = each(lambda n, s: f"<h3>{link(s)}</h3><p><i>{english(s.day)}</i></p><p>{escape(s.teaser)}</p>", EN)
    return page(f'{MENU}<div id="content"><h1>Press releases</h1>{rows}{_PAGES}</div>{FOOTER}')


def _dates_before() -> str:
    rows = each(
        lambda n, s: f'<p class="when">{s.day.day} {MONTHS[s.day.month - 1]} {s.day.year}</p><h3>{link(s)}</h3>', EN
    )
    return page(f"{MENU}<div>{rows}</div>{FOOTER}")


def _days() -> str:
    """A list for each day, below the day."""
    days = each(lambda n, s: f"<h4>{s.day:%Y年%m月%d日}</h4><ul><li>{link(s)}</li></ul>", JA)
    return page(
        f'<div id="main"><h2>新着情報</h2>{days}</div><p><a href="/old">過去の新着情報一覧はこちら</a></p>',
        language="ja",
    )


def _with_categories() -> str:
    rows = each(
        lambda n, s: (
            f"""<li><a class="cat" href="/rubrika-{n % 3}/">Рубрика: новости порта</a><span class="d">{s.day:%d.%m.%Y},
1{n}:05</span> {link(s)} <a href="{s.path}#comments">{n} комментариев читателей</a></li>"""
        ),
        RU,
    )
    tags = each(lambda n, s: f'<a href="/tag/{n}">море и погода номер {n}</a>', RU)
    return page(f'<div class="feed"><ul>{rows}</ul></div><div class="tags">{tags}</div>', language="ru")


def _links_around_blocks() -> str:
    rows = each(
        lambda n, s: (
            f"""<a href="{s.path}" class="item"><div class="pic" style="background-image:url('/img/{n}.jpg')"></div>
<div class="t">{s.title}</div><div class="d">{s.teaser}</div><div class="f"><span>{s.day}</span><span>阅读 {n}23</span></div></a>"""
        ),
        ZH,
    )
    return page(f'<div class="items">{rows}</div>', language="zh")


def _aggregator() -> str:
    """Links to other sites, each over two rows, as on Hacker News."""
    rows = each(
        lambda n, s: (
            f"""<tr class="athing" id="{n}"><td class="title"><span class="rank">{n + 1}.</span></td><td class="title">
<span class="titleline"><a href="https://site{n}.example{s.path}">{escape(s.title)}</a> <span>(<a href="from?site={n}">
site{n}.example</a>)</span></span></td></tr><tr><td></td><td class="subtext"><span class="score">{n}1 points</span> by
<a href="user?id={n}">a user with a long name {n}</a> <span class="age" title="{s.day}T10:00:00"><a href="item?id={n}">
{n + 1} hours ago</a></span></td></tr><tr class="spacer"></tr>"""
        ),
        EN,
    )
    return page(
        f"<center><table><tr><td>{MENU_OF_DIVS}</td></tr><tr><td><table>{rows}</table></td></tr></table></center>"
    )


def _article_elements() -> str:
    """With section names, authors and pictures as links of their own, as a front page of today has."""
    rows = each(
        lambda n, s: (
            f"""<article class="teaser teaser--{"large" if not n else "small"}"><a href="{s.path}" tabindex="-1">
<picture><source srcset="/img/{n}-640.webp 640w, /img/{n}-1280.webp 1280w"><img src="/img/{n}.jpg" alt=""></picture></a>
<div><a class="kicker" href="/section-{n % 2}/">Harbour, shipping and the sea</a><h2><a href="{s.path}"><span>{
                escape(s.title)
            }</span></a></h2><p class="teaser__text">{escape(s.teaser)}</p><div class="meta">By
<a href="/by/{n % 3}">Ann Lee-Macallister</a> · <time datetime="{s.day}">{s.day.day} Nov</time></div></div></article>"""
        ),
        EN,
    )
    return page(
        f"""<header><a href="/"><img src="/logo.svg" alt="The Quay"></a>{MENU}</header><main>{rows}</main>
<aside><h2>Newsletter</h2><a href="/newsletter">Every morning the news of the harbour</a></aside>{FOOTER}"""
    )


def _plain_paragraphs() -> str:
    """By hand: no list, a date before each link, <br> between."""
    rows = each(lambda n, s: f"{s.day:%d.%m.%Y} - {link(s)}<br>", DE)
    return page(
        f'<p><a href="/">Startseite</a></p><h1>Aktuelles</h1><p>{rows}</p><p>Stand: November</p>', language="de"
    )


def _french() -> str:
    rows = each(
        lambda n, s: (
            f"""<div class="actu"><div class="actu-date">Publié le {s.day.day} {_MOIS[s.day.month - 1]}
{s.day.year}</div><h2 class="actu-titre">{link(s)}</h2><div class="chapo">{escape(s.teaser)}</div>
<p class="suite"><a href="{s.path}">Lire la suite</a></p></div>"""
        ),
        EN,
    )
    return page(f"{MENU}<section>{rows}</section>{FOOTER}", language="fr")


def _sections_and_list() -> str:
    """Sections with long names beside a short list without dates."""
    sections = each(lambda n, s: f'<li><a href="/themes/{n}">The harbour and its {MONTHS[n]} events</a></li>', EN)
    rows = each(lambda n, s: f'<div class="row-item">{link(s)}</div>', EN)
    return page(f'<div class="sidebar"><h3>Topics</h3><ul>{sections}</ul></div><div class="content">{rows}</div>')


def _newsletter() -> str:
    """Picture, title and subtitle are three links, the subtitle longer than the title; class names say nothing."""
    rows = each(
        lambda n, s: (
            f"""<div class="css-{n}ab1 sc-k{n}"><a href="{s.path}"><img src="/img/{n}.png" width="300"></a>
<div><a class="css-9x1" href="{s.path}">{escape(s.title)}</a><a class="css-8q2" href="{s.path}">{escape(s.teaser)}</a></div>
<div><span>{MONTHS[s.day.month - 1][:3]} {s.day.day}, {s.day.year}</span> • <a href="/@ann-lee-macallister">Ann
Lee-Macallister</a></div></div>"""
        ),
        EN,
    )
    return page(f"<div><div>{MENU_OF_DIVS}</div><div><div>{rows}</div></div></div>", language="en-US")


def _whole_posts() -> str:
    """A weblog that shows each post as a whole, with links in the text."""
    rows = each(
        lambda n, s: (
            f"""<h2 class="date-header"><span>{MONTHS[s.day.month - 1]} {s.day.day}, {s.day.year}</span></h2>
<div class="post"><h3 class="post-title entry-title"><a href="{s.path}">{escape(s.title)}</a></h3><div class="post-body">
<p>{escape(s.teaser)}</p><p>See <a href="https://other{n}.example/the-report-on-the-matter">the report on the matter</a>
and <a href="/older/{n}">what we wrote about it in spring</a>.</p></div><div class="post-footer">Posted by Ann at
<a href="{s.path}">10:0{n}</a> <a href="{s.path}#comments">No comments:</a></div></div>"""
        ),
        EN,
    )
    return page(f'<div class="main"><div class="blog-posts">{rows}</div></div>{FOOTER}', language="en-US")


def _jekyll() -> str:
    rows = each(
        lambda n, s: (
            f"""<li><span class="post-meta">{MONTHS[s.day.month - 1][:3]} {s.day.day}, {s.day.year}</span>
<h3><a class="post-link" href="{s.path}">
            {escape(s.title)}
          </a></h3></li>"""
        ),
        EN,
    )
    return page(f'<div class="wrapper"><h2 class="post-list-heading">Posts</h2><ul class="post-list">{rows}</ul></div>')


def _dates_in_links() -> str:
    rows = each(lambda n, s: f'<li><a href="{s.path}"><span>{s.day:%Y/%m/%d}</span>{s.title}<i></i></a></li>', JA)
    return page(f'<div class="topics"><ul class="clearfix">{rows}</ul></div>', language="ja")


def _board() -> str:
    """A table with numbers, senders and readers; its head sorts it."""
    rows = each(
        lambda n, s: (
            f"""<tr class="{"bg1" if n % 2 else "bg2"}"><td>{90 - n}</td><td class="subject"><a href="view.php?id={n}">
{s.title}</a> <span>[{n}]</span></td><td><a href="user.php?u={n % 2}">港务局办公室秘书处</a></td><td>{s.day:%Y.%m.%d}</td>
<td>{n}31</td></tr>"""
        ),
        ZH,
    )
    head = "".join(f'<th><a href="?sort={n}">按第{n}栏排列全部通知</a></th>' for n in range(5))
    return page(f"<div><table class=board><tr>{head}</tr>{rows}</table></div>", language="zh")


def _adverts_between() -> str:
    def row(n: int, s: Story) -> str:
        advert = f'<li class="list-ad"><a href="https://shop{n}.example/?c=1">Rubber boots for a wet winter, {n} euros</a></li>'
        return (
            f'<li class="list-entry{" first" * (not n)}">{link(s)} <small>{s.day}</small></li>{advert * (n % 3 == 2)}'
        )

    return page(f'{MENU}<ul class="list">{each(row, EN)}</ul>{FOOTER}')


def _large_and_small() -> str:
    """The newest article larger, and marked up otherwise; its title has the same class."""
    first, *others = EN
    rows = each(
        lambda n, s: f'<li><h3 class="headline">{link(s)}</h3><span class="time">{english(s.day)}</span></li>', others
    )
    return page(
        f"""{MENU}<div id="content"><div class="hero"><img src="/img/0.jpg" width="1200"><h3 class="headline">{link(first)}
</h3><span class="time">{english(first.day)}</span></div><ul>{rows}</ul></div>{FOOTER}"""
    )


def _two_columns() -> str:
    """One list, set in two columns."""
    halves = (each(lambda n, s: f"<li>{link(s)}<em>{s.day}</em></li>", half) for half in (ZH[:4], ZH[4:]))
    columns = "".join(f'<ul class="{side}">{half}</ul>' for side, half in zip(("left", "right"), halves, strict=True))
    return page(f'<div class="newslist">{columns}</div>', language="zh")


def _long_menu_short_list() -> str:
    menu = each(lambda n, s: f'<div><a href="/abteilung{n}">{escape(s.teaser)}</a></div>', [*DE, *DE[:1]])
    rows = each(lambda n, s: f"<div>{link(s)}, {s.day.day}.{s.day.month}.{s.day:%y}</div>", DE[:4])
    return page(f"<div><div>{menu}</div><div>{rows}</div></div>", language="de")


PAGES = [
    ListPage("list with times", _list_with_times(), EN, "d"),
    ListPage("table rows", _table_rows(), DE, "d", "de"),
    ListPage("cards in a link", _cards(), EN, "dsi"),
    ListPage("cards in rows", _cards_in_rows(), EN, "si"),
    ListPage("government list", _government(), ZH, "d", "zh", "/zw/index.html"),
    ListPage("dates without years, titles cut", _government_without_years(), ZH, "d", "zh", "/index.html"),
    ListPage("the day in a box", _day_in_a_box(), ZH, "ds", "zh"),
    ListPage("dl, dt, dd", _definitions(), EN, "ds"),
    ListPage("WordPress", _wordpress(), EN, "ds"),
    ListPage("Drupal", _drupal(), DE, "ds", "de"),
    ListPage("columns of an old table", _old_tables(), EN, "d"),
    ListPage("news and most read", _news_and_most_read(), EN, "s"),
    ListPage("boxes that look alike", _boxes_alike(), ZH, "", "zh"),
    ListPage("headings and paragraphs", _headings_and_paragraphs(), EN, "ds"),
    ListPage("dates before", _dates_before(), EN, "d"),
    ListPage("a list for each day", _days(), JA, "d", "ja"),
    ListPage("categories and comments", _with_categories(), RU, "d", "ru"),
    ListPage("links around blocks", _links_around_blocks(), ZH, "dsi", "zh"),
    ListPage("front page", _article_elements(), EN, "dsi"),
    ListPage("paragraph by hand", _plain_paragraphs(), DE, "d", "de"),
    ListPage("French archive", _french(), EN, "ds", "fr"),
    ListPage("sections beside", _sections_and_list(), EN),
    ListPage("newsletter", _newsletter(), EN, "dsi", "en-US"),
    ListPage("whole posts", _whole_posts(), EN, "ds", "en-US"),
    ListPage("Jekyll", _jekyll(), EN, "d"),
    ListPage("dates in links", _dates_in_links(), JA, "d", "ja"),
    ListPage("board", _board(), [Story(f"view.php?id={n}", s.title, s.day, "") for n, s in enumerate(ZH)], "d", "zh"),
    ListPage("adverts between", _adverts_between(), EN, "d"),
    ListPage("large and small", _large_and_small(), EN, "d"),
    ListPage("two columns", _two_columns(), ZH, "d", "zh"),
    ListPage("long menu, short list", _long_menu_short_list(), DE[:4], "d", "de"),
]
