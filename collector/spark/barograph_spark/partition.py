"""The records of one partition of the topic: stored first, then all windows that they touch are computed again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bson.datetime_ms import DatetimeMS

from . import columns, counting, wire
from .columns import Ints
from .counting import Raw
from .recompute import Work, recompute, recompute_hours
from .rules import Control, Rules, known_site
from .store import Store
from .windows import FIXED_MS, LEVELS, is_kept, is_rezoned, with_site
from .zones import HOUR_MS, UnknownZone, zone_of

HEADERS_VERSION = "1"
RUNS_AT_ONCE = 2_000
_MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the topic, headers as text."""

    at: int
    device: str
    headers: Mapping[str, str]
    value: bytes


@dataclass(slots=True)
class Effect:
    """What the records came to."""

    records: int = 0
    readings: int = 0
    unreadable: int = 0
    windows: int = 0


@dataclass(slots=True)
class _Decoded:
    """A batch, and the event times of its runs."""

    record: Record
    batch: wire.Batch
    raws: list[Raw] = field(default_factory=list)
    times: dict[str, list[Ints]] = field(default_factory=dict)


def partition_of(device: str, partitions: int) -> int:
    """Which partition a device's records are in: murmur2, as Kafka's own partitioner has it."""
    data = device.encode()
    size, m = len(data), 0x5BD1E995
    h = 0x9747B28C ^ size
    whole = size & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & _MASK
        k = (k ^ k >> 24) * m & _MASK
        h = (h * m & _MASK) ^ k
    for i in range(size - 1, whole - 1, -1):
        h ^= data[i] << 8 * (i - whole)
    if size > whole:
        h = h * m & _MASK
    h = (h ^ h >> 13) * m & _MASK
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions


