from __future__ import annotations

import pytest

from tasks.text.language import detect


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
    assert detect(title, text, declared) == language


def test_an_address_ends_where_another_script_begins() -> None:
    """In Chinese, addresses stand in the text without a space: what follows is text."""
    text = "https://quay.example/join渡轮今天恢复通航，码头上的人们从清晨就开始排队等候第一班船"
    assert detect("港口", text, None) == "zh"
