"""What answered in place of an article's page, in the languages that sites have, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.clean.page_kinds import BRIEF, Seen, is_notice, is_other_article, leads_to_front, leads_up, what_else
from warehouse.records import PageRequest

ADDRESS = "https://quay.example/news/2026/gate"
REQUEST = PageRequest(
    ADDRESS, "North gate opens at nine after divers clear the sill", text="The harbour master says it will be at nine."
)
MENU = "Home News Sport Weather Notices Subscribe Log in Cookie settings Privacy policy © The Quay 2026 "
TEXT = "The harbour is open again, and so are its gates, the harbour master said on Monday in a long speech. " * 30


def kind(title: str, text: str = "", address: str = ADDRESS, request: PageRequest = REQUEST) -> str:
    """The status that the page has; "article" if nothing speaks against it."""
    found = what_else(Seen(title, text, address), request)
    assert found is None or found.error, "a status has its reason"
    return found.status if found else "article"


@pytest.mark.parametrize(
    "title",
    [
        *("404 Not Found", "404", "Error 404", "The Quay | 404", "HTTP 410", "Page not found - The Quay", "404页"),
        *("Fehler 404 – Der Kai", "Seite nicht gefunden", "Erreur 404", "Page introuvable", "Página no encontrada"),
        *("Página não encontrada", "Pagina non trovata", "Pagina niet gevonden", "Sidan hittades inte"),
        *("Siden blev ikke fundet", "Siden ble ikke funnet", "Sivua ei löytynyt", "Nie znaleziono strony"),
        *("Strona nie istnieje", "Stránka nenalezena", "Az oldal nem található", "Pagina nu a fost găsită"),
        *("Η σελίδα δεν βρέθηκε", "Stranica nije pronađena", "Страница не найдена", "Ошибка 404"),
        *("Сторінку не знайдено", "Страницата не е намерена", "Sayfa bulunamadı", "Halaman tidak ditemukan"),
        *("Không tìm thấy trang", "ไม่พบหน้าที่คุณต้องการ", "الصفحة غير موجودة", "صفحه یافت نشد", "הדף לא נמצא"),
        *("पृष्ठ नहीं मिला", "页面不存在", "该文章已被删除", "404-页面找不到了", "該頁面不存在"),
        *("ページが見つかりません", "記事は削除されました", "페이지를 찾을 수 없습니다", "삭제된 기사입니다"),
    ],
)
def test_an_error_page_by_its_title(title: str) -> None:
    assert kind(title) == "missing"
    assert kind(title, MENU + TEXT) == "missing", "with a long list of what else there is to read"


@pytest.mark.parametrize(
    "text",
    [
        "Oops! That page can’t be found. It looks like nothing was found at this location.",
        *("This article has been removed.", "This story is no longer available.", "Sorry, this page isn't available."),
        *("We could not find the page you were looking for.", "The content you requested has been removed."),
        *("Diese Seite existiert nicht mehr.", "Der Artikel ist nicht mehr verfügbar.", "La page n’existe plus."),
        *("Esta página ya no existe.", "Запрошенная страница не существует.", "您访问的页面不存在或已被删除"),
        *("ご指定の記事は削除されました。", "존재하지 않는 페이지입니다."),
    ],
)
def test_an_error_page_by_its_words_under_the_site_s_own_title(text: str) -> None:
    assert kind("The Quay", MENU + text) == "missing"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Just a moment...", "Enable JavaScript and cookies to continue"),
        ("Attention Required! | Cloudflare", "Sorry, you have been blocked"),
        ("Access Denied", "You don't have permission to access this page on this server."),
        ("quay.example", "Please verify you are a human"),
        *((title, "") for title in ("DDoS-Guard", "Pardon Our Interruption", "Are you a robot?", "Captcha")),
        *((title, "") for title in ("Einen Moment bitte…", "Un momento…", "Один момент…", "请稍候…", "人机验证")),
        *((title, "") for title in ("しばらくお待ちください...", "잠시만 기다리십시오…", "Доступ ограничен")),
        ("Der Kai", "Bitte bestätigen Sie, dass Sie kein Roboter sind."),
        ("百度安全验证", "网络不给力，请稍后重试"),
    ],
)
def test_a_page_that_lets_no_program_through(title: str, text: str) -> None:
    assert kind(title, text) == "forbidden"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Before you continue", "Accept all. Reject all."),
        ("Cookie settings", ""),
        ("The Quay", "We value your privacy. We and our 342 partners store information on a device."),
        ("Der Kai", "Wir verwenden Cookies. Weiter mit Werbung oder mit Abo."),
        ("Le Quai", "Nous respectons votre vie privée. Continuer sans accepter"),
        ("El Muelle", "Valoramos tu privacidad. Aceptar cookies"),
        ("De Kade", "Uw privacy-instellingen"),
    ],
)
def test_a_page_that_asks_for_consent(title: str, text: str) -> None:
    assert kind(title, text) == "forbidden"


@pytest.mark.parametrize(
    "title",
    [
        *("Log in", "Sign in - The Quay", "Anmelden | Der Kai", "Se connecter", "Iniciar sesión", "Вход", "登录"),
        *("用户登录", "ログイン", "로그인", "تسجيل الدخول", "Giriş yap", "Subscribe to continue reading"),
    ],
)
def test_a_page_that_asks_to_log_in(title: str) -> None:
    assert kind(title, MENU + "Email Password") == "forbidden"


@pytest.mark.parametrize(
    "text",
    [
        "You need to enable JavaScript to run this app.",
        *("Bitte aktivieren Sie JavaScript.", "Veuillez activer JavaScript.", "JavaScript is disabled"),
        *("请启用JavaScript", "JavaScriptを有効にしてください"),
    ],
)
def test_a_page_of_scripts_only(text: str) -> None:
    assert kind("The Quay", MENU + text) == "skipped"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("https://consent.quay.example/v2/collect?sessionId=1", "forbidden"),
        ("https://quay.example/login?next=/news/2026/gate", "forbidden"),
        ("https://accounts.quay.example/auth/realms/readers", "forbidden"),
        ("https://quay.example/", "missing"),
        ("https://www.quay.example", "missing"),
        ("https://quay.example/?utm_source=rss", "missing"),
        ("https://quay.example/news", "missing"),
        ("https://quay.example/news/2026/north-gate", "article"),
        ("https://www.quay.example/news/2026/gate/", "article"),
    ],
)
def test_where_the_article_s_address_leads(address: str, status: str) -> None:
    assert kind("The Quay", MENU + TEXT, address) == status


def test_a_section_above_the_article_and_what_is_none() -> None:
    assert leads_up("https://quay.example/en/sport", "https://quay.example/en/sport/2026/gate")
    assert not leads_up("https://quay.example/story/12345", "https://quay.example/story/12345/gate-opens")
    assert not leads_up("https://quay.example/culture", "https://quay.example/news/2026/gate")
    assert leads_to_front("https://quay.example/", "https://quay.example/?p=123")
    assert not leads_to_front("https://quay.example/", "https://quay.example/"), "a feed may link to nothing else"


@pytest.mark.parametrize(
    "title",
    [
        *("Why cookie banners are back", "404 errors explained", "Page not found: a history of 404"),
        *("Log in or die: the logins of the world", "Are you a robot? A test", "Access denied: a town is shut out"),
        *("Age of consent to be raised", "我们为什么会看到“页面不存在”", "Warum „Seite nicht gefunden“ Kunst ist"),
        *("Ошибка 404 исполняется тридцать лет", "ログインの歴史"),
    ],
)
def test_articles_about_errors_and_walls_are_articles(title: str) -> None:
    """The feed's title names them, or they are long enough to be one."""
    words = "It is about cookies, robots and logins; “page not found”, it said, and “we value your privacy”."
    assert kind(f"{title} | The Quay", MENU + words, request=PageRequest(ADDRESS, title)) == "article"


