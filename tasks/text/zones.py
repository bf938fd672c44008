"""The time zone that a date names: an offset, an abbreviation or an IANA name, wherever in the date it stands."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as fixed
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LARGEST = timedelta(hours=14)
"""Kiribati's. A larger offset is a mistake."""

_COMMENT = re.compile(r"\s*\(([^()]*)\)\s*$")
"""Such as JavaScript's: GMT+0800 (China Standard Time)."""
_IANA = re.compile(r"\s?(?:\[([A-Z][A-Za-z_]+/[A-Za-z_/]+)\]|\b([A-Z][A-Za-z_]+/[A-Za-z_/]+))$")
# a clock comes before, so that no part of a day is taken for an offset
_CLOCK = r"(\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\b\.?)?)\s*"
_OFFSET = re.compile(_CLOCK + r"(?:(?:GMT|UTC?)\s*)?([+-])\s?(\d{1,2})(?::?(\d\d)(?::?\d\d)?)?(?![\d:])")
_NAME = re.compile(_CLOCK + r"(?![AP]\.?M\b)([A-Z]{1,5}|gmt|utc|z)(?![A-Za-z\d/])")

_NAMED_BY_SEASON = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
    "AKT": "America/Anchorage",
}
"""Abbreviations that hold in summer and in winter."""


def _offsets(**hours: float) -> dict[str, float]:
    return hours


_OFFSETS = {
    **_offsets(Z=0, UT=0, UTC=0, GMT=0, WET=0, WEST=1, BST=1, CET=1, CEST=2, MEZ=1, MESZ=2, MET=1, MEST=2),
    **_offsets(EET=2, EEST=3, MSK=3, MSD=4, SAMT=4, TRT=3, YEKT=5, OMST=6, NOVT=7, KRAT=7, IRKT=8, YAKT=9, VLAT=10),
    **_offsets(WAT=1, CAT=2, SAST=2, EAT=3, IDT=3, AST=-4, ADT=-3, NST=-3.5, NDT=-2.5),
    **_offsets(EST=-5, EDT=-4, CST=-6, CDT=-5, MST=-7, MDT=-6, PST=-8, PDT=-7, AKST=-9, AKDT=-8, HST=-10, HAST=-10),
    **_offsets(BRT=-3, BRST=-2, ART=-3, CLT=-4, CLST=-3, UYT=-3, PYT=-4, BOT=-4, VET=-4, COT=-5, PET=-5, ECT=-5),
    **_offsets(GST=4, AZT=4, GET=4, IRST=3.5, AFT=4.5, PKT=5, UZT=5, IST=5.5, NPT=5.75, BDT=6, ALMT=6, MMT=6.5),
    **_offsets(ICT=7, WIB=7, WITA=8, WIT=9, HKT=8, SGT=8, MYT=8, PHT=8, PHST=8, ULAT=8, JST=9, KST=9),
    **_offsets(AWST=8, ACST=9.5, ACDT=10.5, AEST=10, AEDT=11, NZST=12, NZDT=13, FJT=12, CHST=10),
}
"""Hours east of Greenwich, as most feeds mean them. CST and IST have other meanings, too: `_zone_of_name`."""


class UnknownZoneError(ValueError):
    """The date names a time zone that is not known, so its moment isn't either."""


def iana_zone(name: str) -> ZoneInfo:
    """The zone; UTC for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def take_zone(text: str, timezone: str) -> tuple[str, tzinfo | str]:
    """The date without its zone, and the zone: an offset, or the name of one that holds at the date's local time.

    `timezone` (IANA name) applies if the text names no zone. Raises UnknownZoneError.
    """
    comment = ""
    if remark := _COMMENT.search(text):
        text, comment = text[: remark.start()], remark[1]
    if iana := _IANA.search(text):
        text, timezone = text[: iana.start()], iana[1] or iana[2]
    if offset := _OFFSET.search(text):
        difference = timedelta(hours=int(offset[3]), minutes=int(offset[4] or 0))
        if difference > _LARGEST or int(offset[4] or 0) > 59:
            raise UnknownZoneError(f"there is no offset {offset[0]}")
        return _without(text, offset), fixed(-difference if offset[2] == "-" else difference)
    if name := _NAME.search(text):
        return _without(text, name), _zone_of_name(name[2], timezone)
    if comment.isalpha() and comment.isupper():
        return text, _zone_of_name(comment, timezone)
    return text, timezone


def _without(text: str, zone: re.Match[str]) -> str:
    return text[: zone.end(1)] + text[zone.end() :]


def _zone_of_name(name: str, timezone: str) -> tzinfo | str:
    """Raises UnknownZoneError."""
    upper = name.upper()
    if len(upper) == 1 and upper != "J":
        return UTC  # the military zones, which RFC 822 had wrong (RFC 5322 4.3)
    if upper in _names_in(timezone):
        return timezone
    if upper in _NAMED_BY_SEASON:
        return _NAMED_BY_SEASON[upper]
    if upper in _OFFSETS:
        return fixed(timedelta(hours=_OFFSETS[upper]))
    raise UnknownZoneError(f"there is no time zone {name}")


def _names_in(timezone: str) -> set[str | None]:
    """What the zone is called in winter and in summer: CST in Shanghai, IST in Jerusalem and in Dublin."""
    if timezone == "UTC":
        return set()
    zone = iana_zone(timezone)
    return {datetime(2024, month, 1, tzinfo=zone).tzname() for month in (1, 7)}
