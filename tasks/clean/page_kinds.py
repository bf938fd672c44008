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

_ERROR = re.compile(
    r"\b(?:404|410)\b|not[ -]found|no longer (?:available|exists)|does(?: not|n't|n’t) exist|page (?:missing|removed)|"
    r"nicht gefunden|nicht mehr verfügbar|introuvable|n'existe (?:pas|plus)|no encontrad[ao]|no existe|ya no está|"
    r"não (?:foi )?encontrad[ao]|non trovat[ao]|niet gevonden|bestaat niet|hittades inte|ikke fundet|ikke funnet|"
    r"ei löytynyt|nie znalezion[oa]|nenalezen[ao]|не найден[ао]?|не існує|не знайден[оа]|bulunamadı|tidak ditemukan|"
    r"không tìm thấy|ไม่พบ|لم يتم العثور|غير موجود|یافت نشد|לא נמצא|पृष्ठ नहीं मिला|"
    r"(?:页面|頁面|文章|内容|內容|网页|網頁).{0,6}(?:不存在|找不到|已(?:被)?(?:删除|刪除|下架|移除))|"
    r"(?:找不到|无法找到|無法找到|未找到)|見つかりません|存在しません|削除されました|찾을 수 없|존재하지 않|삭제된",
    re.IGNORECASE,
)
_BOT = re.compile(
    r"just a moment|attention required|access (?:to this page has been )?denied|are you (?:a )?(?:robot|human)|"
    r"robot check|human verification|verify (?:that )?you(?: a|')re (?:a )?human|security check|ddos.guard|"
    r"checking your browser|pardon our interruption|unusual traffic|please enable cookies|request unsuccessful|"
    r"403 forbidden|zugriff verweigert|accès refusé|acceso denegado|доступ (?:ограничен|запрещ)|"
    r"百度安全验证|安全验证|访问(?:验证|受限|被拒绝)|人机验证|滑动验证|アクセスが拒否|접근이? ?(?:거부|차단)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|we value your privacy|your privacy (?:choices|matters)|cookie (?:consent|settings|policy)|"
    r"consent|wir verwenden cookies|datenschutzeinstellungen|mit werbung|nous respectons votre vie privée|"
    r"gestion des cookies|aceptar cookies|valoramos tu privacidad|privacy.?instellingen|informativa sui cookie",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"^\W*(?:log ?in|sign ?in|sign ?up|register|subscribe|anmelden|einloggen|abonnieren|(?:se )?connecter|connexion|"
    r"s'abonner|iniciar sesión|acceder|suscríbete|entrar|fazer login|accedi|abbonati|inloggen|logga in|log ind|"
    r"logg inn|kirjaudu|zaloguj|вход|войти|увійти|giriş yap|登录|登入|登錄|注册|註冊|ログイン|로그인)\b",
    re.IGNORECASE,
)
_CONSENT_ADDRESS = re.compile(r"(?:^|[./])(?:consent|guce|privacy-?(?:gate|wall|mgmt)|cookie-?(?:wall|consent))[./?]")
_LOGIN_ADDRESS = re.compile(
    r"/(?:log-?in|sign-?in|signin|logon|sso|oauth2?|auth(?:orize|enticate)?|accounts?/login|paywall|subscribe|register|"
    r"anmelden|connexion|login\.\w+)(?:[/?.]|$)",
    re.IGNORECASE,
)
_SCRIPTS = re.compile(
    r"enable javascript|javascript (?:is )?(?:required|disabled|aktivieren)|activer javascript", re.IGNORECASE
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
    is_brief = len(page.text) < BRIEF
    if _BOT.search(page.title) or (is_brief and _BOT.search(page.text)):
        return PageReading("forbidden", f"the site lets no program read it: “{_quote(page)}”")
    if moved and _CONSENT_ADDRESS.search(address):
        return PageReading("forbidden", f"the site asks for consent first: {page.address}")
    if moved and _LOGIN_ADDRESS.search(address):
        return PageReading("forbidden", f"the site asks to log in or to subscribe: {page.address}")
    if _ERROR.search(page.title) or (is_brief and _ERROR.search(page.text)):
        return PageReading("missing", f"an error page, though it answers 200: “{_quote(page)}”")
    if _LOGIN.search(page.title):
        return PageReading("forbidden", f"the site asks to log in or to subscribe: “{_quote(page)}”")
    if _CONSENT.search(page.title) or (is_brief and _CONSENT.search(page.text)):
        return PageReading("forbidden", f"the site asks for consent first: “{_quote(page)}”")
    if is_brief and _SCRIPTS.search(page.text):
        return PageReading("skipped", "the page shows its text only by scripts, which newsmill does not run")
    return None


def leads_to_front(address: str, asked: str) -> bool:
    """Whether an article's address led to its site's front page."""
    return urls.identity(address) is None and urls.identity(asked) is not None


def names_article(page: Seen, request: PageRequest) -> bool:
    """Whether the page's title is the article's."""
    wanted, title = letters(request.title), letters(page.title)
    return bool(wanted) and (wanted in title or compare_titles(request.title, page.title) >= Agreement.ALIKE)


def is_other_article(page: Seen, title: str, text: str, request: PageRequest) -> bool:
    """Whether the article that was found on the page, by title and text, is another than the one asked for."""
    if names_article(page, request) or compare_titles(request.title, title) >= Agreement.ALIKE:
        return False
    if len(shingles(request.text)) >= LENGTH and share_contained(request.text, text) >= ENOUGH:
        return False
    words = _words(request.title)
    if not words:
        return False  # an entry without a title: nothing speaks against its page
    shown = letters(f"{page.title} {title} {text}")
    share = sum(word in shown for word in words) / len(words)
    return share < (ENOUGH_UNMOVED if _path(page.address) == _path(request.url) else ENOUGH)


def _words(title: str) -> set[str]:
    """The title's words that tell something; every two characters in a row where the script writes no spaces."""
    words = set()
    for word in WORDS.findall(title):
        if UNSPACED.search(word):
            words |= {letters(word[start : start + 2]) for start in range(len(word) - 1)}
        elif len(word) > 3:
            words.add(letters(word))
    return words


def _path(address: str) -> str:
    try:
        return urlsplit(address).path.rstrip("/")
    except ValueError:
        return address


def _quote(page: Seen) -> str:
    return " ".join((page.title or page.text).split())[:80]