@pytest.mark.parametrize(
    "title",
    [
        *("410 jobs are cut at the quay", "404 children learn to swim", "Peugeot 404 turns sixty", "Flight 410: why"),
        *("Log in, tune out: a week offline", "Sign up for the quay run begins", "Age of consent to be raised"),
        *("How they say that we value your privacy", "Robots pass the captcha", "Register of ships is published"),
    ],
)
def test_a_rewritten_headline_makes_no_error_page_of_an_article(title: str) -> None:
    assert kind(f"{title} - The Quay", MENU + TEXT) == "article"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Missing hiker not found", "Divers clear the sill; the north gate opens at nine. We value your privacy"),
        ("The gate", "The harbour master says it will be at nine. Before you continue: cookie settings"),
        ("The Quay", "North gate opens at nine after divers clear the sill. Please enable JavaScript to comment."),
    ],
)
def test_a_brief_article_among_banners_is_told_by_its_words(title: str, text: str) -> None:
    assert kind(title, MENU + text) == "article"


@given(st.integers(0, 2 * BRIEF), st.sampled_from(["Page not found", "We value your privacy", "Log in", "Captcha", ""]))
def test_a_page_under_the_article_s_own_title_is_the_article_s(length: int, words: str) -> None:
    assert kind(f"{REQUEST.title} | The Quay", words + TEXT[:length]) == "article"


