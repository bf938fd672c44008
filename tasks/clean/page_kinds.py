"""What answered in place of an article's page: an error page, a wall, the front page, another article.

Told by the page's address, its title and its first words, and by what the feed says of the article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tasks.text import urls
from tasks.text.plain import UNSPACED, WORDS
from warehouse.load.containment import LENGTH, letters, share_contained, shingles
from warehouse.load.evidence import Agreement, compare_titles
from warehouse.records import PageReading, PageRequest

ENOUGH: Final = 0.5
"""The share of the known text's shingles, or of a title's words, that the article's page has."""
ENOUGH_UNMOVED: Final = 0.3
"""The share of a title's words if the page answered at the article's own address: headlines are rewritten."""
BRIEF: Final = 1_500
"""Characters of a page that may be a wall; one with more text is an article that mentions cookies."""
NOTICE: Final = 300
"""Characters of a text that may only say that the article was removed."""
LEAD: Final = 3_000
"""Characters of a text in which its title's words are looked for: further down, any word is found."""
STEM: Final = 5
"""Letters of a word's beginning."""

_ERROR = re.compile(
    r"not[ -]found|no longer (?:available|exists?)|do(?:es)?(?: not|n't|n’t) exist|page (?:missing|removed|"
    r"unavailable)|(?:page|article|story|content)[^.!?]{0,40}(?:can(?:not|'t|’t) be found|has been (?:removed|"
    r"deleted|taken down|withdrawn)|(?:is not|isn't|isn’t) available)|nothing was found|could(?: not|n't|"
    r"n’t) find (?:the|that|this|your) page|nicht gefunden|nicht mehr (?:verfügbar|vorhanden|online)|(?:seite|"
    r"artikel|inhalt) (?:existiert|gibt es) nicht|existiert nicht mehr|introuvable|n['’](?:existe|est) (?:pas|"
    r"plus)(?: disponible)?\b|no (?:se ha )?encontrad[ao]|no existe|ya no (?:está|existe)|"
    r"não (?:foi )?encontrad[ao]|não existe|non (?:è stata )?trovat[ao]|non esiste|niet gevonden|bestaat niet|"
    r"hittades inte|finns inte|(?:ikke|ikkje) (?:fundet|funnet)|findes ikke|finnes ikke|ei löyt|"
    r"nie (?:została )?znalezion[oaey]|nie istnieje|nenalezen[ao]?|nebyl[ao]? nalezen[ao]?|neexistuje|nem található|"
    r"nu (?:a fost|există)|δεν (?:βρέθηκε|υπάρχει)|nij?e pronađen[ao]|не найден[ао]?|не существует|удален[ао]?\b|"
    r"не існує|не знайден[оа]|не (?:е|беше) намерен[ао]?|bulunamadı|tidak ditemukan|không (?:tìm thấy|tồn tại)|"
    r"ไม่พบ|لم يتم العثور|غير موجود|یافت نشد|לא נמצא|नहीं मिला|পাওয়া যায়নি|(?:页面|頁面|文章|内容|內容|网页|網頁|"
    r"新闻|新聞).{0,6}(?:不存在|找不到|已(?:被)?(?:删除|刪除|下架|移除|下线))|(?:找不到|无法找到|無法找到|"
    r"未找到).{0,8}(?:页|頁)|(?:页|頁).{0,4}(?:找不到|无法找到|無法找到|未找到)|見つかりません|(?:ページ|"
    r"記事)は?(?:存在しません|削除されました)|찾을 수 없|존재하지 않|삭제된 (?:기사|페이지|게시물)",
    re.IGNORECASE,
)
"""What an error page says; an article may say it of a missing child."""
_ERROR_NUMBER = re.compile(
    r"(?:^|[-|–—:·]\s*)\W*(?:http\W*)?(?:(?:error|fehler|erreur|errore|erro|fout|fel|fejl|feil|virhe|błąd|chyba|"
    r"hiba|eroare|σφάλμα|ошибка|помилка|грешка|greška|hata|lỗi|kesalahan|خطأ|שגיאה|错误|錯誤|エラー|오류|página|"
    r"page|seite)\W*)?(?:404|410)\W*(?:$|(?<=\d)\s*[-|–—:·(!_]|(?:error|not|page|错误|錯誤|页|頁|エラー))",
    re.IGNORECASE,
)
"""A title such as "404", "Error 404 - The Quay"; and none such as "410 jobs are cut"."""
_BOT = re.compile(
    r"just a moment|attention required|access (?:to this page has been )?denied|are you (?:a )?(?:robot|human)|"
    r"robot check|human verification|verify (?:that )?you(?: a|')re (?:a )?human|security check|ddos.guard|"
    r"checking your browser|pardon our interruption|unusual traffic|please enable cookies|request unsuccessful|"
    r"you have been blocked|captcha|(?:kein|no (?:es|soy|eres) un|(?:pas|n['’]êtes pas) un|не|nie jestem|não (?:é|"
    r"sou) um) (?:robot|roboter|робот|robô)|^\W*(?:un momento|einen moment|un instant|um momento|een ogenblik|"
    r"один момент|bir dakika|chwileczkę|ett ögonblick|请稍候|請稍候|しばらくお待ち|잠시만 기다)|(?:es|"
    r"êtes) (?:usted )?(?:un |une )?(?:ser |personne )?(?:humano?|humaine?)\b|403 forbidden|zugriff verweigert|"
    r"accès refusé|acceso denegado|доступ (?:ограничен|запрещ)|百度安全验证|安全验证|访问(?:验证|受限|被拒绝)|"
    r"人机验证|滑动验证|アクセスが拒否|접근이? ?(?:거부|차단)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|we (?:value|respect|care about) your privacy|your privacy (?:choices|matters)|"
    r"^\W*(?:cookie|privacy) (?:consent|settings|preferences|notice|policy)\W*(?:$|[-|–—])|wir verwenden cookies|"
    r"^\W*(?:zustimmung|einwilligung|datenschutz|consentement|consentimiento)\W*$|datenschutzeinstellungen|"
    r"weiter mit werbung|mit werbung (?:und tracking )?(?:lesen|weiterlesen|nutzen)|(?:nous )?respect(?:ons|"
    r"e) (?:de )?votre vie privée|gestion des cookies|continuer sans accepter|aceptar (?:todas las )?cookies|"
    r"(?:valoramos|respetamos) (?:tu|su) privacidad|privacy.?instellingen|informativa sui cookie|"
    r"accetta (?:tutti )?i cookie|valorizamos (?:a )?sua privacidade|cenimy (?:twoją|państwa) prywatność|"
    r"vi värnar om din integritet|vi bryr os om dit privatliv|välj cookies",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"^\W*(?:用户|用戶|会员|會員)?(?:log ?in|sign ?in|sign ?up|register|subscribe|anmelden|einloggen|abonnieren|"
    r"(?:se )?connecter|connexion|s['’]abonner|iniciar sesión|acceder|suscríbete|entrar|fazer login|accedi|"
    r"abbonati|inloggen|logga in|log ind|logg inn|kirjaudu|zaloguj(?: się)?|вход|войти|увійти|giriş yap|đăng nhập|"
    r"masuk|تسجيل الدخول|התחברות|登录|登入|登錄|注册|註冊|ログイン|로그인)(?![^\W\d_])",
    re.IGNORECASE,
)
_CONSENT_ADDRESS = re.compile(r"(?:^|[./])(?:consent|guce|privacy-?(?:gate|wall|mgmt)|cookie-?(?:wall|consent))[./?]")
_LOGIN_ADDRESS = re.compile(
    r"/(?:log-?in|sign-?in|signin|logon|sso|oauth2?|auth(?:orize|enticate)?|accounts?/login|paywall|subscribe|"
    r"register|anmelden|connexion|login\.\w+)(?:[/?.]|$)",
    re.IGNORECASE,
)
_SECTIONS = re.compile(r"/[a-zA-Z]{2,20}(?:/[a-zA-Z-]{2,20})?")
_SCRIPTS = re.compile(
    r"(?:enable|turn on|activ\w{1,15}|aktivier\w{1,15}|habilit\w{1,15}|attivare|requires?|włącz\w{0,15}|"
    r"включит\w{0,15}|启用|啟用|开启|開啟).{0,20}javascript|"
    r"javascript.{0,20}(?:required|disabled|enabled|aktivier|activ|attiv|ativ|włącz|"
    r"включ|有効|활성화|启用|啟用)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows, before anybody looks for an article on it."""

    title: str
    """Of its <title>, or its first heading."""
    text: str
    """All its visible text."""
    address: str
    """Where it answered."""


def what_else(page: Seen, request: PageRequest) -> PageReading | None:
    """Why the page is not the article's; None if nothing speaks against it."""
    if leads_to_front(page.address, request.url):
        return PageReading("missing", f"its address leads to the site's front page, {page.address}")
    if names_article(page, request):
        return None
    moved = _path(page.address) != _path(request.url)
    address = page.address.partition("://")[2]
    if moved and _CONSENT_ADDRESS.search(address):
        return PageReading("forbidden", f"the site asks for consent first: {page.address}")
    if moved and _LOGIN_ADDRESS.search(address):
        return PageReading("forbidden", f"the site asks to log in or to subscribe: {page.address}")
    is_brief = len(page.text) < BRIEF
    if _speaks_of_article(page, request, is_brief=is_brief):
        return None
    if is_brief and (_BOT.search(page.title) or _BOT.search(page.text)):
        return PageReading("forbidden", f"the site lets no program read it: “{_quote(page)}”")
    if is_error_title(page.title) or (is_brief and _ERROR.search(page.text)):
        return PageReading("missing", f"an error page, though it answers 200: “{_quote(page)}”")
    if moved and leads_up(page.address, request.url):
        return PageReading("missing", f"its address leads to a page above it, {page.address}")
    if is_brief and _LOGIN.search(page.title):
        return PageReading("forbidden", f"the site asks to log in or to subscribe: “{_quote(page)}”")
    if is_brief and (_CONSENT.search(page.title) or _CONSENT.search(page.text)):
        return PageReading("forbidden", f"the site asks for consent first: “{_quote(page)}”")
    if is_brief and _SCRIPTS.search(page.text):
        return PageReading("skipped", "the page shows its text only by scripts, which newsmill does not run")
    return None


def leads_to_front(address: str, asked: str) -> bool:
    """Whether an article's address led to its site's front page."""
    return urls.identity(address) is None and urls.identity(asked) is not None


def leads_up(address: str, asked: str) -> bool:
    """Whether an article's address led to a section above it: from /en/news/2026/gate to /en/news."""
    path = _path(address)
    return _SECTIONS.fullmatch(path) is not None and _path(asked).startswith(f"{path}/")


def is_error_title(title: str) -> bool:
    return bool(_ERROR_NUMBER.search(title[:NOTICE]) or _ERROR.search(title))


def is_notice(text: str, request: PageRequest) -> bool:
    """Whether the text that was found under the article's title only says that the article is there no more."""
    if len(text) >= NOTICE or not _ERROR.search(text) or _has_teaser(text, request):
        return False
    return (_share_of_title(request.title, text) or 0) < ENOUGH


def names_article(page: Seen, request: PageRequest) -> bool:
    """Whether the page's title is the article's."""
    wanted, title = letters(request.title), letters(page.title)
    return bool(wanted) and (wanted in title or compare_titles(request.title, page.title) >= Agreement.ALIKE)


def is_other_article(page: Seen, title: str, text: str, request: PageRequest) -> bool:
    """Whether the article that was found on the page, by title and text, is another than the one asked for."""
    if names_article(page, request) or compare_titles(request.title, title) >= Agreement.ALIKE:
        return False
    if _has_teaser(text, request):
        return False
    share = _share_of_title(request.title, f"{page.title} {title} {text[:LEAD]}")
    if share is None:
        return False  # an entry without a title: nothing speaks against its page
    return share < (ENOUGH_UNMOVED if _path(page.address) == _path(request.url) else ENOUGH)


def _speaks_of_article(page: Seen, request: PageRequest, *, is_brief: bool) -> bool:
    """Whether a page under another headline is the article's nevertheless: by its teaser, or by its title's words."""
    if _has_teaser(page.text, request):
        return True
    share = _share_of_title(request.title, f"{page.title} {page.text if is_brief else ''}")
    return share is not None and share >= ENOUGH


def _has_teaser(text: str, request: PageRequest) -> bool:
    return len(shingles(request.text)) >= LENGTH and share_contained(request.text, text) >= ENOUGH


def _share_of_title(title: str, shown: str) -> float | None:
    """The share of the title's words that tell something and are shown; None if it has none.

    Words are compared by their beginnings, as languages inflect them; where the script writes no spaces, every two
    characters in a row are.
    """
    unspaced = {run[start : start + 2] for run in UNSPACED.findall(title) for start in range(len(run) - 1)}
    words = _words(UNSPACED.sub(" ", title))
    if not unspaced and not words:
        return None
    beginnings = _words(UNSPACED.sub(" ", shown))
    found = sum(pair in shown for pair in unspaced) + len(words & beginnings)
    return found / (len(unspaced) + len(words))


def _words(text: str) -> set[str]:
    """The beginnings of the words that tell something."""
    return {letters(word)[:STEM] for word in WORDS.findall(text) if len(word) > 3}


def _path(address: str) -> str:
    try:
        return urlsplit(address).path.rstrip("/")
    except ValueError:
        return address


def _quote(page: Seen) -> str:
    return " ".join((page.title or page.text).split())[:80]
