from __future__ import annotations

import pytest

from tasks.clean.article import Content, clean_html

LINK = "https://quay.example/2026/gate"
STORY = "<p>The gate opens at eight.</p><p>The harbour master says so.</p>"
TEXT = "The gate opens at eight.\n\nThe harbour master says so."


def cleaned(html: str) -> Content:
    return clean_html(html, base=LINK, link=LINK)


@pytest.mark.parametrize(
    "line",
    [
        "<p>Read more</p>",
        "<p><a href='/2026/gate'>Read more &raquo;</a></p>",
        "<p><a href='/2026/gate'>Continue reading <span>The gate</span> &rarr;</a></p>",
        "<a href='/2026/gate?utm_source=rss'>Seguir leyendo</a>",
        "<p><a href='/2026/gate'><strong>Leer más…</strong></a></p>",
        "<div><a href='/2026/gate'>Weiterlesen</a></div>",
        "<p><a href='/2026/gate'>Lire la suite</a></p>",
        "<p><a href='/2026/gate'>Читать далее</a></p>",
        "<p><a href='/2026/gate'>[阅读全文]</a></p>",
        "<p>點擊閱讀全文</p>",
        "<p><a href='/2026/gate'>続きを読む</a></p>",
        "<p><a href='/2026/gate'>더 보기</a></p>",
        "<p><a href='/2026/gate'>اقرأ المزيد</a></p>",
        "<p><a href='/2026/gate'>और पढ़ें</a></p>",
        "<p><a href='/2026/gate'>Devamını oku</a></p>",
        "<p><a href='/2026/gate'>Þetta er framhaldið</a></p>",  # to the article itself, in a language without phrases
        "<p><small>3 posts - 2 participants</small></p><p><a href='/2026/gate'>Read full topic</a></p>",
        "<p><small>3 Beiträge - 2 Teilnehmer</small></p><p><a href='/t/1'>Vollständiges Thema lesen</a></p>",
        "<p><a href='https://quay.example/2026/gate'>Read the full story at The Quay.</a></p>",
        "<p>[If this looks odd in your reader, <a href='/2026/gate?ref=rss'>visit the page</a>]</p>",
        "<p><a href='mailto:master@quay.example'>Reply to this post</a></p>",
        "<p><a href='/2026/gate#comments'>Comments</a></p>",
        "<p>Thanks for reading The Quay! Subscribe for free to receive new posts and support my work.</p>",
    ],
)
def test_an_invitation_to_read_on_is_removed(line: str) -> None:
    assert cleaned(STORY + line).text == TEXT
    assert cleaned(f"{STORY}<hr>{line}<hr>").html == STORY


@pytest.mark.parametrize(
    "ending",
    [
        " <a href='/2026/gate'>Read more</a>",
        "<br><br><a href='/2026/gate'>Seguir leyendo</a>",
        "… (<a href='/2026/gate'>more about the gate</a>)",
        " [&hellip;] <a href='/2026/gate'>Continue reading The gate</a>",
        " [&hellip;] <a href='/2026/gate'>Read more<span> about The gate opens at eight, and the quay at nine, from May"
        " to the end of the year</span></a>",
        " Read more",
        "<br>Weiterlesen …",
        " … Continue reading The gate opens →",
        " The post The gate appeared first on The Quay.",
        " La entrada La puerta se publicó primero en El Muelle.",
    ],
)
def test_an_invitation_at_the_end_of_a_paragraph_is_removed(ending: str) -> None:
    text = cleaned(f"<p>The gate opens at eight.{ending}</p>").text
    assert text.rstrip(" …[]") == "The gate opens at eight."


