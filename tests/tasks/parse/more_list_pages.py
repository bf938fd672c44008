"""More pages that list articles, after the templates of widespread content management systems and of countries."""

from __future__ import annotations

from html import escape

from tests.tasks.parse.list_pages import (
    DE,
    EN,
    FOOTER,
    JA,
    MENU,
    MENU_OF_DIVS,
    MONATE,
    MOST_READ,
    ZH,
    ZH_POPULAR,
    ListPage,
    Story,
    each,
    english,
    link,
    page,
    stories_of,
)

PAGES: list[ListPage] = []


def _add(name: str, html: str, stories: list[Story], shows: str = "", language: str = "en") -> None:
    PAGES.append(ListPage(name, html, stories, shows, language))


rows = each(
    lambda n, s: (
        f'''<li class="gem-c-document-list__item"><div class="gem-c-document-list__item-title"><a data-ga4="{{}}" class="govuk-link" href="{s.path}">{escape(s.title)}</a></div><p class="gem-c-document-list__item-description">{escape(s.teaser)}</p><ul class="gem-c-document-list__item-metadata"><li class="gem-c-document-list__attribute">Document type: Press release</li><li class="gem-c-document-list__attribute">Updated: <time datetime="{s.day}">{s.day.day} November 2026</time></li></ul></li>'''
    ),
    EN,
)
facets = each(lambda n, s: f"<li><label><input type=checkbox> Department for {s.title}</label></li>", EN)
_add(
    "govuk",
    page(
        f'{MENU}<main id="content"><form><div class="filters"><ul>{facets}</ul></div></form><div id="js-results"><ul class="gem-c-document-list">{rows}</ul></div></main>{FOOTER}'
    ),
    EN,
    "ds",
)
rows = each(
    lambda n, s: (
        f'''<tr class="cat-list-row{n % 2}"><td headers="categorylist_header_title" class="list-title"><a href="{s.path}">
			{escape(s.title)}						</a></td><td headers="categorylist_header_date" class="list-date small">{s.day.day} November 2026</td><td class="list-author">Written by Super User of the site</td><td class="list-hits"><span class="badge badge-info">Hits: {n}23</span></td></tr>'''
    ),
    EN,
)
_add(
    "joomla",
    page(
        f'<div class="moduletable_menu">{MENU_OF_DIVS}</div><div class="category-list"><form><table class="category table"><thead><tr><th><a href="#" onclick="x">Title of the article</a></th></tr></thead><tbody>{rows}</tbody></table></form></div>'
    ),
    EN,
    "d",
)
rows = each(
    lambda n, s: (
        f'''<div class="article articletype-0"><div class="header"><h3><a title="{escape(s.title)}" href="{s.path}"><span itemprop="headline">{escape(s.title)}</span></a></h3></div><div class="teaser-text"><div itemprop="description"><p>{escape(s.teaser)}</p></div><a class="more" title="{escape(s.title)}" href="{s.path}">Weiterlesen<span class="sr-only">: {escape(s.title)}</span></a></div><div class="footer"><p><span class="news-list-date"><time itemprop="datePublished" datetime="{s.day}">{s.day:%d.%m.%Y}</time></span><span class="news-list-category">Hafen</span></p></div></div>'''
    ),
    DE,
)
_add(
    "typo3",
    page(f'{MENU}<div class="news"><div class="news-list-view">{rows}</div></div>', language="de"),
    DE,
    "ds",
    "de",
)
rows = each(
    lambda n, s: (
        f'''<tbody id="normalthread_{n}"><tr><td class="icn"><a href="{s.path}" title="新窗口打开"><img src="folder.gif"></a></td><th class="new"><a href="/space?u=1">[港口新闻版块]</a> <a href="{s.path}" class="s xst">{s.title}</a> <span class="tps">...<a href="{s.path}?p=2">2</a></span></th><td class="by"><cite><a href="/u/{n % 2}">海港日报记者站</a></cite><em><span>{s.day.year}-{s.day.month}-{s.day.day}</span></em></td><td class="num"><a href="{s.path}" class="xi2">{n}</a><em>56</em></td><td class="by"><cite><a href="/u/last{n}">最后回复者甲乙丙</a></cite><em><a href="/goto{n}">2026-11-19 10:0{n}</a></em></td></tr></tbody>'''
    ),
    ZH,
)
_add("discuz", page(f'<div id="nv">{MENU}</div><table>{rows}</table>', language="zh"), ZH, "d", "zh")
rows = each(
    lambda n, s: (
        f'<li><a href="/c{n % 3}/">[港区要闻]</a><a href="{s.path}">{s.title}</a><span>{s.day.month}月{s.day.day}日</span></li>'
        + ('<li class="line"></li>' if n % 5 == 4 else "")
    ),
    ZH,
)
_add(
    "zh portal",
    page(
        f'<div class="main"><div class="fl"><div class="tt"><h2>滚动新闻</h2></div><ul class="ul01">{rows}</ul></div><div class="fr"><div class="tt"><h2>热点推荐</h2></div><ul class="ul01">{each(lambda n, s: f"<li>{link(s)}</li>", ZH_POPULAR)}</ul></div></div>',
        language="zh",
    ),
    ZH,
    "d",
    "zh",
)
_MESI = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
]
rows = each(
    lambda n, s: (
        f'<div class="news"><p class="data">{s.day.day} {_MESI[s.day.month - 1]} {s.day.year}</p><p class="titolo">{link(s)}</p><p class="sommario">{escape(s.teaser)}</p></div>'
    ),
    EN,
)
_add("italian", page(f'{MENU}<div class="elenco">{rows}</div>', language="it"), EN, "ds", "it")
rows = each(
    lambda n, s: (
        f'<div class="noticia"><h2>{link(s)}</h2><span class="fecha">Jueves, {s.day.day} de noviembre de {s.day.year}</span><div>{escape(s.teaser)}</div></div>'
    ),
    EN,
)
_add("spanish", page(f"{MENU}{rows}{FOOTER}", language="es"), EN, "ds", "es")
AR = stories_of(
    [
        ("العبارة المتأخرة تبقى على جدول الشتاء", ""),
        ("مجلس الميناء يصوت لصالح رافعة ثانية", ""),
        ("سرب من الرنجة قبالة الرصيف الشمالي", ""),
        ("المكتبة تفتح قاعة القراءة أيام الأحد", ""),
        ("مصابيح جديدة على ممشى كاسر الأمواج", ""),
        ("إغلاق سوق المدينة لإصلاح سقفه", ""),
        ("نادي التجديف يفوز بسباق الخلجان الخمس", ""),
        ("دار الجمارك القديمة تصبح متحفا للعقد", ""),
    ],
    "/ar/{number}",
)
rows = each(
    lambda n, s: (
        f'<div class="post-item"><a href="{s.path}"><h3>{s.title}</h3></a><span>{s.day.day} نوفمبر {s.day.year}</span></div>'
    ),
    AR,
)
_add("arabic", page(f"{MENU}<div dir=rtl>{rows}</div>", language="ar"), AR, "d", "ar")
rows = each(lambda n, s: f'<dt>{s.day:%Y.%m.%d}</dt><dd><span class="icon">お知らせ</span>{link(s)}</dd>', JA)
_add(
    "ja dl",
    page(
        f'<header>{MENU}</header><section class="news"><h2>NEWS</h2><dl class="newsList">{rows}</dl><p><a href="/news/archive/">過去のお知らせ一覧を見る</a></p></section>',
        language="ja",
    ),
    JA,
    "d",
    "ja",
)
rows = each(
    lambda n, s: f'<tr><th scope="row">{s.day:%d-%m-%Y}</th><td>{link(s)} <small>(PDF, 120 kB)</small></td></tr>', EN
)
_add("table th", page(f'{MENU}<table class="table table-striped">{rows}</table>', language="nl"), EN, "d", "nl")
rows = each(
    lambda n, s: (
        f'<div class="lp-link"><a href="{s.path}"><h2 class="normal">{escape(s.title)}</h2><p class="normal">{escape(s.teaser)}</p><p class="env-text-meta"><time>{s.day}</time></p></a></div>'
    ),
    DE,
)
quick = each(
    lambda n, s: (
        f'<div class="lp-link"><a href="/genvag/{n}"><p class="normal">Direkt zu {MONATE[n]} und den Anträgen dazu</p></a></div>'
    ),
    DE,
)
_add(
    "swedish",
    page(f'{MENU}<div class="quick">{quick}</div><div class="news">{rows}</div>', language="sv"),
    DE,
    "ds",
    "sv",
)
rows = each(
    lambda n, s: (
        f'<div class="w-full md:w-1/2 px-4 mb-8"><div class="flex flex-col"><a class="block" href="{s.path}"><img class="object-cover" src="/img/{n}.jpg?w=600" loading="lazy"/></a><p class="text-sm text-gray-500">Shipping</p><a class="mt-2 text-xl font-semibold" href="{s.path}">{escape(s.title)}</a><p class="mt-3 text-base text-gray-500">{escape(s.teaser)}</p><div class="mt-6 flex items-center"><a href="/ann"><span class="sr-only">Ann Lee-Macallister</span></a><div class="text-sm"><time datetime="{s.day}">{s.day:%b %d}</time><span>·</span><span>{n + 3} min read</span></div></div></div></div>'
    ),
    EN,
)
_add(
    "tailwind",
    page(f'<div class="bg-white">{MENU}<div class="flex flex-wrap -mx-4">{rows}</div></div>{FOOTER}'),
    EN,
    "dsi",
)
rows = each(
    lambda n, s: (
        f'<div class="item"><a href="{s.path}"><img src="/img/{n}.jpg" alt="{escape(s.title)}"></a><div class="cap"><strong>{escape(s.title)}</strong><br>{s.day:%d.%m.%Y}</div></div>'
    ),
    EN,
)
_add("picture links", page(f'{MENU}<div class="gallery">{rows}</div>'), EN, "di")
# blocks of different makes: the titles have one class
b1 = each(
    lambda n, s: (
        f'<div class="big"><a href="{s.path}"><img src="/img/{n}.jpg"></a><h2 class="hed">{link(s)}</h2><p class="dek">{escape(s.teaser)}</p></div>'
    ),
    EN[:2],
)
b2 = each(lambda n, s: f'<li><h2 class="hed">{link(s)}</h2></li>', EN[2:])
mr = each(lambda n, s: f'<li><span>{n}</span><a href="{s.path}">{s.title}</a></li>', MOST_READ)
_add(
    "front mix",
    page(
        f'{MENU}<div class="wrap"><div class="top">{b1}</div><div class="mid"><ul>{b2}</ul></div><div class="rail"><h3>Trending now</h3><ol>{mr}</ol></div></div>{FOOTER}'
    ),
    EN,
    "?",
)
rows = each(
    lambda n, s: (
        f'<article><h2><a href="{s.path}">{escape(s.title)}</a></h2><p>{escape(s.teaser)}</p><p>{"today" if not n else f"{n} days ago"}</p></article>'
    ),
    EN,
)
_add("relative", page(f"{MENU}{rows}"), EN, "s")
rows = each(
    lambda n, s: f'<p><b>{english(s.day)}:</b> {escape(s.teaser)} <a href="{s.path}">{escape(s.title)}</a></p>', EN
)
_add("hand p b", page(f"<h1>What is new</h1>{rows}"), EN, "d")
