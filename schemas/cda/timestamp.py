"""HL7 v3 TS: `YYYY[MM[DD[HHMM[SS[.f]]]]][±ZZzz]`, both ways. Source: HL7 v3 datatypes R1, CI-SIS."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

TS = re.compile(r"(\d{4})(\d{2})?(\d{2})?(?:(\d{2})(\d{2})?(\d{2})?)?(?:\.(\d+))?(?:([+-])(\d{2})(\d{2}))?")

SHORT_ZONE = re.compile(r"(\d{10,14}(?:\.\d+)?)[+-]\d{1,3}")
MAX_KEPT = 64  # characters


def parse_ts(value: str) -> datetime | None:
    """The instant of a TS, aware when the TS has a zone, naive otherwise; None when it is no real date.

    Missing parts are their smallest value. Fractions of a second are cut at the microsecond.
    """
    return _known(value) if len(value) < MAX_KEPT else _parse(value)


def _parse(value: str) -> datetime | None:
    found = TS.fullmatch(value.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups()
    zone = None
    if sign:
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        if offset >= timedelta(hours=24):
            return None
        zone = timezone(-offset if sign == "-" else offset)
    try:
        return datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=zone,
        )
    except ValueError:
        return None


_known = lru_cache(maxsize=1024)(_parse)  # a document says the same few instants again and again


def real_date(value: str) -> bool:
    """Whether a TS is a real date, its zone left aside: the schema allows one of 1 to 3 digits (`+100`)."""
    short = SHORT_ZONE.fullmatch(value) if len(value) < MAX_KEPT else None
    return parse_ts(short[1] if short else value) is not None


def write_ts(instant: datetime) -> str:
    """An aware instant as `YYYYMMDDHHMMSS±ZZzz` in its own zone. Raises ValueError on a naive one."""
    if instant.tzinfo is None:
        raise ValueError("a document is dated with its time zone")
    return instant.strftime("%Y%m%d%H%M%S%z")


def utc_stamp(value: str) -> str:
    """A TS as XDS writes it: UTC `YYYYMMDDhhmmss`; a TS without zone is taken as UTC, a day stays a day.

    Empty when the TS is no real date.
    """
    return _known_stamp(value) if len(value) < MAX_KEPT else _utc_stamp(value)


def _utc_stamp(value: str) -> str:
    instant = parse_ts(value)
    if instant is None:
        return ""
    if instant.tzinfo is None:
        return instant.strftime("%Y%m%d%H%M%S")[: max(8, min(14, len(value.strip())))]
    try:
        return instant.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    except OverflowError:  # year 1 or 9999
        return ""


_known_stamp = lru_cache(maxsize=1024)(_utc_stamp)


def earlier(first: str, second: str) -> bool:
    """Whether the second instant is strictly before the first; False when either cannot be compared."""
    one, two = parse_ts(first), parse_ts(second)
    if one is None or two is None:
        return False
    if (one.tzinfo is None) != (two.tzinfo is None):
        one, two = one.replace(tzinfo=None), two.replace(tzinfo=None)
    return two < one
