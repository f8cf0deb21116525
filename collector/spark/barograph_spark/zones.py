"""Calendars of time zones in ms since 1970, as collector/core/zone.ts has them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Python's calendar ends with the years 1 and 9999; a zone changes nothing beyond.
_FIRST_MS = -62_135_596_800_000 + 2 * DAY_MS
_LAST_MS = 253_402_300_799_999 - 2 * DAY_MS


class UnknownZone(ValueError):
    """A zone that the device's program knows and this machine's Python does not: newer tzdata helps."""


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


class Zone:
    """The calendar of one zone."""

    def __init__(self, name: str) -> None:
        canonical = _names().get(name.lower())
        if canonical is None:
            raise UnknownZone(f"time zone {name!r} is not in this machine's tzdata")
        self.name = name
        self._zone = ZoneInfo(canonical)
        self._offsets: dict[int, int] = {}
        self._days: dict[int, int] = {}

    def offset(self, time: int) -> int:
        """How far local time is ahead of UTC at an instant."""
        second = min(max(time, _FIRST_MS), _LAST_MS) // 1_000
        known = self._offsets.get(second)
        if known is None:
            if len(self._offsets) >= 65_536:
                self._offsets.clear()
            there = (_EPOCH + timedelta(seconds=second)).astimezone(self._zone)
            delta = there.utcoffset() or timedelta(0)
            known = delta.days * DAY_MS + delta.seconds * 1_000
            self._offsets[second] = known
        return known

    def _change(self, before: int, after: int) -> int:
        """The first instant with the offset of `after`; at `before` it is another one."""
        there = self.offset(after)
        while after - before > 1:
            middle = (before + after) // 2
            if self.offset(middle) == there:
                after = middle
            else:
                before = middle
        return after

    def hour(self, time: int) -> tuple[int, int]:
        """The local hour around an instant; a change of offset within cuts it in two."""
        offset = self.offset(time)
        start = (time + offset) // HOUR_MS * HOUR_MS - offset
        end = start + HOUR_MS
        if self.offset(start) != offset:
            start = self._change(start, time)
        if self.offset(end - 1) != offset:
            end = self._change(time, end - 1)
        return start, end

    def day_of(self, time: int) -> int:
        """Days from 1970-01-01 to the local date."""
        return (time + self.offset(time)) // DAY_MS

    def start_of_day(self, day: int) -> int:
        """First instant of the day that many days after 1970-01-01."""
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= 4_096:
                self._days.clear()
            known = self._days[day] = self._first_instant(day)
        return known

    def _first_instant(self, day: int) -> int:
        local = day * DAY_MS
        before, after = self.offset(local - DAY_MS), self.offset(local + DAY_MS)
        for offset in sorted({before, after}, reverse=True):
            # The larger offset is the earlier instant: of a midnight that comes twice, the first.
            if self.offset(local - offset) == offset:
                return local - offset
        # Midnight is skipped: the day begins where the clock jumps.
        return self._change(local - max(before, after) - 1, local - min(before, after))


@lru_cache(maxsize=500)
def zone_of(name: str) -> Zone:
    """The calendar of an IANA zone."""
    return Zone(name)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the windows of one level follow one zone: start <= t < end."""

    zone: Zone
    start: int
    end: int