@pytest.mark.parametrize(
    "line",
    [
        "The post <a href='{}'>The gate</a> appeared first on <a href='https://quay.example/'>The Quay</a>.",
        "The post <a href='{}'>The gate</a> first appeared on <a href='https://quay.example'>The Quay</a>.",
        "Der Beitrag <a href='{}'>Das Tor</a> erschien zuerst auf <a href='https://quay.example'>Der Kai</a>.",
        "La entrada <a href='{}'>La puerta</a> se publicó primero en <a href='https://quay.example'>El Muelle</a>.",
        "L’article <a href='{}'>La porte</a> est apparu en premier sur <a href='https://quay.example'>Le Quai</a>.",
        "L'articolo <a href='{}'>La porta</a> proviene da <a href='https://quay.example'>Il Molo</a>.",
        "O post <a href='{}'>O portão</a> apareceu primeiro em <a href='https://quay.example'>O Cais</a>.",
        "Сообщение <a href='{}'>Ворота</a> появились сначала на <a href='https://quay.example'>Причал</a>.",
        "投稿 <a href='{}'>門</a> は <a href='https://quay.example'>波止場</a> に最初に表示されました。",
        "<a href='{}'>大门</a>最先出现在<a href='https://quay.example'>码头</a>。",
        "<a href='{}'>Kapı</a> yazısı ilk önce <a href='https://quay.example'>İskele</a> üzerinde ortaya çıktı.",
        "Færslan <a href='{}'>Hliðið</a> birtist fyrst á <a href='https://quay.example/'>Bryggjan</a>.",
        "The post The gate appeared first on The Quay.",
        "Der Beitrag Das Tor erschien zuerst auf Der Kai.",
    ],
)
def test_where_it_appeared_first_is_removed(line: str) -> None:
    assert cleaned(STORY + f"<p>{line.format(LINK)}</p>").text == TEXT


@pytest.mark.parametrize(
    "line",
    [
        "<p>Read more: <a href='/quay'>The quay is closed</a></p>",
        "<p><strong>Lea también:</strong> <a href='/quay'>El muelle cierra</a></p>",
        "<p><em>Lesen Sie auch <a href='/quay'>Der Kai ist zu</a></em></p>",
        "<p><a href='/quay'>À lire aussi : le quai ferme</a></p>",
        "<p>Читайте также: <a href='/quay'>Причал закрыт</a></p>",
        "<p>延伸閱讀：<a href='/quay'>碼頭關閉</a></p>",
        "<p>関連記事：<a href='/quay'>波止場が閉鎖</a></p>",
        "<p>Related: <a href='/quay'>The quay is closed</a>, <a href='/boats'>Boats in the fog</a></p>",
        "<h3>Related posts</h3><ul><li><a href='/quay'>The quay</a></li><li><a href='/boats'>Boats</a></li></ul>",
        "<p><b>Te puede interesar</b></p><ul><li><a href='/quay'>El muelle</a></li></ul>",
        "<h2>您可能感兴趣的文章</h2><h3><a href='/quay'>码头关闭</a></h3><h3><a href='/boats'>雾中的船</a></h3>",
        "<h3>Share this:</h3><ul><li><a href='/2026/gate?share=twitter'>Click to share on Twitter</a></li></ul>",
        "<p><a href='https://www.facebook.com/sharer.php?u=x'>Facebook</a>"
        " <a href='https://twitter.com/intent/tweet?url=x'>Tweet</a></p>",
        "<ul><li><a href='/s/1'>点击分享到微博（在新窗口中打开）</a></li></ul>",
        "<p>Compartir en Facebook</p>",
        "<p>Share on Facebook | Twitter | WhatsApp | Email</p>",
        "<p>分享到 微信 微博</p>",
        "<h4>Teilen:</h4><ul><li>Facebook</li><li>X</li><li>WhatsApp</li></ul>",
        "<p><a href='/subscribe'>Subscribe now</a></p>",
    ],
)
def test_links_to_other_articles_and_buttons_are_removed_everywhere(line: str) -> None:
    assert cleaned(STORY + line).text == TEXT
    first, _, last = STORY.partition("</p>")
    assert cleaned(f"{first}</p>{line}{last}").text == TEXT


def test_a_list_of_related_articles_goes_with_its_pictures() -> None:
    card = "<div><a href='/quay'><img src='/small.jpg'></a><h4><a href='/quay'>The quay</a></h4></div>"
    content = cleaned(f"<p><img src='/a.jpg'></p>{STORY}<h3>You may also like</h3>{card}{card}")
    assert content.text == TEXT
    assert [image.url for image in content.images] == ["https://quay.example/a.jpg"]


