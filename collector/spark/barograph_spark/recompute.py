"""
Touched windows, computed again. Windows of seconds, minutes and hours come from the raw runs of their own hours; longer
ones are put together from cells: a day from its hours, a week and a month from their days, a year from its months. So a
late reading costs an hour of raw runs and some 75 small documents, whatever the age.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from . import counting, wire
from .columns import Ints
from .documents import Document, Window, position, tallies_document, tallies_of
from .figures import Figures, Group, Tallies, Tally, position_after
from .rules import Rules
from .store import Store, hours_between
from .tallying import Readings, tally_by
from .windows import COARSE, FIXED_MS, LEVELS, Here, Place, is_kept
from .zones import HOUR_MS

MINUTE_MS = 60_000
HOURS_AT_ONCE = 100


@dataclass(slots=True)
class Work:
    """One device, as of a position."""

    store: Store
    device: str
    rules: Rules
    end: int
    """All records of the log before it are stored, and none behind it counts."""
    since: int
    """Windows that no record from here on has changed are as they are."""
    written: int = 0


@dataclass(slots=True)
class _Fresh:
    """What the raw runs of some hours come to."""

    fine: dict[tuple[str, int], Window]
    cells: dict[int, Tallies]


def recompute(work: Work, sensor: str, times: Ints) -> None:
    """Computes all windows again that hold one of these times."""
    _recompute_around(work, sensor, (here for here, _, _ in _walk(work.rules.calendar().here, np.unique(times))))


def recompute_hours(work: Work, sensor: str, hours: Iterable[int]) -> None:
    """Computes all windows of these hours again; they are since 1970."""

    def heres() -> Iterator[Here]:
        calendar = work.rules.calendar()
        for hour in sorted(hours):
            time = hour * HOUR_MS
            while time < (hour + 1) * HOUR_MS:
                here = calendar.here(time)
                yield here
                time = _until(here)

    _recompute_around(work, sensor, heres())


def _recompute_around(work: Work, sensor: str, heres: Iterable[Here]) -> None:
    # A cell may hold several hours, and an hour several cells.
    distinct = {(here.hour_cell[0], here.places["hour"].start): here for here in heres}
    ordered = [distinct[key] for key in sorted(distinct)]
    changed: list[Here] = []
    for i in range(0, len(ordered), HOURS_AT_ONCE):
        changed += _recompute_hours(work, sensor, ordered[i : i + HOURS_AT_ONCE])
    _put_together(work, sensor, changed)


def _walk(here_at, times: Ints) -> Iterator[tuple[Here, int, int]]:  # noqa: ANN001
    """Stretches of ascending times within which hour and hour cell stay the same, with their first and last index."""
    i = 0
    while i < len(times):
        here = here_at(int(times[i]))
        j = int(np.searchsorted(times, _until(here), "left"))
        yield here, i, j
        i = j


def _until(here: Here) -> int:
    return min(here.hour_cell[1], here.places["hour"].end)


def _recompute_hours(work: Work, sensor: str, heres: list[Here]) -> list[Here]:
    spans = _merged(_span(here) for here in heres)
    counted = _load(work, sensor, spans)
    fresh = _fresh(work, counted, spans)
    cells = {here.hour_cell[0]: here for here in heres}
    hours = {here.places["hour"].start for here in heres}
    changed: list[Here] = []
    documents: list[Document] = []
    for start, tallies in fresh.cells.items():
        here = cells.get(start)
        if here is None or position_after(tallies.values()) <= work.since:
            continue
        changed.append(here)
        parts = {"day": here.places["day"].part}
        documents.append(_cell(work, sensor, "hour", here.hour_cell, parts, tallies))
    work.store.put_cells(documents)
    # The edges of the spans may hold a part of other hours.
    windows = [w for (level, start), w in fresh.fine.items() if level != "hour" or start in hours]
    _put_windows(work, sensor, windows)
    return changed


def _span(here: Here) -> tuple[int, int]:
    """The hour and its cell, by whole minutes: all that the shorter windows in it hold."""
    hour = here.places["hour"]
    start = min(hour.start, here.hour_cell[0]) // MINUTE_MS * MINUTE_MS
    end = -(-max(hour.end, here.hour_cell[1]) // MINUTE_MS) * MINUTE_MS
    return start, end


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _load(work: Work, sensor: str, spans: list[tuple[int, int]]) -> counting.Counted:
    """What counts in these spans. A summary that sticks out brings all that it may overlap with."""
    wanted = spans
    while True:
        hours = [hour for span in wanted for hour in hours_between(*span)]
        whole = (wanted[0][0], max(end for _, end in wanted))
        raws = work.store.raws(work.device, sensor, whole, sorted(set(hours)), work.end)
        summaries = [(raw.start, raw.end + 1) for raw in raws if raw.kind == "summary"]
        wider = _merged([*wanted, *summaries])
        if wider == wanted:
            return counting.count(raws, work.rules)
        wanted = wider


def _fresh(work: Work, counted: counting.Counted, spans: list[tuple[int, int]]) -> _Fresh:
    fresh = _Fresh({}, {})
    times = counted.readings.time
    starts = np.array([start for start, _ in spans])
    ends = np.array([end for _, end in spans])
    which = np.searchsorted(starts, times, "right") - 1
    inside = np.flatnonzero((which >= 0) & (times < ends[which]))
    for group, chosen in _groups(work.rules, counted, inside):
        _add_readings(work, fresh, group, counted.readings.taken(chosen))
    for one in counted.summaries:
        _add_summary(work, fresh, one, spans)
    return fresh


def _groups(rules: Rules, counted: counting.Counted, inside: Ints) -> Iterator[tuple[Group, Ints]]:
    """Readings of one interval and one choice of levels."""
    since, intervals = counted.readings.at[inside], counted.intervals[inside]
    levels: dict[int, tuple[str, ...]] = {
        at: tuple(rules.settings_at(at).levels) for at in np.unique(since).tolist()
    }
    choices = {its: i for i, its in enumerate(sorted(set(levels.values())))}
    choice = (
        np.zeros(len(inside), np.int64)
        if len(choices) <= 1
        else np.array([choices[levels[at]] for at in since.tolist()], np.int64)
    )
    for its, number in choices.items():
        for interval in np.unique(intervals[choice == number]).tolist():
            kept = tuple(level for level in LEVELS if level in its and is_kept(level, interval))
            yield Group(interval, kept), inside[(choice == number) & (intervals == interval)]


def _add_readings(work: Work, fresh: _Fresh, group: Group, readings: Readings) -> None:
    calendar = work.rules.calendar()
    for level in FIXED_MS:
        if level in group.levels:
            _add_fine(fresh, calendar, level, group, tally_by(readings, calendar.fixed(level, readings.time)))
    hour = np.empty(len(readings.time), np.int64)
    cell = np.empty(len(readings.time), np.int64)
    for here, i, j in _walk(calendar.here, readings.time):
        hour[i:j], cell[i:j] = here.places["hour"].start, here.hour_cell[0]
    if "hour" in group.levels:
        _add_fine(fresh, calendar, "hour", group, tally_by(readings, hour))
    if any(level in group.levels for level in COARSE):
        for start, tally in tally_by(readings, cell).items():
            _add_cell(fresh, start, group, tally)


def _add_fine(fresh: _Fresh, calendar, level: str, group: Group, tallies: Mapping[int, Tally]) -> None:  # noqa: ANN001
    for start, tally in tallies.items():
        window = fresh.fine.get((level, start))
        if window is None:
            window = fresh.fine[level, start] = Window(level, calendar.place(level, start))
        window.add(group, tally, 0)


def _add_cell(fresh: _Fresh, start: int, group: Group, tally: Tally) -> None:
    tallies = fresh.cells.setdefault(start, {})
    tallies.setdefault(group, Tally()).add(tally)


def _add_summary(
    work: Work, fresh: _Fresh, one: counting.CountedSummary, spans: list[tuple[int, int]]
) -> None:
    calendar = work.rules.calendar()
    interval = one.summary.interval_ms
    chosen = work.rules.settings_at(one.at).levels
    group = Group(interval, tuple(its for its in LEVELS[1:] if its in chosen and is_kept(its, interval)))
    for minute in one.summary.minutes:
        if not any(start <= minute.start < end for start, end in spans):
            continue
        figures = {its.metric.key: _summary_figures(its) for its in minute.figures}
        here = calendar.here(minute.start)
        for level in ("1m", "hour"):
            if level in group.levels:
                tally = Tally(minute.received, one.at, one.gone_at, figures)
                _add_fine(fresh, calendar, level, group, {calendar.place(level, minute.start).start: tally})
        if any(level in group.levels for level in COARSE):
            tally = Tally(minute.received, one.at, one.gone_at, figures)
            _add_cell(fresh, here.hour_cell[0], group, tally)


def _summary_figures(its: wire.MinuteFigures) -> Figures:
    if its.count == 0:
        return Figures(its.metric, flagged=its.flagged)
    is_direction = its.metric.kind == "direction"
    vectors = (0, its.sine, its.cosine, 0, 0, 0, 0)
    amounts = (its.sum, 0, 0, its.min, its.min_at, its.max, its.max_at)
    return Figures(
        *(its.metric, its.count, its.flagged, its.suspect),
        *(vectors if is_direction else amounts),
        *(its.first, its.first_at, its.last, its.last_at),
    )


def _cell(
    work: Work, sensor: str, kind: str, span: tuple[int, int], parts: Mapping[str, int], tallies: Tallies
) -> Document:
    window_set = work.rules.window_set
    return {
        "_id": f"{work.device}/{sensor}/{kind}/{span[0]}/{window_set}",
        "o": position(position_after(tallies.values())),
        **{"device": work.device, "sensor": sensor, "set": window_set, "kind": kind},
        **{"start": span[0], "end": span[1], "parts": dict(parts), "rows": tallies_document(tallies)},
    }


def _put_windows(work: Work, sensor: str, windows: Iterable[Window]) -> None:
    """Those that changed, and that retention has not dropped."""
    window_set = work.rules.window_set
    gone = work.rules.expired_before
    documents = [
        window.document(work.device, sensor, window_set)
        for window in windows
        if window.after > work.since and window.place.end > gone.get((sensor, window.level), -(2**62))
    ]
    work.store.put_rollups(documents)
    work.written += len(documents)


def _put_together(work: Work, sensor: str, changed: list[Here]) -> None:
    """The long windows around what changed, and the cells between."""

    def places(level: str) -> dict[tuple[int, int], Place]:
        found = (here.places[level] for here in changed)
        return {(place.start, place.end): place for place in found}

    def windows(level: str, children: str) -> None:
        found = (_window(work, sensor, level, children, place) for place in places(level).values())
        _put_windows(work, sensor, [window for window in found if window is not None])

    windows("day", "hour")
    days = {here.day_cell: here for here in changed}
    for span, here in days.items():
        parts = {level: here.places[level].part for level in ("week", "month")}
        _merge_cell(work, sensor, ("hour", "day"), span, parts)
    windows("week", "day")
    windows("month", "day")
    months = {here.month_cell: here for here in changed}
    for span, here in months.items():
        _merge_cell(work, sensor, ("day", "month"), span, {"year": here.places["year"].part})
    windows("year", "month")


def _children(work: Work, sensor: str, kind: str, span: tuple[int, int]) -> list[Document] | None:
    """
    The cells of a stretch of time. None: one is further than we are, written by an attempt of before or by whoever came
    after us; it is for whoever reaches that position to put them together.
    """
    cells = work.store.cells(work.device, sensor, work.rules.window_set, kind, span)
    bound = position(work.end)
    return None if any(cell["o"] > bound for cell in cells) else cells


def _window(work: Work, sensor: str, level: str, kind: str, place: Place) -> Window | None:
    cells = _children(work, sensor, kind, (place.start, place.end))
    if cells is None:
        return None
    window = Window(level, place)
    for cell in cells:
        for group, tally in tallies_of(cell["rows"]).items():
            if level in group.levels:
                window.add(group, tally, cell["parts"][level])
    return window if window.after > 0 else None


def _merge_cell(
    work: Work, sensor: str, kinds: tuple[str, str], span: tuple[int, int], parts: Mapping[str, int]
) -> None:
    cells = _children(work, sensor, kinds[0], span)
    if not cells:
        return
    merged: Tallies = {}
    for cell in cells:
        for group, tally in tallies_of(cell["rows"]).items():
            merged.setdefault(group, Tally()).add(tally)
    work.store.put_cells([_cell(work, sensor, kinds[1], span, parts, merged)])
