"""Documents as they lie in MongoDB: rollups in the form of docs/documents.md, and the job's own."""

import re
from collections.abc import Mapping
from typing import Any

from bson import Decimal128
from bson.datetime_ms import DatetimeMS

from .catalogue import Metric
from .figures import NEVER, Figures, Group, Tallies, Tally
from .rules import GENERATION
from .windows import PART_OF, Place, is_kept

Document = dict[str, Any]
_SAFE = 2**53 - 1
_LONG = 2**63


def position(after: int) -> str:
    """`o`: generation and offset, as text that compares as positions do."""
    return f"{GENERATION:06d}.{after:016d}"


def rollup_id(device: str, sensor: str, level: str, start: int, window_set: int) -> str:
    """The `_id` of a window."""
    return f"{device}/{sensor}/{level}/{start}" + (f"/{window_set}" if window_set else "")


def _sum(value: int) -> int | Decimal128:
    return value if abs(value) <= _SAFE else Decimal128(str(value))


def _key(key: str) -> str:
    return re.sub(r"[.$%\0]", lambda found: f"%{ord(found[0]):02X}", key)


def _figures(its: Figures) -> Document:
    return {
        "unit": its.metric.unit,
        "kind": its.metric.kind,
        "count": its.count,
        "flagged": its.flagged,
        "suspect": its.suspect,
        "sum": _sum(its.sum),
        "sine": its.sine,
        "cosine": its.cosine,
        "min": its.min,
        "minAt": DatetimeMS(its.min_at),
        "max": its.max,
        "maxAt": DatetimeMS(its.max_at),
        "first": its.first,
        "firstAt": DatetimeMS(its.first_at),
        "last": its.last,
        "lastAt": DatetimeMS(its.last_at),
    }


class Window:
    """A window's document in the making."""

    def __init__(self, level: str, place: Place) -> None:
        self.level = level
        self.place = place
        self._whole = Tally()
        self._covered = 0
        self._parts: dict[str, dict[int, Figures]] = {}

    def add(self, group: Group, tally: Tally, part_start: int) -> None:
        """Readings of one group, all of the same shorter window."""
        self._whole.add(tally)
        self._covered += tally.received * group.interval_ms
        if self.level not in PART_OF or not is_kept(PART_OF[self.level], group.interval_ms):
            return
        for key, its in tally.figures.items():
            parts = self._parts.setdefault(key, {})
            if its.count == 0:
                continue
            into = parts.get(part_start)
            if into is None:
                into = parts[part_start] = Figures(its.metric)
            into.add(its)

    @property
    def after(self) -> int:
        """The position behind the newest record that changed it."""
        sealed = -1 if self._whole.sealed_at == NEVER else self._whole.sealed_at
        return max(self._whole.newest, sealed) + 1

    def document(self, device: str, sensor: str, window_set: int) -> Document:
        """As the collector would write it, revision aside."""
        metrics = {}
        for key, its in self._whole.figures.items():
            metrics[_key(key)] = _figures(its)
            if key in self._parts:
                metrics[_key(key)]["parts"] = [
                    _part(start, part) for start, part in sorted(self._parts[key].items())
                ]
        return {
            "_id": rollup_id(device, sensor, self.level, self.place.start, window_set),
            "o": position(self.after),
            "device": device,
            "sensor": sensor,
            "level": self.level,
            "start": DatetimeMS(self.place.start),
            "end": DatetimeMS(self.place.end),
            "timeZone": self.place.time_zone,
            "revision": 0,
            "received": self._whole.received,
            "coveredMs": self._covered,
            "sealed": self._whole.sealed_at != NEVER,
            "metrics": metrics,
            "set": window_set,
            "change": 0,
        }


def _part(start: int, its: Figures) -> list[Any]:
    if its.metric.kind == "direction":
        return [DatetimeMS(start), its.count, _sum(its.sine), its.cosine, 0]
    return [DatetimeMS(start), its.count, _sum(its.sum), its.min, its.max]


def tallies_document(tallies: Tallies) -> list[Document]:
    """Tallies as they stand in a cell."""
    return [
        {
            "interval": group.interval_ms,
            "levels": list(group.levels),
            "received": tally.received,
            "newest": tally.newest,
            "sealedAt": tally.sealed_at,
            "figures": [
                [key, its.metric.unit, its.metric.kind, *(_long(number) for number in its.numbers())]
                for key, its in tally.figures.items()
            ],
        }
        for group, tally in tallies.items()
    ]


def tallies_of(rows: list[Mapping[str, Any]]) -> Tallies:
    """What `tallies_document` was given."""
    tallies: Tallies = {}
    for row in rows:
        figures = {
            key: Figures(Metric(key, unit, kind), *(_plain(number) for number in numbers))
            for key, unit, kind, *numbers in row["figures"]
        }
        group = Group(row["interval"], tuple(row["levels"]))
        tallies[group] = Tally(row["received"], row["newest"], row["sealedAt"], figures)
    return tallies


def _long(number: int) -> int | Decimal128:
    return number if -_LONG <= number < _LONG else Decimal128(str(number))


def _plain(number: int | Decimal128) -> int:
    return int(number.to_decimal()) if isinstance(number, Decimal128) else number