@pytest.mark.parametrize(
    "text",
    [
        "Read more books this winter, says Oda.",
        "Read more: it is good for you, says the ministry. It costs nothing.",
        "The post office first appeared on maps in 1890, and nobody knows who drew them so carefully for the king in "
        "the first place, or why. The town has looked for them since, in each of its cellars and in every attic.",
        "Share prices fell by a tenth.",
        "Share this on Facebook, says Ito.",
        "Facebook and Twitter",
        "Facebook, Twitter",
        "He told the class: read more.",
        "“If you want to write,” she said, “read more.”",
        "Comments are the best part of the paper.",
        "Seguir leyendo en voz alta es un placer.",
        "Weiterlesen lohnt sich.",
        "阅读全文需要十分钟。",
        "这种鱼最先出现在北方的河里。",
        "Related to this is the question of the gate.",
    ],
)
def test_text_that_begins_like_a_template_is_text(text: str) -> None:
    assert cleaned(f"<p>{text}</p>").text == text
    assert cleaned(STORY + f"<p>{text}</p>").text == f"{TEXT}\n\n{text}"
    assert cleaned(f"<p>{text}</p>" + STORY).text == f"{text}\n\n{TEXT}"


@pytest.mark.parametrize(
    "html",
    [
        "<p>To find out, <a href='/2026/gate'>read more</a>.</p>",
        "<p>Read more about it in <a href='/quay'>the old paper</a> of 1903, which has it all.</p>",
        "<h2>Related</h2><p>Two other gates have the same lock.</p>",
        "<h2>Related</h2><ul><li><a href='https://lock.example/'>Locks</a> by Ito has the plans.</li></ul>",
        "<p>The services that failed:</p><ul><li>Facebook</li><li>WhatsApp</li></ul>",
        "<h2>Comments</h2><p>Ito: I was there.</p>",
        "<p>Photo by <a href='https://photos.example/ito'>Ito</a> on <a href='https://photos.example/'>Photos</a></p>",
    ],
)
def test_what_only_looks_like_a_template_stays(html: str) -> None:
    without = cleaned(html.replace("<a ", "<b ").replace("</a>", "</b>"))
    assert cleaned(STORY + html).text == f"{TEXT}\n\n{without.text}"


def test_a_link_to_another_site_stays_without_its_words() -> None:
    """A review of other papers: each quotation ends with a link to where it is from."""
    html = "<p>The Post says no.</p><p><a href='https://post.example/no'>Read more</a></p><p>The Times says yes.</p>"
    content = cleaned(html)
    assert content.text == "The Post says no.\n\nThe Times says yes."
    assert "https://post.example/no" in content.html


def test_the_last_link_to_another_site_stays_too() -> None:
    """The last of several quotations, and the source that a digest's entry ends with."""
    source = "<p><a href='https://post.example/no'>Read more</a></p>"
    content = cleaned(f"<p>The Post says no. Read more</p>{source}<p>Share this</p>")
    assert content.text == "The Post says no."
    assert "https://post.example/no" in content.html


def test_an_entry_that_only_points_to_others_says_that() -> None:
    only = "<h3>Related</h3><ul><li><a href='/quay'>The quay is closed</a></li></ul>"
    assert "The quay is closed" in cleaned(only).text
    assert cleaned("<p>欢迎订阅</p>").text == "欢迎订阅"
    assert cleaned("<p><a href='/2026/gate'>Read more</a></p>").text == ""


def test_a_line_in_code_or_a_quotation_is_not_the_sites() -> None:
    html = "<pre>Read more</pre><blockquote><p>Share this</p></blockquote><p>So it said.</p>"
    assert cleaned(html).text == "Read more\n\n> Share this\n\nSo it said."


def test_many_headings_of_links_end_in_bounded_work() -> None:
    """Each of them is both a heading and a link below the one before."""
    assert cleaned(STORY + "<h3><a href='/x'>Related</a></h3>" * 300).text.startswith(TEXT)


@pytest.mark.parametrize("text", ["", "<p>It opens.</p>" * 20_000])
def test_thousands_of_links_to_other_sites_are_read_once(text: str) -> None:
    """In the square of their number, this would take minutes."""
    links = "".join(f"<p><a href=https://harbour.example/{number}>Read more</a></p>" for number in range(10_000))
    content = cleaned(f"<p>The gate. Read more</p>{text}{links}")
    assert content.text.startswith("The gate.")
    assert content.html.count("https://harbour.example/") == 10_000
