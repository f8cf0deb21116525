"""Readings of one group into tallies, with numpy: a window is a stretch of the readings in the order of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .angle import cosine_of, sine_of
from .columns import Ints, Values
from .figures import Figures, Tally

INVALID = 128
_LATEST = np.iinfo(np.int64).max


@dataclass(slots=True)
class Readings:
    """Readings that count, in the order of time."""

    time: Ints
    at: Ints
    """The record that made each of them count."""
    gone_at: Ints
    """The expiry that took it; NEVER: none did."""
    columns: list[Values]

    def taken(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Readings":
        """Some of them."""
        columns = [
            Values(its.metric, its.values[chosen], its.given[chosen], its.flags[chosen]) for its in self.columns
        ]
        return Readings(self.time[chosen], self.at[chosen], self.gone_at[chosen], columns)


def tally_by(readings: Readings, labels: Ints) -> dict[int, Tally]:
    """By label, which ascends with time: what the readings under it come to."""
    if len(labels) == 0:
        return {}
    begins = _begins(labels)
    names = labels[begins].tolist()
    received = np.diff(np.append(begins, len(labels))).tolist()
    newest = np.maximum.reduceat(readings.at, begins).tolist()
    gone = np.minimum.reduceat(readings.gone_at, begins).tolist()
    tallies = {name: Tally(*its) for name, *its in zip(names, received, newest, gone)}
    for column in readings.columns:
        for name, figures in _figures(column, readings.time, labels):
            its = tallies[name].figures.get(column.metric.key)
            if its is None:
                tallies[name].figures[column.metric.key] = figures
            else:
                its.add(figures)
    return tallies


def _begins(labels: Ints) -> NDArray[np.intp]:
    return np.concatenate(([0], np.flatnonzero(labels[1:] != labels[:-1]) + 1))


def _figures(column: Values, times: Ints, labels: Ints) -> list[tuple[int, Figures]]:
    is_flagged = column.given & (column.flags >= INVALID)
    found: list[tuple[int, Figures]] = []
    if is_flagged.any():
        its = labels[is_flagged]
        begins = _begins(its)
        counts = np.diff(np.append(begins, len(its)))
        found += [
            (name, Figures(column.metric, flagged=count))
            for name, count in zip(its[begins].tolist(), counts.tolist())
        ]
    counts = column.given & (column.flags < INVALID)
    if counts.any():
        found += _counted(column, counts, times, labels)
    return found


def _counted(
    column: Values, counts: NDArray[np.bool_], times: Ints, labels: Ints
) -> list[tuple[int, Figures]]:
    values, time, label = column.values[counts], times[counts], labels[counts]
    flags = column.flags[counts]
    # By time and, where that is equal, by value: what is first and last follows.
    order = np.lexsort((values, time))
    values, time, flags = values[order], time[order], flags[order]
    begins = _begins(label)
    ends = np.append(begins[1:], len(label)) - 1
    sizes = ends - begins + 1
    nothing = np.zeros(len(begins), np.int64)
    if column.metric.kind == "direction":
        sums = low = low_at = high = high_at = nothing
        sine = np.add.reduceat(sine_of(values), begins)
        cosine = np.add.reduceat(cosine_of(values), begins)
    else:
        # Below 2^40, and less than 2^23 of them: the sum of an hour fits.
        sums = np.add.reduceat(values, begins)
        sine = cosine = nothing
        low, high = np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
        low_at = np.minimum.reduceat(np.where(values == np.repeat(low, sizes), time, _LATEST), begins)
        high_at = np.minimum.reduceat(np.where(values == np.repeat(high, sizes), time, _LATEST), begins)
    suspect = np.add.reduceat((flags > 0).astype(np.int64), begins)
    rows = np.stack(
        [
            *(sizes, nothing, suspect, sums, sine, cosine),
            *(low, low_at, high, high_at),
            *(values[begins], time[begins], values[ends], time[ends]),
        ]
    )
    return [
        (name, Figures(column.metric, *row))
        for name, row in zip(label[begins].tolist(), rows.T.tolist())
    ]
