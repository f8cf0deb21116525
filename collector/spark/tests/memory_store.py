"""A store in memory with the promises of the real one, for tests."""

from collections.abc import Iterator, Sequence
from typing import Any

from barograph_spark.counting import Raw
from barograph_spark.documents import Document
from barograph_spark.rules import Control


class MemoryStore:
    """What `barograph_spark.store.Store` does, without a database."""

    def __init__(self) -> None:
        self.raw: dict[tuple[int, int, int], tuple[Raw, list[int]]] = {}
        self.control: dict[tuple[int, int, str], Control] = {}
        self.cell: dict[str, Document] = {}
        self.rollups: dict[str, Document] = {}
        self.sets: dict[str, int] = {}
        self.writes_left: int | None = None

    def _write(self) -> None:
        """Dies at a chosen write, as a process does."""
        if self.writes_left is not None:
            if self.writes_left == 0:
                raise InterruptedError
            self.writes_left -= 1

    def put_raws(self, raws: Sequence[Raw], hours: Sequence[list[int]]) -> None:
        for raw, its in zip(raws, hours):
            self._write()
            self.raw.setdefault((raw.partition, raw.at, raw.index), (raw, its))

    def raws(self, device: str, sensor: str, span: tuple[int, int], hours: list[int], end: int) -> list[Raw]:
        wanted = set(hours)
        return [
            raw
            for raw, its in self.raw.values()
            if (raw.device, raw.sensor) == (device, sensor)
            and raw.at < end
            and raw.start < span[1]
            and raw.end >= span[0]
            and wanted & set(its)
        ]

    def raws_of(
        self, device: str, sensor: str, epoch: str, numbers: tuple[int, int], end: int
    ) -> list[Raw]:
        return [
            raw
            for raw, _ in self.raw.values()
            if (raw.device, raw.sensor, raw.epoch) == (device, sensor, epoch)
            and raw.at < end
            and raw.first <= numbers[1]
            and raw.last >= numbers[0]
        ]

    def newest_time(self, device: str, end: int) -> int | None:
        times = [raw.end for raw, _ in self.raw.values() if raw.device == device and raw.at < end]
        return max(times, default=None)

    def hours_of(self, device: str, end: int) -> Iterator[tuple[str, list[int]]]:
        return iter(
            [(raw.sensor, its) for raw, its in self.raw.values() if raw.device == device and raw.at < end]
        )

    def put_control(self, control: Control) -> None:
        self._write()
        self.control[control.partition, control.at, control.kind] = control

    def controls(self, partition: int, devices: list[str], end: int) -> list[Control]:
        return sorted(
            (
                one
                for one in self.control.values()
                if one.partition == partition and one.device in devices and one.at < end
            ),
            key=lambda one: one.at,
        )

    def cells(
        self, device: str, sensor: str, window_set: int, kind: str, span: tuple[int, int]
    ) -> list[Document]:
        return sorted(
            (
                cell
                for cell in self.cell.values()
                if (cell["device"], cell["sensor"], cell["set"], cell["kind"])
                == (device, sensor, window_set, kind)
                and span[0] <= cell["start"] < span[1]
            ),
            key=lambda cell: cell["start"],
        )

    def _put(self, into: dict[str, Document], documents: list[Document]) -> None:
        for document in documents:
            self._write()
            known = into.get(document["_id"])
            if known is None or known["o"] < document["o"]:
                into[document["_id"]] = document

    def put_cells(self, documents: list[Document]) -> None:
        self._put(self.cell, documents)

    def put_rollups(self, documents: list[Document]) -> None:
        self._put(self.rollups, documents)

    def drop_level(self, device: str, sensor: str, level: str, before: Any) -> None:
        self._write()
        for name, document in list(self.rollups.items()):
            its = (document["device"], document["sensor"], document["level"])
            if its == (device, sensor, level) and int(document["end"]) <= int(before):
                del self.rollups[name]

    def swap(self, partition: int, device: str, window_set: int, at: int) -> None:
        self._write()
        self.sets[device] = max(window_set, self.sets.get(device, 0))
        for shelf in (self.rollups, self.cell):
            for name, document in list(shelf.items()):
                if document["device"] == device and document["set"] < window_set:
                    del shelf[name]
