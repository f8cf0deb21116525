"""
The wire format (proto/barograph.proto) without generated code. A message's skeleton is read field by field; columns stay
bytes, which numpy turns into numbers later, many at a time (columns.py).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .catalogue import BY_NUMBER, Metric, custom_metric

VERSION = 1
CLOCKS = ("synced", "uncertain", "historical")
ENTRIES_PER_BATCH = 8_192
BATCH_BYTES = 262_144
SEQUENCE_LIMIT = 2**48
VALUE_LIMIT = 2**40
EARLIEST_MS = -62_135_596_800_000
LATEST_MS = 253_402_300_799_999
MINUTE_MS = 60_000
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Malformed(ValueError):
    """Bytes that are no message of ours; the collector's decoder refuses them, too."""


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field: varints and fixed numbers as unsigned integers, everything else as bytes."""
    at, end = 0, len(data)
    try:
        while at < end:
            tag, at = _varint(data, at)
            number, form = tag >> 3, tag & 7
            if form == 0:
                value, at = _varint(data, at)
                yield number, value
            elif form == 2:
                length, at = _varint(data, at)
                if at + length > end:
                    raise Malformed("a field is cut off")
                yield number, data[at : at + length]
                at += length
            elif form in (1, 5):
                length = 8 if form == 1 else 4
                if at + length > end:
                    raise Malformed("a field is cut off")
                yield number, data[at : at + length]
                at += length
            else:
                raise Malformed(f"wire type {form}")
    except IndexError as cut:
        raise Malformed("a number is cut off") from cut


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    at += 1
    if byte < 128:
        return byte, at
    value, shift = byte & 127, 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise Malformed("a number is too long")


def unzigzag(value: int) -> int:
    """A signed number from its zigzag form."""
    return (value >> 1) ^ -(value & 1)


def packed(data: int | bytes) -> list[int]:
    """Unsigned numbers of a repeated field, packed or one alone."""
    if isinstance(data, int):
        return [data]
    numbers, at = [], 0
    try:
        while at < len(data):
            value, at = _varint(data, at)
            numbers.append(value)
    except IndexError as cut:
        raise Malformed("a number is cut off") from cut
    return numbers


@dataclass(slots=True)
class Column:
    """One metric of a run, undecoded."""

    metric: Metric
    present: bytes = b""
    scale: int = 0
    steps: bytes = b""
    flags: tuple[tuple[int, int, int], ...] = ()


@dataclass(slots=True)
class Run:
    """Consecutive entries of one sensor in one epoch, columns undecoded."""

    sensor: str
    epoch: str
    interval_ms: int
    first_seq: int
    count: int
    first_time: int
    time_steps: bytes
    columns: list[Column]
    marks: list[int]
    body: bytes

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.count - 1


@dataclass(slots=True)
class MinuteFigures:
    """What a thinned minute says of one metric; times are ms since 1970."""

    metric: Metric
    count: int
    flagged: int
    suspect: int
    sum: int
    sine: int
    cosine: int
    min: int
    min_at: int
    max: int
    max_at: int
    first: int
    first_at: int
    last: int
    last_at: int


@dataclass(slots=True)
class Minute:
    """A minute of thinned readings."""

    start: int
    received: int
    figures: list[MinuteFigures]


@dataclass(slots=True)
class Summary:
    """Whole minutes that a device thinned before it sent anything of them."""

    sensor: str
    epoch: str
    first_seq: int
    last_seq: int
    interval_ms: int
    minutes: list[Minute]
    body: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """Where a device stands, as far as windows depend on it, and what tells two versions apart."""

    version: int
    name: str
    latitude: float
    longitude: float
    altitude_m: float
    time_zone: str
    valid_from: int


@dataclass(slots=True)
class Batch:
    """What matters to windows of one message of a device."""

    device: str
    clock: str
    runs: list[Run]
    summaries: list[Summary]
    site: Site | None
    site_body: bytes


def decode_batch(data: bytes) -> Batch:
    """The batch in these bytes. Throws Malformed; columns are checked when they are decoded."""
    if len(data) > BATCH_BYTES:
        raise Malformed("too large")
    version, device, clock, site_body = 0, "", 0, b""
    runs: list[Run] = []
    summaries: list[Summary] = []
    for number, value in fields(data):
        if number == 1:
            version = _int(value)
        elif number == 2:
            device = _text(value)
        elif number == 4:
            clock = _int(value)
        elif number == 6:
            runs.append(decode_run(_bytes(value)))
        elif number == 9:
            summaries.append(decode_summary(_bytes(value)))
        elif number == 10:
            site_body = _bytes(value)
    if version != VERSION or clock >= len(CLOCKS):
        raise Malformed(f"version {version}, clock {clock}")
    if sum(run.count for run in runs) > ENTRIES_PER_BATCH:
        raise Malformed("too many entries")
    _refuse_overlaps(runs, summaries)
    site = decode_site(site_body) if site_body else None
    return Batch(_id(device), CLOCKS[clock], runs, summaries, site, site_body)


def decode_run(data: bytes) -> Run:
    """The skeleton of a run."""
    sensor, epoch, interval, first_seq, count, first_time, steps = "", b"", 0, 0, 0, 0, b""
    columns: list[Column] = []
    marks: list[int] = []
    for number, value in fields(data):
        if number == 1:
            sensor = _text(value)
        elif number == 2:
            epoch = _bytes(value)
        elif number == 3:
            interval = _int(value)
        elif number == 4:
            first_seq = _int(value)
        elif number == 5:
            count = _int(value)
        elif number == 6:
            first_time = unzigzag(_int(value))
        elif number == 7:
            steps = _bytes(value)
        elif number == 8:
            columns.append(_column(_bytes(value)))
        elif number == 9:
            marks.append(_mark(_bytes(value)))
    if count < 1 or count > ENTRIES_PER_BATCH or len(columns) > 64 or interval > 2**31 - 1:
        raise Malformed("a run out of bounds")
    if first_seq < 1 or first_seq + count - 1 >= SEQUENCE_LIMIT:
        raise Malformed(f"number {first_seq}")
    if any(b <= a for a, b in zip(marks, marks[1:])) or (marks and marks[-1] >= count):
        raise Malformed("marks out of order")
    if len({column.metric.key.split("|")[0] for column in columns}) < len(columns):
        raise Malformed("a metric occurs twice in a run")
    return Run(
        _id(sensor), _epoch(epoch), interval, first_seq, count, first_time, steps, columns, marks, data
    )


def _column(data: bytes) -> Column:
    metric, custom, present, scale, steps = 0, b"", b"", 0, b""
    flags: list[tuple[int, int, int]] = []
    for number, value in fields(data):
        if number == 1:
            metric = _int(value)
        elif number == 2:
            custom = _bytes(value)
        elif number == 3:
            present = _bytes(value)
        elif number == 4:
            scale = _int(value)
        elif number == 5:
            steps = _bytes(value)
        elif number == 6:
            flags.append(_flagged(_bytes(value)))
    if scale > 6:
        raise Malformed(f"a scale of {scale}")
    return Column(_metric(metric, custom), present, scale, steps, tuple(flags))


def _flagged(data: bytes) -> tuple[int, int, int]:
    found = {number: _int(value) for number, value in fields(data) if number <= 3}
    return found.get(1, 0), found.get(2, 0), found.get(3, 0)


def _mark(data: bytes) -> int:
    found = {number: value for number, value in fields(data) if number <= 2}
    if _int(found.get(2, 0)) not in (1, 2, 3):
        raise Malformed("a mark of no kind")
    return _int(found.get(1, 0))


def _metric(number: int, custom: bytes) -> Metric:
    if number:
        known = BY_NUMBER.get(number)
    else:
        name, unit, kind = "", "", 0
        for field, value in fields(custom):
            if field == 1:
                name = _text(value)
            elif field == 2:
                unit = _text(value)
            elif field == 3:
                kind = _int(value)
        known = custom_metric(name, unit, kind)
    if known is None:
        raise Malformed(f"metric {number}")
    return known


def decode_summary(data: bytes) -> Summary:
    """A summary with all its minutes."""
    sensor, epoch, first, last, interval = "", b"", 0, 0, 0
    minutes: list[Minute] = []
    for number, value in fields(data):
        if number == 1:
            sensor = _text(value)
        elif number == 2:
            epoch = _bytes(value)
        elif number == 3:
            first = _int(value)
        elif number == 4:
            last = _int(value)
        elif number == 5:
            interval = _int(value)
        elif number == 6:
            minutes.append(_minute(_bytes(value)))
    received = sum(minute.received for minute in minutes)
    ascend = all(a.start < b.start for a, b in zip(minutes, minutes[1:]))
    if first < 1 or received != last - first + 1 or not ascend or interval > 2**31 - 1:
        raise Malformed("a summary that contradicts itself")
    return Summary(_id(sensor), _epoch(epoch), first, last, interval, minutes, data)


def _minute(data: bytes) -> Minute:
    start, received = 0, 0
    bodies: list[bytes] = []
    for number, value in fields(data):
        if number == 1:
            start = unzigzag(_int(value))
        elif number == 2:
            received = _int(value)
        elif number == 3:
            bodies.append(_bytes(value))
    if start % MINUTE_MS or not EARLIEST_MS <= start <= LATEST_MS or received < 1:
        raise Malformed("no minute")
    return Minute(start, received, [_minute_figures(body, start) for body in bodies])


def _minute_figures(data: bytes, start: int) -> MinuteFigures:
    found: dict[int, int | bytes] = dict(fields(data))
    custom = found.pop(2, b"")
    plain = {number: _int(value) for number, value in found.items() if number <= 16}

    def signed(number: int) -> int:
        return unzigzag(plain.get(number, 0))

    def moment(number: int) -> int:
        return start + plain.get(number, 0)

    return MinuteFigures(
        _metric(plain.get(1, 0), _bytes(custom)),
        *(plain.get(number, 0) for number in (3, 4, 5)),
        *(signed(number) for number in (6, 7, 8)),
        *(signed(9), moment(10), signed(11), moment(12), signed(13), moment(14), signed(15), moment(16)),
    )


def decode_site(data: bytes) -> Site:
    """Where a device stands from a time on."""
    found = dict(fields(data))

    def real(number: int) -> float:
        value = found.get(number, b"\0" * 8)
        if not isinstance(value, bytes) or len(value) != 8:
            raise Malformed("a site without its place")
        return struct.unpack("<d", value)[0]

    site = Site(
        _int(found.get(1, 0)),
        _text(found.get(2, b"")),
        *(real(number) for number in (3, 4, 5)),
        _text(found.get(6, b"")),
        unzigzag(_int(found.get(7, 0))),
    )
    if site.version < 1 or not EARLIEST_MS <= site.valid_from <= LATEST_MS:
        raise Malformed("a site out of bounds")
    return site


@dataclass(slots=True)
class Settings:
    """What windows depend on beside readings and sites."""

    time_zone: str
    levels: list[str]


def decode_settings(data: bytes) -> Settings:
    """A record of kind `settings`."""
    settings = Settings("", [])
    for number, value in fields(data):
        if number == 2:
            settings.time_zone = _text(value)
        elif number == 3:
            settings.levels.append(_text(value))
    return settings


@dataclass(slots=True)
class Range:
    """Numbers of one epoch."""

    sensor: str
    epoch: str
    first: int
    last: int


def decode_release(data: bytes) -> tuple[str, list[Range]]:
    """Device and numbers of a record of kind `release`."""
    device, ranges = "", []
    for number, value in fields(data):
        if number == 2:
            device = _text(value)
        elif number == 3:
            found = dict(fields(_bytes(value)))
            sensor, epoch = _text(found.get(1, b"")), _epoch(_bytes(found.get(2, b"")))
            ranges.append(Range(sensor, epoch, _int(found.get(3, 0)), _int(found.get(4, 0))))
    return _id(device), ranges


@dataclass(slots=True)
class Expire:
    """What retention dropped: raw numbers, windows of a level up to a time, and up to where its writer knew the log."""

    device: str
    raw: list[Range]
    levels: list[tuple[str, str, int]]
    known: tuple[int, int]


def decode_expire(data: bytes) -> Expire:
    """A record of kind `expire`."""
    expire, known = Expire("", [], [], (0, 0)), [0, 0]
    for number, value in fields(data):
        if number == 2:
            expire.device = _text(value)
        elif number == 3:
            expire.raw += _raw_expiry(_bytes(value))
        elif number == 4:
            found = dict(fields(_bytes(value)))
            before = unzigzag(_int(found.get(3, 0)))
            expire.levels.append((_text(found.get(1, b"")), _text(found.get(2, b"")), before))
        elif number in (5, 6):
            known[number - 5] = _int(value)
    expire.known = (known[0], known[1])
    return expire


def _raw_expiry(data: bytes) -> list[Range]:
    sensor, epoch, bounds = "", b"", []
    for number, value in fields(data):
        if number == 1:
            sensor = _text(value)
        elif number == 2:
            epoch = _bytes(value)
        elif number == 3:
            bounds += packed(value)
    its = _epoch(epoch)
    return [Range(sensor, its, first, last) for first, last in zip(bounds[::2], bounds[1::2])]


def _refuse_overlaps(runs: list[Run], summaries: list[Summary]) -> None:
    ranges = sorted((one.sensor, one.epoch, one.first_seq, one.last_seq) for one in [*runs, *summaries])
    for before, here in zip(ranges, ranges[1:]):
        if before[:2] == here[:2] and here[2] <= before[3]:
            raise Malformed("a number occurs twice in a batch")


def _int(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise Malformed("bytes where a number belongs")
    return value


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise Malformed("a number where bytes belong")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode("utf-8", "replace")


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Malformed(f"id {text[:80]!r}")
    return text


def _epoch(data: bytes) -> str:
    if len(data) != 8:
        raise Malformed("an epoch has 8 bytes")
    return data.hex()