def test_a_notice_in_place_of_the_text() -> None:
    assert is_notice("This article has been removed for legal reasons.", REQUEST)
    assert is_notice("Der Artikel ist nicht mehr verfügbar.", REQUEST)
    assert is_notice("该文章已被删除", PageRequest(ADDRESS, "北闸门周一九点开放"))
    assert not is_notice(TEXT + "This article has been removed.", REQUEST), "a text that ends so is one"
    assert not is_notice(
        "Пропавший рыбак с Северной косы не найден, сообщили спасатели.",
        PageRequest(ADDRESS, "Пропавший рыбак не найден"),
    )


# --- another article ------------------------------------------------------------------------------------------------

FERRY = "The ferry is late again, and the cows do not like it. Passengers waited for an hour on the landing stage. " * 9


def is_other(title: str, text: str, address: str = ADDRESS, request: PageRequest = REQUEST) -> bool:
    return is_other_article(Seen(title, text, address), title, text, request)


def test_another_article() -> None:
    assert is_other("Ferry late again", FERRY)
    assert is_other("Ferry late again", FERRY, "https://quay.example/news/2026/ferry")
    assert is_other(
        "渡轮再次晚点", "渡轮又晚点了，奶牛不高兴。" * 20, request=PageRequest(ADDRESS, "北闸门周一九点开放")
    )
    assert is_other(
        "Паром снова опаздывает", "Паром снова опаздывает. " * 20, request=PageRequest(ADDRESS, "Ворота открыты")
    )


@pytest.mark.parametrize(
    ("wanted", "title", "text"),
    [
        (REQUEST.title, "North Gate to Open at Nine on Monday", "Divers cleared the sill. " * 20),
        (REQUEST.title, "Harbour news", "The north gate opens at nine, after divers had cleared the sill. " * 9),
        ("山脊镇茶农提前两周开采头茶", "今年头茶早了两个星期", "山脊镇的茶农今年比往年早了两个星期开始采茶。" * 9),
        ("北門は月曜日の九時に開く", "港の北門、月曜朝に再開", "北門は月曜日の朝九時に開く。" * 9),
        ("Северные ворота откроются в девять", "Ворота порта", "Северных ворот ждали; открытие в девять утра. " * 9),
        ("Pohjoisportti avataan yhdeksältä", "Satama", "Pohjoisportin avaaminen siirtyi. " * 20),
    ],
)
def test_a_rewritten_headline_is_no_other_article(wanted: str, title: str, text: str) -> None:
    assert not is_other(title, text, request=PageRequest(ADDRESS, wanted))


def test_the_feed_s_teaser_on_the_page_tells_that_it_is_the_article() -> None:
    assert not is_other("A bottle of gravel", f"{REQUEST.text} {FERRY}")


def test_without_a_title_nothing_speaks_against_a_page() -> None:
    """Posts of social networks have none."""
    assert not is_other("Ferry late again", FERRY, request=PageRequest(ADDRESS, ""))
    assert not is_other("Ferry late again", FERRY, request=PageRequest(ADDRESS, "???"))
    assert kind("Ferry late again", FERRY, request=PageRequest(ADDRESS, "")) == "article"


def test_words_that_stand_far_down_do_not_tell() -> None:
    """Any long text has most words of any title somewhere."""
    assert is_other("Ferry late again", FERRY * 20 + "north gate opens nine after divers clear sill")
