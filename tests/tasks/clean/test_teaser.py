"""Whether an entry's text is only the beginning of its article, as feeds in many languages show it."""

from __future__ import annotations

import pytest

from tasks.clean.article import clean
from tasks.clean.teaser import LONG, SHORT, SUMMARY
from tests.tasks.making import FEED, entry

SENTENCES = {
    "en": "The harbour master says that the north gate opens at nine, after divers had cleared the sill of gravel. ",
    "de": "Der Hafenmeister sagt, das Nordtor öffne um neun Uhr, nachdem Taucher den Kies weggeräumt haben. ",
    "fr": "Le capitaine du port dit que la porte nord ouvrira à neuf heures, une fois le gravier enlevé du seuil. ",
    "es": "El capitán del puerto dice que la puerta norte abrirá a las nueve, después de retirar la grava del umbral. ",
    "ru": "Капитан порта говорит, что северные ворота откроются в девять, когда водолазы уберут гравий с порога. ",
    "ar": "قال مدير الميناء إن البوابة الشمالية تفتح في التاسعة صباحا بعد أن أزال الغواصون الحصى من العتبة. ",
    "hi": "बंदरगाह प्रमुख का कहना है कि गोताखोरों के बजरी हटाने के बाद उत्तरी द्वार नौ बजे खुलेगा। ",
    "zh": "港务长说，北闸门星期一九点开放，潜水员已经把门槛上的砾石清理干净，渡轮照常开行。",
    "ja": "港長によると、北門は月曜日の九時に開く。潜水士が敷居の砂利を取り除いたためである。",
    "ko": "항만장은 잠수부들이 문턱의 자갈을 치운 뒤 월요일 아홉 시에 북문이 열린다고 말했다. ",
    "th": "นายท่าบอกว่าประตูทิศเหนือจะเปิดเก้าโมงวันจันทร์ หลังจากนักดำน้ำเก็บกรวดออกจากธรณีประตูแล้ว ",
}
ENGLISH = SENTENCES["en"]


def why(html: str, *, summary: str = "<p>The gate opens.</p>") -> str | None:
    return clean(entry(content=html, summary=summary), FEED).teaser


def paragraph(text: str, *, words: int) -> str:
    """A paragraph of at least so many words, or characters where there are no spaces."""
    each = clean(entry(content=text), FEED).word_count
    return f"<p>{(text * (words // each + 1)).strip()}</p>"


@pytest.mark.parametrize("language", SENTENCES)
def test_a_short_text_is_a_teaser_and_a_long_one_is_whole_in_any_script(language: str) -> None:
    sentence = SENTENCES[language]
    assert why(f"<p>{sentence}</p>") == "short"
    assert why(paragraph(sentence, words=400)) is None


def test_an_entry_without_a_text_has_an_empty_one() -> None:
    assert why("", summary="") == why("<p> </p>", summary="") == "empty"
    assert why('<img src="https://quay.example/gate.jpg">', summary="") == "empty"
    assert why("", summary="<p>The gate opens.</p>") == "short", "the summary is its text then"


@pytest.mark.parametrize(
    "end",
    [
        *("…", "...", "....", " […]", "[...]", "(…)", " [&hellip;]", " &#8230;", "……", "⋯⋯", "。。。", "…»"),
        *(" (more)", " (MORE)"),
        '… <a href="/gate">mehr</a>',
        '...<br><a href="/gate">suite</a>',
        ' […]</p><p><a href="/gate">Source</a>',
        '…</p><p><a href="/gate#comments">12 comments</a>',
        ' […]</p><p>The post <a href="/gate">The gate is open</a> appeared first on <a href="/">The Quay</a>.',
        '…</p><img src="https://quay.example/pixel.gif" width="1" height="1"><p>',
    ],
)
def test_a_text_that_breaks_off(end: str) -> None:
    assert why(paragraph(ENGLISH, words=250).removesuffix("</p>") + f"{end}</p>") == "cut off"


@pytest.mark.parametrize("language", SENTENCES)
def test_a_text_that_breaks_off_in_any_script(language: str) -> None:
    text = paragraph(SENTENCES[language], words=300).removesuffix("</p>").rstrip(" .。।")
    assert why(f"{text}…</p>") == "cut off"


@pytest.mark.parametrize(
    ("language", "phrase"),
    [
        ("en", "Read more »"),
        ("en", "[Read more...]"),
        ("de", "Weiterlesen →"),
        ("fr", "Lire la suite"),
        ("es", "Seguir leyendo"),
        ("ru", "Читать далее"),
        ("ar", "اقرأ المزيد"),
        ("hi", "और पढ़ें"),
        ("zh", "阅读全文"),
        ("ja", "続きを読む"),
        ("ko", "더 보기"),
        ("th", "อ่านต่อ"),
    ],
)
def test_a_text_that_invites_to_read_on(language: str, phrase: str) -> None:
    text = paragraph(SENTENCES[language], words=300).removesuffix("</p>")
    assert why(f"{text} {phrase}</p>") == "read on"
    assert why(f'{text}</p><p><a href="/gate">{phrase}</a></p>') == "read on"


@pytest.mark.parametrize(
    "end",
    [
        '<a class="more-link" href="/gate">Continue reading <span class="screen-reader-text">The gate</span></a>',
        '<a href="/gate">Continue reading <span>&rarr;</span></a></p><p>The post <a href="/gate">The gate</a> '
        'appeared first on <a href="/">The Quay</a>.',
        '<a href="/gate">Read more ></a></p><p><a href="/t/harbour">harbour</a>',
        '<A HREF="/gate">Read more</A></p><p><a href="/t/harbour">harbour</a>, <a href="/t/gate">gate</a>',
    ],
)
def test_a_link_to_the_rest_need_not_be_the_last_word(end: str) -> None:
    """WordPress puts a footer of its own after it."""
    assert why(paragraph(ENGLISH, words=250).removesuffix("</p>") + f"</p><p>{end}</p>") == "read on"


def test_a_middling_text_may_be_the_summary_if_there_is_no_other() -> None:
    text = paragraph(ENGLISH, words=(SHORT + SUMMARY) // 2)
    assert why(text) is None
    assert why(text, summary="") == "summary"
    assert why(paragraph(ENGLISH, words=SUMMARY), summary="") is None


def test_a_long_post_that_ends_in_an_ellipsis_is_whole() -> None:
    assert why(paragraph(ENGLISH, words=LONG).replace("</p>", " And so on …</p>")) is None
    assert why(paragraph(SENTENCES["zh"], words=LONG).replace("。</p>", "……</p>")) is None


@pytest.mark.parametrize(
    "html",
    [
        "<p>He said “…” and left; nothing more was heard of him that night … or was there?</p>",
        "<p>There is no more to read, the reading room says.</p>",
        '<p>See <a href="/other">the ferry\'s timetable</a> for more.</p>',
    ],
)
def test_an_ellipsis_or_a_link_within_a_text_is_none(html: str) -> None:
    assert why(paragraph(ENGLISH, words=250) + html) is None


def test_a_foreign_name_does_not_make_an_english_text_a_chinese_one() -> None:
    """A text that mentions 华为 had to have 250 words to count as whole."""
    assert why(f"<p>Huawei (华为) opens a quay.</p>{paragraph(ENGLISH, words=150)}") is None
