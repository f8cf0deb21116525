"""Which entries count, and since which record: of an identity that came several times the first, once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import columns, wire
from .columns import Ints
from .figures import NEVER
from .rules import Ranged, Rules
from .tallying import Readings


@dataclass(frozen=True, slots=True)
class Raw:
    """A run or a summary as it was stored, unique on the place where the log has it."""

    partition: int
    at: int
    index: int
    device: str
    sensor: str
    epoch: str
    kind: str
    first: int
    last: int
    start: int
    """Smallest and largest event time."""
    end: int
    clock: str
    until: int | None
    """Later event times were quarantined by the bridge."""
    body: bytes


@dataclass(slots=True)
class CountedSummary:
    """Thinned readings that count."""

    summary: wire.Summary
    at: int
    gone_at: int


@dataclass(slots=True)
class Counted:
    """What counts, in the order of time, with the interval of each reading."""

    readings: Readings
    intervals: Ints
    summaries: list[CountedSummary]


def count(raws: Sequence[Raw], rules: Rules) -> Counted:
    """What counts of these records of one sensor, and of no others: all copies of a number must be among them."""
    runs = sorted((raw for raw in raws if raw.kind == "run"), key=lambda raw: (raw.at, raw.index))
    summaries = sorted((raw for raw in raws if raw.kind == "summary"), key=lambda raw: (raw.at, raw.index))
    epochs = {epoch: i for i, epoch in enumerate(sorted({raw.epoch for raw in raws}))}
    entries = columns.decode([wire.decode_run(raw.body) for raw in runs])
    epoch = _by_entry([epochs[raw.epoch] for raw in runs], entries.run)
    at = _by_entry([raw.at for raw in runs], entries.run)
    arrived = _first_copies(epoch, entries.seq, at)
    if runs:
        sensor = runs[0].sensor
        for name, code in epochs.items():
            for one in rules.expiries.get((sensor, name), []):
                arrived &= ~(_within(one, code, epoch, entries.seq) & (at > one.at))
    found = _accept_summaries(summaries, rules, (epochs, epoch, entries.seq, at, arrived))
    counts, since = _since(runs, entries, at, (epochs, epoch), rules)
    counts &= arrived & ~entries.is_mark
    gone_at = _gone(since, entries.seq, (epochs, epoch), rules, runs[0].sensor if runs else "")
    order = np.flatnonzero(counts)
    order = order[np.argsort(entries.time[order], kind="stable")]
    readings = Readings(entries.time, since, gone_at, list(entries.columns.values())).taken(order)
    intervals = _by_entry([wire.decode_run(raw.body).interval_ms for raw in runs], entries.run)[order]
    return Counted(readings, intervals, found)


def _by_entry(values: list[int], run: Ints) -> Ints:
    return np.array(values, np.int64)[run]


def _first_copies(epoch: Ints, seq: Ints, at: Ints) -> NDArray[np.bool_]:
    order = np.lexsort((at, seq, epoch))
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (epoch[order][1:] != epoch[order][:-1]) | (seq[order][1:] != seq[order][:-1])
    arrived = np.zeros(len(order), np.bool_)
    arrived[order[is_first]] = True
    return arrived


def _within(one: Ranged, code: int, epoch: Ints, seq: Ints) -> NDArray[np.bool_]:
    return (epoch == code) & (seq >= one.first) & (seq <= one.last)


def _accept_summaries(
    summaries: list[Raw],
    rules: Rules,
    arrivals: tuple[dict[str, int], Ints, Ints, Ints, NDArray[np.bool_]],
) -> list[CountedSummary]:
    """A summary counts whole, or not at all when one of its numbers was there before it. Later copies are repeats."""
    epochs, epoch, seq, at, arrived = arrivals
    accepted: list[CountedSummary] = []
    for raw in summaries:
        summary = wire.decode_summary(raw.body)
        its = Ranged(raw.at, raw.first, raw.last)
        bound = None if raw.clock == "historical" else raw.until
        is_late = bound is not None and any(minute.start > bound for minute in summary.minutes)
        inside = _within(its, epochs[raw.epoch], epoch, seq)
        expiries = rules.expiries.get((raw.sensor, raw.epoch), [])
        hit = [one for one in expiries if one.first <= raw.last and one.last >= raw.first]
        is_taken = any(
            one.summary.epoch == raw.epoch
            and one.summary.first_seq <= raw.last
            and one.summary.last_seq >= raw.first
            for one in accepted
        )
        if (
            raw.clock == "uncertain"
            or is_late
            or is_taken
            or (inside & arrived & (at < raw.at)).any()
            or any(one.at < raw.at for one in hit)
        ):
            continue
        arrived &= ~inside
        accepted.append(CountedSummary(summary, raw.at, min((one.at for one in hit), default=NEVER)))
    return accepted


def _since(
    runs: list[Raw],
    entries: columns.Entries,
    at: Ints,
    epochs: tuple[dict[str, int], Ints],
    rules: Rules,
) -> tuple[NDArray[np.bool_], Ints]:
    """Which entries are not in quarantine any more, and the record that made them count."""
    bound = [
        -NEVER
        if raw.clock == "uncertain"
        else NEVER
        if raw.until is None or raw.clock == "historical"
        else raw.until
        for raw in runs
    ]
    waits = entries.time > _by_entry(bound, entries.run)
    since = at.copy()
    if not waits.any():
        return ~waits, since
    codes, epoch = epochs
    for name, code in codes.items():
        key = (runs[0].sensor, name)
        for release in rules.releases.get(key, []):
            released = waits & _within(release, code, epoch, entries.seq) & (at < release.at)
            for expiry in rules.expiries.get(key, []):
                if expiry.at < release.at:
                    released &= ~_within(expiry, code, epoch, entries.seq)
            since[released] = release.at
            waits &= ~released
    return ~waits, since


def _gone(since: Ints, seq: Ints, epochs: tuple[dict[str, int], Ints], rules: Rules, sensor: str) -> Ints:
    gone_at = np.full(len(since), NEVER, np.int64)
    codes, epoch = epochs
    for name, code in codes.items():
        for one in rules.expiries.get((sensor, name), []):
            taken = _within(one, code, epoch, seq) & (since < one.at) & (gone_at == NEVER)
            gone_at[taken] = one.at
    return gone_at
