"""Numbers out of runs, with numpy: all columns of many runs in one pass."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .catalogue import Metric
from .wire import EARLIEST_MS, LATEST_MS, VALUE_LIMIT, Malformed, Run

Ints = NDArray[np.int64]
NO_BYTES = b""


@dataclass(slots=True)
class Values:
    """One metric by entry: thousandths, whether the entry has a value, and its flag."""

    metric: Metric
    values: Ints
    given: NDArray[np.bool_]
    flags: NDArray[np.uint8]


@dataclass(slots=True)
class Entries:
    """The entries of many runs, one after the other."""

    run: Ints
    """By entry: which run it is of."""
    seq: Ints
    time: Ints
    is_mark: NDArray[np.bool_]
    columns: dict[str, Values] = field(default_factory=dict)


def varints(pieces: list[bytes], counts: Ints) -> Ints:
    """The zigzag varints of all pieces, of which each holds exactly so many."""
    data = np.frombuffer(NO_BYTES.join(pieces), np.uint8)
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    ends = np.flatnonzero(data < 128)
    total = int(counts.sum())
    if len(ends) != total or (len(data) and data[-1] > 127):
        raise Malformed("packed numbers: too few or too many")
    if total == 0:
        return np.zeros(0, np.int64)
    # Each piece must end where its last number ends.
    last = np.cumsum(counts)
    bounds = np.cumsum(lengths)
    if np.any(np.where(last > 0, ends[last - 1] + 1, 0) != bounds):
        raise Malformed("packed numbers: too few or too many")
    starts = np.concatenate(([0], ends[:-1] + 1))
    sizes = ends - starts + 1
    if sizes.max() > 8:
        raise Malformed("packed numbers: one is beyond 2^53")
    if len(data) == total:
        wide = data.astype(np.uint64)
    else:
        place = np.arange(len(data)) - np.repeat(starts, sizes)
        wide = np.add.reduceat((data & 127).astype(np.uint64) << (7 * place).astype(np.uint64), starts)
    if wide.max() > 2**53 - 1:
        raise Malformed("packed numbers: one is beyond 2^53")
    signed = (wide >> np.uint64(1)).astype(np.int64)
    return signed ^ -(wide & np.uint64(1)).astype(np.int64)


def running_sums(steps: Ints, counts: Ints) -> Ints:
    """Sums of the steps so far, beginning anew with each piece. What wraps around in between comes back exactly."""
    sums = np.cumsum(steps)
    filled = counts[counts > 0]
    begins = np.cumsum(filled) - filled
    return sums - np.repeat(sums[begins] - steps[begins], filled)


def decode(runs: list[Run]) -> Entries:
    """The entries of these runs. Throws Malformed where the collector's decoder would refuse one of them."""
    counts = np.array([run.count for run in runs], np.int64)
    ends = np.cumsum(counts)
    begins = ends - counts
    total = int(ends[-1]) if len(runs) else 0
    index = np.repeat(np.arange(len(runs)), counts)
    first = np.array([run.first_seq for run in runs], np.int64)
    seq = np.arange(total) - np.repeat(begins - first, counts)
    is_mark = np.zeros(total, np.bool_)
    for run, begin in zip(runs, begins.tolist()):
        if run.marks:
            is_mark[begin + np.array(run.marks)] = True
    entries = Entries(index, seq, _times(runs, counts, begins, total), is_mark)
    _fill_columns(entries, runs, begins.tolist(), total)
    return entries


def _times(runs: list[Run], counts: Ints, begins: Ints, total: int) -> Ints:
    steps = np.repeat(np.array([run.interval_ms for run in runs], np.int64), counts)
    steps[begins] = 0
    uneven = [i for i, run in enumerate(runs) if run.time_steps]
    if uneven:
        found = varints([runs[i].time_steps for i in uneven], counts[uneven] - 1)
        is_uneven = np.zeros(len(runs), np.bool_)
        is_uneven[uneven] = True
        takes = np.repeat(is_uneven, counts)
        takes[begins] = False
        steps[takes] += found
    first = np.array([run.first_time for run in runs], np.int64)
    times = running_sums(steps, counts) + np.repeat(first, counts)
    if total and (times.min() < EARLIEST_MS or times.max() > LATEST_MS):
        raise Malformed("a time is not within the years 1 to 9999")
    return times


def _fill_columns(entries: Entries, runs: list[Run], begins: list[int], total: int) -> None:
    pieces: list[bytes] = []
    places: list[Ints] = []
    factors: list[int] = []
    owners: list[Values] = []
    for run, begin in zip(runs, begins):
        for column in run.columns:
            its = entries.columns.get(column.metric.key)
            if its is None:
                its = Values(
                    column.metric, np.zeros(total, np.int64), np.zeros(total, np.bool_), np.zeros(total, np.uint8)
                )
                entries.columns[column.metric.key] = its
            pieces.append(column.steps)
            places.append(begin + _present(column.present, run))
            factors.append(10**column.scale)
            owners.append(its)
            _fill_flags(its.flags, column.flags, begin, run.count)
    if not pieces:
        return
    counts = np.array([len(place) for place in places], np.int64)
    steps = varints(pieces, counts)
    factor = np.repeat(np.array(factors, np.int64), counts)
    # Below 2^53 and a scale of at most 10^6: a sum that wraps around is refused before it is believed.
    if len(steps) and np.abs(steps).max() > 2**42:
        raise Malformed("a value is not below 2^40 thousandths")
    sums = running_sums(steps, counts)
    if len(sums) and (np.abs(sums) * 1.0 * factor).max() >= VALUE_LIMIT:
        raise Malformed("a value is not below 2^40 thousandths")
    sums *= factor
    at = 0
    for its, place in zip(owners, places):
        its.values[place] = sums[at : at + len(place)]
        its.given[place] = True
        at += len(place)


def _present(bitmap: bytes, run: Run) -> Ints:
    """Which entries of a run have a value: all readings, or those of the bitmap."""
    if not bitmap:
        if not run.marks:
            return np.arange(run.count)
        is_reading = np.ones(run.count, np.bool_)
        is_reading[run.marks] = False
        return np.flatnonzero(is_reading)
    if len(bitmap) != (run.count + 7) // 8:
        raise Malformed("a bitmap of another length")
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")[: run.count]
    if run.marks and bits[run.marks].any():
        raise Malformed("a fault, start or stop with a value")
    return np.flatnonzero(bits)


def _fill_flags(
    into: NDArray[np.uint8], flags: tuple[tuple[int, int, int], ...], begin: int, count: int
) -> None:
    reached = 0
    for first, length, flag in flags:
        if first < reached or length < 1 or first + length > count or not 1 <= flag <= 255:
            raise Malformed("a flag on entries that are not there")
        into[begin + first : begin + first + length] = flag
        reached = first + length
