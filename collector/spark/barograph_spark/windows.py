"""Tumbling windows, and the cells of which the long ones are put together; rules of collector/core/windows.ts."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from .zones import DAY_MS, HOUR_MS, Stretch, Zone, zone_of

LEVELS = ("10s", "1m", "hour", "day", "week", "month", "year")
COARSE = ("day", "week", "month", "year")
FIXED_MS = {"10s": 10_000, "1m": 60_000}
NOMINAL_MS = {
    "10s": 10_000,
    "1m": 60_000,
    "hour": HOUR_MS,
    "day": DAY_MS,
    "week": 7 * DAY_MS,
    "month": 28 * DAY_MS,
    "year": 365 * DAY_MS,
}
PART_OF = {"day": "hour", "week": "day", "month": "day", "year": "month"}
FOREVER = 2**62
_ORIGIN = date(1970, 1, 1)


def is_kept(level: str, interval_ms: int) -> bool:
    """Levels as short as the interval are not kept."""
    return NOMINAL_MS[level] >= interval_ms


def day_number(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first of a month; months beyond December are of the next year."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    # Python's dates end with 9999; the calendar repeats every 400 years of 146,097 days.
    shift = 0
    while year > 9_999:
        year, shift = year - 400, shift + 146_097
    while year < 1:
        year, shift = year + 400, shift - 146_097
    return (date(year, month, 1) - _ORIGIN).days + shift


def _year_month(day: int) -> tuple[int, int]:
    shift = 0
    while day > 2_932_896:
        day, shift = day - 146_097, shift + 400
    while day < -719_162:
        day, shift = day + 146_097, shift - 400
    there = _ORIGIN + timedelta(days=day)
    return there.year + shift, there.month


def window_at(level: str, time: int, zone: Zone) -> tuple[int, int]:
    """The window of a level that holds an instant: start <= t < end."""
    if level in FIXED_MS:
        length = FIXED_MS[level]
        start = time // length * length
        return start, start + length
    if level == "hour":
        return zone.hour(time)
    day = zone.day_of(time)
    if level == "day":
        first, last = day, day + 1
    elif level == "week":
        first = day - (day + 3) % 7
        last = first + 7
    else:
        year, month = _year_month(day)
        if level == "month":
            first, last = day_number(year, month), day_number(year, month + 1)
        else:
            first, last = day_number(year, 1), day_number(year + 1, 1)
    return zone.start_of_day(first), zone.start_of_day(last)


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site as the log brought it; windows of a level up to `held_back` were sealed then, and keep the zone of before."""

    at: int
    version: int
    time_zone: str
    valid_from: int
    held_back: Mapping[str, int]
    content: tuple[object, ...]

    def begin(self, level: str) -> int:
        """From when it holds."""
        return max(self.valid_from, self.held_back.get(level, -FOREVER))


def with_site(sites: Sequence[KnownSite], site: KnownSite) -> Sequence[KnownSite]:
    """The sites with one more; the same list when the device has said that before."""
    if any(known.content == site.content for known in sites):
        return sites
    return sorted([*sites, site], key=lambda one: (one.version, one.at))[-200:]


def _zone_at(sites: Sequence[KnownSite], time: int, level: str) -> str | None:
    for site in reversed(sites):
        if site.begin(level) <= time:
            return site.time_zone
    for site in sites:
        if site.held_back.get(level, -FOREVER) <= time:
            return site.time_zone
    return None


def timeline(sites: Sequence[KnownSite], default: str, level: str) -> list[tuple[int, str]]:
    """Which zone holds from when; neighbours differ."""
    begins = {-FOREVER}
    for site in sites:
        begins |= {site.held_back.get(level, -FOREVER), site.begin(level)}
    found: list[tuple[int, str]] = []
    for begin in sorted(begins):
        zone = _zone_at(sites, begin, level) or default
        if not found or found[-1][1] != zone:
            found.append((begin, zone))
    return found


def is_rezoned(
    before: Sequence[KnownSite], after: Sequence[KnownSite], default: str, newest_time: int
) -> bool:
    """Do two lists of sites cut windows in different ways that a device may have, with readings up to that time?"""
    until = newest_time + 367 * DAY_MS

    def words(sites: Sequence[KnownSite], level: str) -> list[tuple[int, str]]:
        return [one for one in timeline(sites, default, level) if one[0] <= until]

    return any(words(before, level) != words(after, level) for level in LEVELS)


def zoning(sites: Sequence[KnownSite], default: str) -> Callable[[str, int], Stretch]:
    """Tells for each level which zone holds when."""
    lines = {level: timeline(sites, default, level) for level in LEVELS}

    def at(level: str, time: int) -> Stretch:
        line = lines[level]
        i = bisect_right(line, time, key=lambda one: one[0]) - 1
        end = line[i + 1][0] if i + 1 < len(line) else FOREVER
        return Stretch(zone_of(line[i][1]), line[i][0], end)

    return at


@dataclass(frozen=True, slots=True)
class Place:
    """A window, and the part of it around an instant: itself where it has none."""

    start: int
    end: int
    part: int
    part_end: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class Here:
    """
    Where an instant lies. A cell is a time in which no window of its kind changes: the hour cell lies within one hour and
    one day cell, that within one week and one month cell. So a day is its hour cells, and a year is its month cells.
    """

    places: Mapping[str, Place]
    hour_cell: tuple[int, int]
    day_cell: tuple[int, int]
    month_cell: tuple[int, int]


class Calendar:
    """The windows of a device, in the zones that its sites say."""

    def __init__(self, sites: Sequence[KnownSite], default: str) -> None:
        self._zoning = zoning(sites, default)
        self._begins = {
            level: np.array([begin for begin, _ in timeline(sites, default, level)]) for level in FIXED_MS
        }
        self._recent: dict[str, Place] = {}

    def fixed(self, level: str, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Starts of windows of fixed length; none goes beyond a change of zone."""
        starts = times // FIXED_MS[level] * FIXED_MS[level]
        begins = self._begins[level]
        return np.maximum(starts, begins[np.searchsorted(begins, times, "right") - 1])

    def place(self, level: str, time: int) -> Place:
        """The window of a level around an instant."""
        known = self._recent.get(level)
        if known and known.start <= time < known.end and known.part <= time < known.part_end:
            return known
        stretch = self._zoning(level, time)

        def clipped(its: str) -> tuple[int, int]:
            start, end = window_at(its, time, stretch.zone)
            return max(start, stretch.start), min(end, stretch.end)

        window = clipped(level)
        part = clipped(PART_OF[level]) if level in PART_OF else window
        its = Place(*window, *part, stretch.zone.name)
        self._recent[level] = its
        return its

    def here(self, time: int) -> Here:
        """All windows and cells around an instant."""
        places = {level: self.place(level, time) for level in LEVELS[2:]}
        month, year = places["month"], places["year"]
        month_cell = (max(month.start, year.part), min(month.end, year.part_end))
        bounds = [(places["day"].start, places["day"].end), month_cell]
        bounds += [(places[level].part, places[level].part_end) for level in ("week", "month")]
        day_cell = (max(start for start, _ in bounds), min(end for _, end in bounds))
        day = places["day"]
        hour_cell = (max(day_cell[0], day.part), min(day_cell[1], day.part_end))
        return Here(places, hour_cell, day_cell, month_cell)
