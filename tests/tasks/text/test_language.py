from __future__ import annotations

import pytest

from tasks.text.language import Detected, detect


@pytest.mark.parametrize(
    ("title", "text", "declared", "language"),
    [
        ("The gate", "The north gate opens at eight, the harbour master said on Monday.", None, "en"),
        ("港口", "港口今天上午八点重新开放，港务局长星期一表示。", None, "zh"),
        ("港口", "港口今天上午八点重新开放，港务局长星期一表示。", "en", "zh"),
        ("2026年1月1日的港口海边", "", None, "zh"),
        ("水庫突然泄洪，碼頭損失慘重，該由誰來承擔？ #渡輪 #暴雨", "", "en", "zh"),
        ("東京都港区北門再開記念式典開催決定", "", None, "ja"),
        ("港区北門再開", "", "ja", "ja"),
        ("港のカフェ", "港のカフェは月曜日の朝八時に再び開店しました。", "en", "ja"),
        ("항구", "항구의 북문은 월요일 아침 여덟 시에 열린다고 항만장이 말했다.", "en", "ko"),
        ("Le port", "La porte nord du port ouvre à huit heures, a déclaré lundi le capitaine.", None, "fr"),
        ("Гавань", "Северные ворота гавани открываются в восемь часов утра, сообщил начальник.", None, "ru"),
        ("الميناء", "تفتح البوابة الشمالية للميناء في الساعة الثامنة صباحا بحسب مدير الميناء.", None, "ar"),
        ("Ok", "", "pt-BR", "pt"),
        ("Ok", "", "zh_CN", "zh"),
        ("Ok", "", None, None),
        ("", "12:30 — 14:00", "EN", "en"),
    ],
)
def test_language(title: str, text: str, declared: str | None, language: str | None) -> None:
    assert detect(title, text, declared).language == language


NOTICE = "Subscribe to our newsletter for more stories like this one, delivered to your inbox every morning."
CHINESE = "港口今天上午八点重新开放，港务局长星期一表示，暴风雨损坏了北门的铰链。"
GERMAN = (
    "Das Nordtor des Hafens öffnet um acht Uhr, sagte der Hafenmeister am Montag. Der Sturm hatte in der Nacht beide "
    "Angeln zerbrochen, und kein Schiff konnte den Hafen verlassen."
)
JAPANESE = "港の北門は月曜日の朝八時に再び開くと、港長が述べた。嵐で蝶番が壊れていたという。"


@pytest.mark.parametrize(
    ("title", "text", "language"),
    [
        ("港口重新开放", f"{NOTICE}\n\n{CHINESE}", "zh"),
        ("港口重新开放", f"{CHINESE}\n\n{NOTICE}", "zh"),
        ("港口重新开放", f"{NOTICE}\n\n{NOTICE}\n\n{CHINESE * 3}", "zh"),
        ("OpenHarbour发布新版本", f"{NOTICE} {CHINESE}", "zh"),
        ("港口重新开放的消息传来", "Watch this video on our channel", "zh"),
        ("Nordtor öffnet wieder", f"{NOTICE}\n\n{GERMAN}", "de"),
        ("Nordtor öffnet wieder", f"{GERMAN}\n\n{GERMAN}\n\n{NOTICE}", "de"),
        ("北門再開", f"{NOTICE}\n\n{JAPANESE}", "ja"),
        ("Гавань снова открыта", f"{NOTICE}\n\nСеверные ворота гавани открываются в восемь часов утра.", "ru"),
        ("항구가 다시 열린다", f"{NOTICE}\n\n항구의 북문은 월요일 아침 여덟 시에 열린다고 항만장이 말했다.", "ko"),
        # and the other way round
        ("The gate opens", f"{GERMAN[:60]}\n\n" + "The gate opens at eight, the harbour master said.\n\n" * 6, "en"),
        ("The harbour of 厦门 opens", "The ferry to 鼓浪屿 leaves at eight from the new pier, the master said.", "en"),
    ],
)
@pytest.mark.parametrize("declared", [None, "en"])
def test_a_notice_in_another_language_does_not_win(title: str, text: str, language: str, declared: str | None) -> None:
    assert detect(title, text, declared).language == language


@pytest.mark.parametrize("title", ["晚景", "渡轮", "2026年1月1日"])
def test_a_title_alone_tells_the_language(title: str) -> None:
    assert detect(title, "", None) == Detected("zh", 1.0)


def test_a_short_last_line_below_a_long_text_is_of_its_language() -> None:
    """By itself it may be Japanese, whose titles need no kana."""
    short = "東京都港区北門再開記念式典開催決定"
    assert detect("", short, None).language == "ja"
    assert detect("港口重新开放", f"{CHINESE * 2}\n\n{short}", None) == Detected("zh", 1.0)
    assert detect("北門再開", f"{JAPANESE * 2}\n\n{short}", None).language == "ja"


def test_confidence() -> None:
    pure, mixed = detect("港口重新开放", CHINESE, None), detect("港口重新开放", f"{NOTICE}\n\n{CHINESE}", None)
    assert pure == Detected("zh", 1.0)
    assert mixed.confidence is not None
    assert 0.3 < mixed.confidence < 0.95
    english = detect("The gate", "The north gate opens at eight, the harbour master said on Monday.", "en").confidence
    assert english is not None
    assert 0.8 < english <= 1
    assert detect("Ok", "", "en") == Detected("en", None), "the feed's own word"


def test_an_address_ends_where_another_script_begins() -> None:
    """In Chinese, addresses stand in the text without a space: what follows is text."""
    text = "https://quay.example/join渡轮今天恢复通航，码头上的人们从清晨就开始排队等候第一班船"
    assert detect("港口", text, None).language == "zh"