class PartitionWork:
    """One micro-batch of one partition. Made again from the same records it writes the same."""

    def __init__(self, store: Store, partition: int, partitions: int) -> None:
        self._store = store
        self._partition = partition
        self._partitions = partitions
        self._effect = Effect()
        self._rules: dict[str, Rules] = {}
        self._touched: dict[str, dict[str, list[Ints]]] = {}
        self._since = 0

    def take(self, records: list[Record]) -> Effect:
        """Takes records, in the order of the log."""
        if not records:
            return self._effect
        self._since = records[0].at
        self._effect.records = len(records)
        readable = [record for record in records if self._is_ours(record)]
        self._effect.unreadable = len(records) - len(readable)
        batches = self._store_batches(readable)
        self._load_rules({record.device for record in readable})
        for record in readable:
            if record.headers["kind"] == "batch":
                if record.at in batches:
                    self._take_batch(batches[record.at])
            else:
                self._take_control(record)
        for device in self._touched:
            self._flush(device, records[-1].at + 1)
        return self._effect

    def _is_ours(self, record: Record) -> bool:
        headers = record.headers
        if headers.get("version") != HEADERS_VERSION or "kind" not in headers:
            return False
        until = headers.get("quarantine-after")
        if until is not None and not until.lstrip("-").isdigit():
            return False
        if headers["kind"] == "settings":
            return True
        return record.device != "" and partition_of(record.device, self._partitions) == self._partition

    def _store_batches(self, records: list[Record]) -> dict[int, _Decoded]:
        """Decodes and stores all runs and summaries; what cannot be read is passed over and counted."""
        decoded: list[_Decoded] = []
        for record in records:
            if record.headers["kind"] != "batch":
                continue
            try:
                batch = wire.decode_batch(record.value)
                if batch.device != record.device:
                    raise wire.Malformed("of another device")
                if batch.site:
                    zone_of(batch.site.time_zone)
            except UnknownZone:
                raise
            except wire.Malformed:
                self._effect.unreadable += 1
                continue
            decoded.append(_Decoded(record, batch))
        kept: dict[int, _Decoded] = {}
        for i in range(0, len(decoded), RUNS_AT_ONCE):
            for one in self._with_times(decoded[i : i + RUNS_AT_ONCE]):
                kept[one.record.at] = one
        return kept

    def _with_times(self, decoded: list[_Decoded]) -> list[_Decoded]:
        try:
            self._fill(decoded)
        except wire.Malformed:
            # One of them: which one is found out one by one.
            if len(decoded) == 1:
                self._effect.unreadable += 1
                return []
            return [found for one in decoded for found in self._with_times([one])]
        return decoded

    def _fill(self, decoded: list[_Decoded]) -> None:
        runs = [run for one in decoded for run in one.batch.runs]
        entries = columns.decode(runs)
        ends = np.cumsum([run.count for run in runs]).tolist() if runs else []
        raws: list[Raw] = []
        hours: list[list[int]] = []
        at = begin = 0
        for one in decoded:
            one.raws.clear()
            one.times.clear()
            until = one.record.headers.get("quarantine-after")
            bound = None if until is None else int(until)
            for index, its in enumerate([*one.batch.runs, *one.batch.summaries]):
                if isinstance(its, wire.Run):
                    times = entries.time[begin : ends[at]]
                    begin, at = ends[at], at + 1
                    self._effect.readings += its.count
                else:
                    times = np.array([minute.start for minute in its.minutes], np.int64)
                    self._effect.readings += its.last_seq - its.first_seq + 1
                raws.append(self._raw(one, index, its, times, bound))
                hours.append(np.unique(times // HOUR_MS).tolist())
                one.raws.append(raws[-1])
                one.times.setdefault(its.sensor, []).append(times)
        self._store.put_raws(raws, hours)

    def _raw(
        self, one: _Decoded, index: int, its: wire.Run | wire.Summary, times: Ints, until: int | None
    ) -> Raw:
        is_run = isinstance(its, wire.Run)
        # A summary reaches to the end of its last minute.
        end = int(times.max()) + (0 if is_run else FIXED_MS["1m"] - 1)
        return Raw(
            *(self._partition, one.record.at, index, one.record.device, its.sensor, its.epoch),
            *("run" if is_run else "summary", its.first_seq, its.last_seq, int(times.min()), end),
            *(one.batch.clock, until, its.body),
        )

    def _load_rules(self, devices: set[str]) -> None:
        self._rules = {device: Rules() for device in devices if device}
        for control in self._store.controls(self._partition, ["", *self._rules], self._since):
            self._tell(control)

    def _tell(self, control: Control) -> None:
        for device, rules in self._rules.items():
            if control.device in ("", device):
                rules.take(control)

    def _take_batch(self, one: _Decoded) -> None:
        device = one.record.device
        if one.batch.site:
            self._take_site(one)
        touched = self._touched.setdefault(device, {})
        for sensor, times in one.times.items():
            touched.setdefault(sensor, []).extend(times)

    def _take_site(self, one: _Decoded) -> None:
        device, at = one.record.device, one.record.at
        rules = self._rules[device]
        plain = Control(self._partition, at, device, "site", one.batch.site_body, {})
        sites = with_site(rules.sites, known_site(plain, rules.sealed_until))
        if sites is rules.sites:
            return
        newest = self._store.newest_time(device, at)
        rezones = newest is not None and is_rezoned(rules.sites, sites, rules.default_time_zone, newest)
        control = Control(self._partition, at, device, "site", one.batch.site_body, {"rezones": rezones})
        self._keep(control)
        if rezones:
            self._rebuild(device, at)

    def _keep(self, control: Control) -> None:
        self._store.put_control(control)
        self._tell(control)

    def _take_control(self, record: Record) -> None:
        kind = record.headers["kind"]
        try:
            if kind == "settings":
                wire.decode_settings(record.value)
                self._keep(Control(self._partition, record.at, "", kind, record.value, {}))
            elif kind == "release":
                self._take_release(record)
            elif kind == "expire":
                self._take_expire(record)
        except wire.Malformed:
            self._effect.unreadable += 1

    def _take_release(self, record: Record) -> None:
        _, ranges = wire.decode_release(record.value)
        self._keep(Control(self._partition, record.at, record.device, "release", record.value, {}))
        for one in ranges:
            self._touch(record, one, lambda counted, at: counted.readings.at == at)

    def _take_expire(self, record: Record) -> None:
        expire = wire.decode_expire(record.value)
        plain = Control(self._partition, record.at, record.device, "expire", record.value, {})
        rules = self._rules[record.device]
        ranges = rules.valid_ranges(record.at, expire)
        rules.take(plain)
        sealed: dict[str, int] = {}
        for one in ranges:
            counted = self._touch(record, one, lambda counted, at: counted.readings.gone_at == at)
            for level, end in self._sealed(rules, counted, record.at).items():
                sealed[level] = max(end, sealed.get(level, end))
        for level, end in sealed.items():
            rules.sealed_until[level] = max(end, rules.sealed_until.get(level, end))
        self._store.put_control(
            Control(self._partition, record.at, record.device, "expire", record.value, {"sealed": sealed})
        )
        for sensor, level, before in expire.levels:
            self._store.drop_level(record.device, sensor, level, DatetimeMS(before))

    def _touch(self, record: Record, one: wire.Range, chosen: Any) -> counting.Counted:
        """Notes the times of readings that a record of an operator or of retention concerns."""
        raws = self._store.raws_of(record.device, one.sensor, one.epoch, (one.first, one.last), record.at)
        counted = counting.count(raws, self._rules[record.device])
        touched = self._touched.setdefault(record.device, {}).setdefault(one.sensor, [])
        touched.append(counted.readings.time[chosen(counted, record.at)])
        for summary in counted.summaries:
            if summary.gone_at == record.at:
                touched.append(np.array([minute.start for minute in summary.summary.minutes], np.int64))
        return counted

    def _sealed(self, rules: Rules, counted: counting.Counted, at: int) -> dict[str, int]:
        """By level: the largest end of a window of which something expired."""
        calendar = rules.calendar()
        sealed: dict[str, int] = {}

        def note(time: int, interval_ms: int, since: int, shortest: int) -> None:
            kept = rules.settings_at(since).levels
            for level in LEVELS[shortest:]:
                if level in kept and is_kept(level, interval_ms):
                    end = calendar.place(level, time).end
                    sealed[level] = max(end, sealed.get(level, end))

        is_gone = counted.readings.gone_at == at
        readings = counted.readings
        for time, interval, since in zip(
            readings.time[is_gone].tolist(), counted.intervals[is_gone].tolist(), readings.at[is_gone].tolist()
        ):
            note(time, interval, since, 0)
        for one in counted.summaries:
            if one.gone_at == at:
                for minute in one.summary.minutes:
                    note(minute.start, one.summary.interval_ms, one.at, 1)
        return sealed

    def _flush(self, device: str, end: int) -> None:
        touched = self._touched[device]
        work = Work(self._store, device, self._rules[device], end, self._since)
        for sensor, times in touched.items():
            if sum(len(one) for one in times):
                recompute(work, sensor, np.concatenate(times))
        self._effect.windows += work.written
        self._touched[device] = {}

    def _rebuild(self, device: str, at: int) -> None:
        """Other windows from here on: all of the device's, in a set of their own that then takes the place of the other."""
        hours: dict[str, set[int]] = {}
        for sensor, its in self._store.hours_of(device, at):
            hours.setdefault(sensor, set()).update(its)
        work = Work(self._store, device, self._rules[device], at, -1)
        for sensor, its in hours.items():
            recompute_hours(work, sensor, its)
        self._effect.windows += work.written
        self._touched[device] = {}
        self._store.swap(self._partition, device, self._rules[device].window_set, at + 1)


def records_of(rows: Iterable[Any]) -> list[Record]:
    """Rows of Spark's Kafka source, with headers, in the order of the log."""
    found = []
    for row in rows:
        headers = {one["key"]: (one["value"] or b"").decode("utf-8", "replace") for one in row["headers"] or []}
        device = (row["key"] or b"").decode("utf-8", "replace")
        found.append(Record(row["offset"], device, headers, row["value"] or b""))
    return sorted(found, key=lambda record: record.at)

