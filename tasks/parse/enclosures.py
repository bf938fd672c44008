"""The files that an entry encloses: RSS's and Atom's enclosures, Media RSS's contents, JSON Feed's attachments.

What iTunes' elements say of an episode (duration, number, season, picture) is said of its files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tasks.text.plain import collapse, printable
from warehouse.records import Enclosure

MAX_ENCLOSURES = 100
"""Of one entry."""
MAX_TITLE = 500
MAX_SECONDS = 10_000_000
MAX_LENGTH = 60
"""Characters of a duration or a number."""
MAX_BYTES = 1 << 50

_TYPES = {
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a m4b",
    "audio/ogg": "ogg oga opus",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "video/mp4": "mp4 m4v",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/pdf": "pdf",
    "application/epub+zip": "epub",
    "application/zip": "zip",
    "application/x-bittorrent": "torrent",
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
}
_BY_ENDING = {ending: media_type for media_type, endings in _TYPES.items() for ending in endings.split()}
"""Not the mimetypes module's: that reads the machine's own tables, and the same input must give the same rows."""
_ENDING = re.compile(r"\.([A-Za-z0-9]{2,7})(?:[?#]|$)")
_MEDIA_TYPE = re.compile(r"[a-z]{1,40}/[a-z0-9.+-]{1,80}")
_SAYS_NOTHING = {"application/octet-stream", "binary/octet-stream", "text/html", "text/plain"}
"""What is stated of a file whose type is not known; text/html is what feedparser gives an Atom link without one."""
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,5}):(\d{1,2})(?:[.,]\d*)?")
_SECONDS = re.compile(r"(\d{1,8})(?:[.,]\d*)?\s*(?:s|sec|secs|seconds?)?", re.IGNORECASE)
_UNITS = re.compile(
    r"(?:PT?)?(?:(\d{1,4})\s*(?:h|hrs?|hours?|小时|小時|時間)[\s,]*)?"
    r"(?:(\d{1,5})\s*(?:m|mins?|minutes?|分钟?|分鐘?)[\s,]*)?(?:(\d{1,5})(?:\.\d*)?\s*(?:s|secs?|seconds?|秒))?",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"[^\d.,-]{0,20}(\d{1,9})[^\d.,]{0,20}")


def xml_enclosures(raw: Mapping[str, Any], enclosed: Iterable[Mapping[str, Any]]) -> tuple[Enclosure, ...]:
    """Those of feedparser's entry, with its `enclosed`. Pictures of Media RSS are none."""
    found = [
        Enclosure(
            url=link.get("href") or link.get("url") or "",
            media_type=link.get("type"),
            bytes=_size(link.get("length")),
            title=_title(link.get("title")),
        )
        for link in enclosed
    ]
    for item in raw.get("media_content", ()):
        medium, url = item.get("medium") or "", item.get("url") or ""
        media_type = _media_type(item.get("type"), url) or (f"{medium}/*" if medium in ("audio", "video") else None)
        if url and medium != "image" and not (media_type or "").startswith("image/"):
            seconds, size = duration(item.get("duration")), _size(item.get("filesize"))
            found.append(Enclosure(url, media_type, size, seconds))
    player = raw.get("media_player")
    if not found and isinstance(player, Mapping) and player.get("url"):
        found.append(Enclosure(str(player["url"]), "text/html"))
    if not found:
        return ()
    image = raw.get("image")
    thumbnails = [thumbnail.get("url") for thumbnail in raw.get("media_thumbnail", ())]
    episode = Enclosure(
        url="",
        duration=duration(raw.get("itunes_duration")),
        title=_title(raw.get("itunes_title")),
        episode=_integer(raw.get("itunes_episode") or raw.get("podcast_episode")),
        season=_integer(raw.get("itunes_season") or raw.get("podcast_season")),
        image=(image.get("href") if isinstance(image, Mapping) else None) or next(filter(None, thumbnails), None),
    )
    return _complete(found, episode)


def json_enclosures(item: Mapping[str, Any]) -> tuple[Enclosure, ...]:
    """The attachments of a JSON Feed's item (https://www.jsonfeed.org/version/1.1/#attachments)."""
    attachments = item.get("attachments")
    found = [
        Enclosure(
            url=attachment["url"],
            media_type=attachment.get("mime_type"),
            bytes=_size(attachment.get("size_in_bytes")),
            duration=duration(attachment.get("duration_in_seconds")),
            title=_title(attachment.get("title")),
        )
        for attachment in (attachments if isinstance(attachments, list) else [])
        if isinstance(attachment, dict) and isinstance(attachment.get("url"), str)
    ]
    image = item.get("image")
    return _complete(found, Enclosure("", image=image if isinstance(image, str) else None))


def _complete(found: Iterable[Enclosure], episode: Enclosure) -> tuple[Enclosure, ...]:
    """Each file once, with what the entry says of it in another place, and of the episode as a whole."""
    files: dict[str, Enclosure] = {}
    for enclosure in found:
        url = printable(enclosure.url).strip()
        if not url:
            continue
        enclosure = replace(enclosure, url=url, media_type=_media_type(enclosure.media_type, url))
        files[url] = _fill(files[url], enclosure) if url in files else enclosure
    return tuple(
        enclosure if (enclosure.media_type or "").startswith("image/") else _fill(enclosure, episode)
        for enclosure in list(files.values())[:MAX_ENCLOSURES]
    )


def _fill(enclosure: Enclosure, other: Enclosure) -> Enclosure:
    """The enclosure, with the other's values where it has none."""
    names = ("media_type", "bytes", "duration", "title", "episode", "season", "image")
    missing = {name: getattr(other, name) for name in names if getattr(enclosure, name) is None}
    return replace(enclosure, **missing)


def _media_type(stated: object, url: str) -> str | None:
    """The stated type; by the ending of the address if there is none, or none that says anything."""
    name = str(stated or "").partition(";")[0].strip().lower()
    if name in ("audio/*", "video/*"):
        return name
    valid = name if _MEDIA_TYPE.fullmatch(name) else None
    if valid and valid not in _SAYS_NOTHING:
        return valid
    endings = _ENDING.findall(url[-300:])
    return next((_BY_ENDING[ending.lower()] for ending in endings if ending.lower() in _BY_ENDING), valid)


def _title(value: object) -> str | None:
    return collapse(printable(value[:MAX_TITLE])) or None if isinstance(value, str) else None


def duration(value: object) -> int | None:
    """Seconds, of "3600", "1:00:00", "60:00", "PT1H" or "1 h 30 min"; None for none, or for what is no duration."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if len(text) > MAX_LENGTH:
        return None
    hours = minutes = seconds = "0"
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds = match[1] or "0", match[2], match[3]
    elif match := _SECONDS.fullmatch(text):
        seconds = match[1]
    elif text and (match := _UNITS.fullmatch(text)):
        hours, minutes, seconds = (part or "0" for part in match.groups())
    total = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return total if 0 < total <= MAX_SECONDS else None


def _size(value: object) -> int | None:
    """Bytes. Producers that don't know them write 0, 1 or a word."""
    digits = str(value)[:MAX_LENGTH].strip().replace(",", "") if isinstance(value, str | int) else ""
    size = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else 0
    return size if 1 < size <= MAX_BYTES else None


def _integer(value: object) -> int | None:
    match = _INTEGER.fullmatch(str(value).strip()[:MAX_LENGTH]) if isinstance(value, str | int) else None
    return int(match[1]) if match else None
