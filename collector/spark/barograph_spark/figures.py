"""Exact figures that add up in any order: rules of collector/core/figures.ts."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .catalogue import Metric
from .windows import FOREVER

NEVER = FOREVER
"""The position of what did not happen: readings that did not expire."""


@dataclass(slots=True)
class Figures:
    """Of one metric over some readings. Python's integers have no end, so sums are exact."""

    metric: Metric
    count: int = 0
    flagged: int = 0
    suspect: int = 0
    sum: int = 0
    sine: int = 0
    cosine: int = 0
    min: int = 0
    min_at: int = 0
    max: int = 0
    max_at: int = 0
    first: int = 0
    first_at: int = 0
    last: int = 0
    last_at: int = 0

    def add(self, more: "Figures") -> None:
        """Adds the figures of other readings. Equal times: the smaller value is first; extremes take the earliest time."""
        self.flagged += more.flagged
        if more.count == 0:
            return
        is_empty = self.count == 0
        if self.metric.kind == "direction":
            self.sine += more.sine
            self.cosine += more.cosine
        else:
            self.sum += more.sum
            if is_empty or (more.min, more.min_at) < (self.min, self.min_at):
                self.min, self.min_at = more.min, more.min_at
            if is_empty or (-more.max, more.max_at) < (-self.max, self.max_at):
                self.max, self.max_at = more.max, more.max_at
        if is_empty or (more.first_at, more.first) < (self.first_at, self.first):
            self.first, self.first_at = more.first, more.first_at
        if is_empty or (more.last_at, more.last) > (self.last_at, self.last):
            self.last, self.last_at = more.last, more.last_at
        self.suspect += more.suspect
        self.count += more.count

    def numbers(self) -> list[int]:
        """All of it but the metric, in the order of the fields."""
        return [
            *(self.count, self.flagged, self.suspect, self.sum, self.sine, self.cosine),
            *(self.min, self.min_at, self.max, self.max_at),
            *(self.first, self.first_at, self.last, self.last_at),
        ]


@dataclass(slots=True)
class Tally:
    """What some readings of one interval and one choice of levels come to in one window or cell."""

    received: int = 0
    newest: int = -1
    """Largest position of a record that brought one of them."""
    sealed_at: int = NEVER
    """Smallest position of an expiry that took one of them."""
    figures: dict[str, Figures] = field(default_factory=dict)

    def add(self, more: "Tally") -> None:
        """Adds other readings."""
        self.received += more.received
        self.newest = max(self.newest, more.newest)
        self.sealed_at = min(self.sealed_at, more.sealed_at)
        for key, its in more.figures.items():
            into = self.figures.get(key)
            if into is None:
                into = self.figures[key] = Figures(its.metric)
            into.add(its)


@dataclass(frozen=True, slots=True)
class Group:
    """Readings that count in the same levels: those of one interval, under one choice of levels."""

    interval_ms: int
    levels: tuple[str, ...]


Tallies = dict[Group, Tally]


def position_after(tallies: Iterable[Tally]) -> int:
    """`o` of what holds these: behind the newest record that changed it."""
    newest = -1
    sealed = NEVER
    for tally in tallies:
        newest = max(newest, tally.newest)
        sealed = min(sealed, tally.sealed_at)
    return max(newest, -1 if sealed == NEVER else sealed) + 1
